# shellcheck shell=sh
# Sourced after tests/e2e/e2e.sh by the tests of what real programs' blocks are.
#
#   program_of PACKAGE     built with debug information: $PROGRAM; or all is
#                          skipped
#   types_of               what types says of $PID: $T/types
#   types_of_bare          the same without the debug information of libraries
#   at_least SHARE WHAT    so much has a type or a certain owner
#   says_no_types SHARE    of a stripped program, asked for without the debug
#                          information of libraries: nothing has a type, and so
#                          much is alike, owned or named by its contents
#   count_of FILTER        chunks of the rows that a filter of jq's takes
program_of() {
	why=$(sh "$top_srcdir/tests/e2e/source.sh" "$top_builddir/e2e" "$1") ||
		skip_all "$why"
	# shellcheck disable=SC2034 # used by those who source this
	PROGRAM=$top_builddir/e2e/$1/program
}
ask_types() { # OPTIONS
	hs "$@" --json --limit 0 types
	is "types ends well" "$status" 0
	[ "$status" = 0 ] || hs_said
	cp "$T/out" "$T/types"
	check "rows and totals add up to all used bytes" jq -e '
		([.rows[].bytes] | add) == .totals.bytes and
		(.totals | .typed_bytes + .owned_bytes + .content_bytes +
			.alike_bytes + .unknown_bytes == .bytes)' "$T/types"
}
types_of() {
	ask_types -p "$PID"
}
types_of_bare() {
	ask_types -p "$PID" --debug-dir "$T"
}
at_least() {
	told=$(jq -r '.totals | "\(.typed_share | round) % typed, \(
		.owned_share | round) % owned, \(.unknown_share | round) % unknown"' \
		"$T/types")
	check "$2: $1 % have a type or an owner ($told)" jq -e \
		".totals | .typed_share + .owned_share >= $1" "$T/types"
	jq -r '.rows[:12][] | "# \(.count) \(.bytes) \(.named_by) \(.type)"' \
		"$T/types"
}
count_of() {
	jq "[.rows[] | select($1) | .count] | add // 0" "$T/types"
}
# Without debug information: nothing has a type, and that is said.
says_no_types() {
	hs -p "$PID" types
	check "stripped: that there is no debug information is said" \
		grep -q 'no debug information' "$T/err" "$T/out"
	is "stripped: nothing is said to have a type" \
		"$(jq .totals.typed_bytes "$T/types")" 0
	check "stripped: that rows are alike, not types, is said" \
		grep -q 'are no types by name' "$T/err"
	told=$(jq -r '.totals | "\(.alike_share | round) % alike, \(
		.owned_share | round) % owned, \(.unknown_share | round) % unknown"' \
		"$T/types")
	check "stripped: of $1 % something is known ($told)" \
		jq -e ".totals.unknown_share <= 100 - $1" "$T/types"
	jq -r '.rows[:12][] | "# \(.count) \(.bytes) \(.named_by) \(.type)"' \
		"$T/types"
}

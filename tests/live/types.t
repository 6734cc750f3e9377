#!/bin/sh
# What chunks are: the classes of a stripped program against what typeid()
# says, of a process and of its core; rows, sets and totals tie.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need_ptrace
need jq gcore c++ strip

c++ -O1 -o "$T/classes" "$top_srcdir/tests/fixtures/classes.cc" 2>"$T/log" ||
	skip_all "c++ makes no programs here"
strip "$T/classes"
FIXTURES=$T
start_fixture classes

wanted=$(sed -n 's/^object [^ ]* //p; s/^holder [^ ]* //p
	s/^held [^ ]* //p; s/^lost //p' "$T/manifest" | sort)
check_all() {
	# shellcheck disable=SC2086
	hs $from --json --limit 0 types
	is "$how: all classes and no others, each counted" \
		"$(jq -r '.rows[] | select(.named_by == "vtable") |
			range(.count) as $i | .type' "$T/out" | sort)" "$wanted"
	check "$how: rows add up to the totals" jq -e '
		([.rows[].bytes] | add) == .totals.bytes and
		([.rows[].count] | add) == .totals.count and
		([.rows[] | select(.named_by != "unknown") | .bytes] | add)
			== (.totals | .typed_bytes + .owned_bytes +
			.content_bytes)' "$T/out"
	is "$how: keys" "$(jq -r '.rows[0] | keys | join(" ")' "$T/out")" \
		"bytes count named_by share type"
	bytes=$(jq .totals.bytes "$T/out")
	unknown=$(jq '.rows[] | select(.type == "unknown") | .count' "$T/out")
	# shellcheck disable=SC2086
	hs $from --json -e "count used" -e "count type=unknown" \
		-e "count used and not type=unknown and not type=text"
	is "$how: they are all used chunks" \
		"$(jq -s '.[0].rows[0].bytes' "$T/out")" "$bytes"
	is "$how: the set of those unknown" \
		"$(jq -s '.[1].rows[0].count' "$T/out")" "$unknown"

	label=$(awk '$3 == "Label" { print $2 }' "$T/manifest")
	# shellcheck disable=SC2086
	hs $from --json -e "chunks type=Label" -e "type $label" \
		-e 'chunks "type=http::Session<long>::Inner"' -e "type 0x10"
	is "$how: type=NAME has its chunks" \
		"$(jq -r -s '.[0].rows[].addr' "$T/out")" "$label"
	is "$how: type ADDR" "$(jq -r -s '.[1].totals | .type, .named_by' \
		"$T/out" | paste -sd ' ')" "Label vtable"
	is "$how: a name with more than letters" \
		"$(jq -r -s '.[2].rows[].addr' "$T/out")" \
		"$(awk '$3 ~ /Inner/ { print $2 }' "$T/manifest")"
	check "$how: no chunk, no type" grep -q "in no chunk" "$T/err"

	# shellcheck disable=SC2086
	hs $from --json -e "leaks --by=type" -e "retained --by=type" \
		-e "count leaked type=Lost" -e leaks
	is "$how: leaks by type" "$(jq -s '[.[0].rows[] |
		select(.type == "Lost") | .count] | add' "$T/out")" \
		"$(grep -c '^lost Lost' "$T/manifest")"
	is "$how: all kinds add up to the same" "$(jq -s -c '[.[0, 3] |
		[.rows | group_by(.kind)[] | map(.bytes) | add]] |
		.[0] == .[1]' "$T/out")" true
	is "$how: what a type retains, each chunk once" "$(jq -s -c '.[1].rows |
		map(select(.type == "Holder" or .type == "Square")) |
		sort_by(.type) | map([.type, .count, .retained_count])' \
		"$T/out")" '[["Holder",1,2],["Square",2,2]]'
	is "$how: the chunks of all types are all used ones" "$(jq -s \
		'[.[1].rows[].bytes] | add' "$T/out")" "$bytes"

	awk '$1 == "none" { print "type " $2 }' "$T/manifest" >"$T/none"
	# shellcheck disable=SC2086
	hs $from --json -x "$T/none"
	is "$how: what only looks like an object has no class" \
		"$(jq -r -s 'map(.totals.named_by) | unique - ["symbol",
			"unknown"] | length' "$T/out")" 0
}
how="live" from="-p $PID"
check_all
gcore_of "$PID" "$T/core"
how="core" from="-c $T/core"
check_all
hs -p "$PID" -e snapshot -e snapshot -e "diff type=Label"
check "of two snapshots they are not known" grep -q "types new" "$T/err"
stop_fixture
done_testing

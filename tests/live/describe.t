#!/bin/sh
# Blocks are named by what they are: C++ objects of a stripped program by their
# classes, of a process and of its core, against what typeid() says.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need_ptrace
need jq gcore c++ strip nm

c++ -O1 -o "$T/classes" "$top_srcdir/tests/fixtures/classes.cc" 2>"$T/log" ||
	skip_all "c++ makes no programs here"
strip "$T/classes"
check "no names are left" test "$(nm "$T/classes" 2>&1 | wc -l)" -le 1
FIXTURES=$T
start_fixture classes

# The questions first, in one run; then an answer for each.
all_are() { # KIND
	grep "^$1 " "$T/manifest" >"$T/wanted"
	set --
	while read -r _ addr _; do
		set -- "$@" -e "chunk $addr"
	done <"$T/wanted"
	# shellcheck disable=SC2086
	hs $from --json "$@"
	jq -r '[.rows[] | select(.section == "the chunk" and
		(.what | startswith("seems to be"))) | .what] |
		if length == 0 then "-" else .[0] end' "$T/out" >"$T/got"
}
types_of() { # KIND
	grep "^$1 " "$T/manifest" >"$T/manifest.$1"
	while read -r _ addr _; do
		jq -r --arg addr "$addr" \
			'.rows[] | select(.addr == $addr) | .type // "-"' \
			"$T/chunks"
	done <"$T/manifest.$1"
}
answer() { # COMMAND [OPTION ...] FILTER
	answer_command=$1
	shift
	jq -c "select(.command | split(\" \")[0] == \"$answer_command\")" \
		"$T/out" | jq -r "$@"
}
address() { # KIND
	awk -v kind="$1" '$1 == kind { print $2 }' "$T/manifest"
}
check_all() {
	holder=$(address holder) held=$(address held)
	all_are object
	is "$how: objects have the class that typeid has" \
		"$(cat "$T/got")" \
		"$(sed 's/^object [^ ]* /seems to be an object of /' \
			"$T/wanted")"
	all_are none
	is "$how: what only looks like one has no class" \
		"$(sort -u "$T/got")" "-"
	# shellcheck disable=SC2086
	hs $from --json refs "$(awk '$1 == "text" { print $2 }' "$T/manifest")"
	# shellcheck disable=SC2016 # it is for jq
	check "$how: a text" jq -e --arg t \
		"$(sed -n 's/^text [^ ]* //p' "$T/manifest")" \
		'.title | contains("(\"" + $t + "\")")' "$T/out"

	label=$(awk '$3 == "Label" { print $2 }' "$T/manifest")
	# shellcheck disable=SC2086
	hs $from --json refs "$label"
	check "$how: it is held by the vector" \
		jq -e '.totals.count > 0' "$T/out"
	# shellcheck disable=SC2086
	hs $from --json path "$(awk '$1 == "part" { print $2 }' "$T/manifest")"
	check "$how: path names the class" \
		jq -e '.rows[-1].name | test("[(]Label[)]$")' "$T/out"
	# shellcheck disable=SC2086
	hs $from --json --limit 0 chunks
	is "$how: lists have it as well" \
		"$(jq -r '.rows[] | select(.addr == "'"$label"'") | .content' \
			"$T/out")" "Label"
	cp "$T/out" "$T/chunks"
	is "$how: and as a type of its own" "$(types_of object)" \
		"$(sed 's/^object [^ ]* //' "$T/manifest.object")"
	is "$how: none where nothing tells" "$(types_of none | sort -u)" "-"
	is "$how: a text is a text" "$(types_of text)" text

	# Every table that names a block.
	# shellcheck disable=SC2086
	hs $from --json -e 'leaks' -e "near $holder" -e "refs $held" \
		-e "points $holder" -e "path $held" -e 'retained' \
		-e "retained $holder"
	is "$how: leaks" "$(answer leaks '[.rows[] | select(.type == "Lost") |
		select(.what == "Lost") | .count] | add')" \
		"$(grep -c '^lost' "$T/manifest")"
	is "$how: near, the chunks themselves and what they hold" \
		"$(answer near '[.rows[] | select(.part == "header" or
			(.part == "points" and .kind == "chunk")) | .type] |
			sort | tojson')" '["Holder","Square"]'
	is "$how: near, by the class rather than its table" "$(answer near \
		'.rows[] | select(.part == "points" and .offset == 0) |
		.what')" "at +0: Holder"
	is "$how: refs" "$(answer refs '.rows[0].type')" Holder
	is "$how: points" "$(answer points '[.rows[].type] | tojson')" \
		'[null,"Square"]'
	is "$how: path" "$(answer path '[.rows[].type] | tojson')" \
		'[null,"Holder","Square"]'
	# shellcheck disable=SC2016 # the variables are jq's
	is "$how: retained" "$(answer retained --arg a "$holder" \
		'.rows[] | select(.addr == $a) | .type, .what' |
		sort -u)" Holder
	# shellcheck disable=SC2016
	is "$how: retained, who holds" "$(answer retained --arg a "$held" \
		'.rows[] | select(.addr == $a) | .holder' | sort -u)" \
		"chunk $holder (Holder)"
}
how="live" from="-p $PID"
check_all
gcore_of "$PID" "$T/core"
how="core" from="-c $T/core"
check_all
stop_fixture
done_testing

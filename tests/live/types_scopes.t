#!/bin/sh
# Classes of one bare name in different namespaces and classes are told apart,
# by their full names, in what is listed and in what is asked.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need_ptrace
need jq c++

for how in "-g" "-gdwarf-4 -fdebug-types-section"; do
	# shellcheck disable=SC2086
	c++ $how -O0 -o "$T/scopes" "$top_srcdir/tests/fixtures/scopes.cc" \
		2>"$T/log" || skip_all "c++ makes no programs here"
	FIXTURES=$T start_fixture scopes
	sed -n 's/^type [^ ]* //p' "$T/manifest" | sort >"$T/names"

	hs -p "$PID" --json --limit 0 types
	jq -r '.rows[] | select(.type | test("Node|Leaf|Inner|Later|Hidden")) |
		"\(.type) \(.count)"' "$T/out" | sort >"$T/got"
	is "$how: each class has its row" "$(cat "$T/got")" \
		"$(sed 's/$/ 1/' "$T/names")"

	hs -p "$PID" --json --limit 0 chunks
	jq -r '.rows[] | "type \(.addr) \(.type)"' "$T/out" >"$T/got"
	is "$how: chunks are named so" "$(grep -c -F -x -f "$T/got" \
		"$T/manifest")" "$(wc -l <"$T/names")"

	grep -v anonymous "$T/names" >"$T/asked"
	while read -r name; do
		hs -p "$PID" --json -e "print sizeof(struct $name)" \
			-e "print ($name *)0" -e "count type=$name"
		size=$(sed -n "s/^size $name //p" "$T/manifest")
		# shellcheck disable=SC2016 # jq's own
		check "$how: $name is found by its name" jq -e -s \
			--arg name "$name" --argjson size "$size" '
			(.[0] | tostring | contains("\($size)")) and
			(.[1] | tostring | contains("\($name) *")) and
			.[2].rows[0].count == 1' "$T/out"
	done <"$T/asked"
	stop_fixture
done
done_testing

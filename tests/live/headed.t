#!/bin/sh
# A program that keeps headers of its own before its blocks, a pool, and objects
# that lead to a variable: chunks are what is behind the header, have what
# pointers name in them, begin with what has such a member.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need_ptrace
need jq gcc

for flags in -O0 -O2; do
	gcc -g "$flags" -I"$top_srcdir" -I. -o "$T/headed" \
		"$top_srcdir/tests/fixtures/headed.c" 2>"$T/log" || bail "gcc"
	FIXTURES=$T start_fixture headed
	sed -n 's/^named //p' "$T/manifest" | sort >"$T/wanted"
	set --
	while read -r addr _; do
		set -- "$@" -e "type $addr"
	done <"$T/wanted"
	hs -p "$PID" --json "$@"
	jq -r '"\(.rows[0].addr) \(.totals.type)"' "$T/out" | sort >"$T/judged"
	is "$flags: each is what the program says" \
		"$(diff "$T/wanted" "$T/judged")" ""
	hs -p "$PID" --json "count \"type=struct item\""
	is "$flags: of a set by the type alone, too" \
		"$(jq '.rows[0].count' "$T/out")" \
		"$(grep -c 'struct item at' "$T/manifest")"
	pool=$(sed -n 's/^named \(.*\) has struct cell/\1/p' "$T/manifest")
	item=$(sed -n 's/^named \(.*\) struct item at .*/\1/p' "$T/manifest" |
		tail -n 1)
	hs -p "$PID" --json -e "type $pool" -e "type $item"
	check "$flags: how many are in the pool" jq -s -e '.[0].rows |
		any(.what | contains("lead to 30 objects in it"))' "$T/out"
	is "$flags: the way to what is behind a header" "$(jq -s -r '[.[1].rows[] |
		select(.section == "why") | .what] | .[0]' "$T/out")" g_items
	check "$flags: the header is told" jq -s -e '.[1].rows |
		any(.what | contains("first 8 bytes"))' "$T/out"
	stop_fixture
done
done_testing

#!/bin/sh
# Structs that a program declares and defines nowhere: they are what its
# functions cast them to, if these agree and what is there fits.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need_ptrace
need jq gcc

one() { # TYPE: a chunk that is that
	sed -n "s/^named \\([^ ]*\\) $1\$/\\1/p" "$T/manifest" | tail -n 1
}
for flags in "-O2" "-O2 -gdwarf-4"; do
	# shellcheck disable=SC2086 # several
	gcc -g $flags -I"$top_srcdir" -I. -o "$T/typed_cast" \
		"$top_srcdir/tests/fixtures/typed_cast.c" 2>"$T/log" ||
		bail "gcc"
	FIXTURES=$T start_fixture typed_cast
	sed -n 's/^named //p' "$T/manifest" | sort >"$T/wanted"
	set --
	while read -r addr _; do
		set -- "$@" -e "type $addr"
	done <"$T/wanted"
	hs -p "$PID" --json "$@"
	is "$flags: nothing contradicts that" "$(jq -r -s '[.[] |
		select(any(.rows[]; .section == "it contradicts that")) |
		.rows[0].addr] | join(" ")' "$T/out")" ""
	jq -r '"\(.rows[0].addr) \(.totals.type)"' "$T/out" | sort >"$T/judged"
	is "$flags: each is what the program says" \
		"$(diff "$T/wanted" "$T/judged")" ""
	hs -p "$PID" --json -e "type $(one 'struct engine')" \
		-e "type $(one 'struct node')" \
		-e "type $(one 'struct two_handle')"
	jq -r -s 'map([.rows[] | select(.section == "why") | .what][0])[]' \
		"$T/out" >"$T/why"
	is "$flags: who says so" "$(sed -n 1p "$T/why")" \
		"g_user.engine (where struct engine_handle, which has no one\
 definition, is struct engine: engine_resize has its parameter handle in engine as well)"
	check "$flags: of what it leads to, too" grep -q \
		'^g_user.middle->nodes (where struct engine_handle, which' \
		"$T/why"
	is "$flags: where two differ, nothing is said" \
		"$(sed -n 3p "$T/why")" g_user.two
	stop_fixture
done
done_testing

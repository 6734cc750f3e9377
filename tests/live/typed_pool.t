#!/bin/sh
# Objects in a pool that the program maps itself lead to malloc's blocks, by
# debug information, against what the program knows, be it by pointers or by
# numbers in a ring; what freed slots still have leads to none.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
# shellcheck source=tests/lib/typed.sh
. "$top_srcdir/tests/lib/typed.sh"
need_ptrace
need jq gcc gcore

judge_fixture typed_pool
# The type or the owner of each block that the program tells of.
judged() { # FROM
	sed -n 's/^\(type\|held\|none\) \([^ ]*\).*/type \2/p' "$T/manifest" \
		>"$T/asked"
	hs "$@" --json -x "$T/asked"
	jq -r '[.rows[0].addr, (if .totals.named_by | IN("path", "tag",
		"owner") then .totals.type else "-" end)] | @tsv' "$T/out" |
		sort >"$T/got"
	sed -n 's/^type \([^ ]*\) /\1\t/p; s/^held \([^ ]*\) /\1\theld by /p
		s/^none \(.*\)/\1\t-/p' "$T/manifest" |
		sort >"$T/wanted"
	is "$how: all are what the program says" \
		"$(diff "$T/wanted" "$T/got")" ""
}
try "-O2" -g -O2
try "split, DWARF 4" -gdwarf-4 -O0 -gsplit-dwarf

try_with_core

one() { # a block that the program says that of
	sed -n "s/^$1 \(0x[^ ]*\) *$2\$/\1/p" "$T/manifest" | tail -n 1
}
hs -p "$PID" --json -e "type $(one type "struct job")" \
	-e "type $(one held "struct text.bytes")" \
	-e "type $(one type "struct keys")"
why() { # NUMBER SECTION
	jq -r -s ".[$1].rows | map(select(.section == \"$2\"))[0].what" \
		"$T/out"
}
is "the way leads through the pool" "$(why 0 why)" "g_nodes->job"
is "the owner is a member of what is there" "$(why 1 "held by")" \
	"struct text.bytes: 1 word"
is "the way to what a kind has told" "$(why 2 why)" "g_objects[20]->keys"
hs -p "$PID" --json type "$(sed -n 's/^type \(0x[^ ]*\) struct keys$/\1/p' \
	"$T/manifest" | head -n 1)"
check "what only a ring of numbers leads to: that is said" jq -e '
	[.rows[] | select(.section == "why")] |
	(.[0].what | test("^\\(\\(struct map \\*\\)0x.*->keys$")) and
	(.[1].addr | startswith("0x")) and
	(.[1].what | test("no pointer whose type is known"))' "$T/out"
stop_fixture
done_testing

#!/bin/sh
# What a void * and a union lead to, by a tag beside them that blocks show that
# are known by other ways, against what the program knows.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
# shellcheck source=tests/lib/typed.sh
. "$top_srcdir/tests/lib/typed.sh"
need_ptrace
need jq gcc gcore

judge_fixture typed_payload
judged() { # FROM
	hs "$@" --json --limit 0 chunks used
	jq -r '.rows[] | [.addr, (if .named_by | IN("path", "tag", "size")
		then .type else "-" end)] | @tsv' "$T/out" | sort >"$T/have"
	sed -n 's/^type \([^ ]*\) /\1\t/p; s/^none \(.*\)/\1\t-/p' \
		"$T/manifest" | sort >"$T/wanted"
	join -t "$(printf '\t')" "$T/wanted" "$T/have" | cut -f 1,3 >"$T/got"
	is "$how: all are what the program says" \
		"$(diff "$T/wanted" "$T/got")" ""
}
try "-O2" -g -O2
try "split, DWARF 4" -gdwarf-4 -O0 -gsplit-dwarf

try_with_core

# The first ones are in no array: only the tag tells.
job=$(sed -n 's/^type \(.*\) struct job$/\1/p' "$T/manifest" | head -n 1)
hs -p "$PID" --json type "$job"
is "why: the way" "$(jq -r '.rows | map(select(.section == "why"))[0].what' \
	"$T/out")" "g_entries->next (x47)->payload"
check "why: by its tag" jq -e '.rows | map(select(.section == "why"))[1].what |
	test("the pointer at \\+16 of struct entry leads to anything; where " +
		"kind is as here, it leads to struct job in all 6 others")' \
	"$T/out"
stop_fixture
done_testing

#!/bin/sh
# The types of a C program's chunks by debug information of every kind, against
# what the program knows: none may be wrong.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
# shellcheck source=tests/lib/typed.sh
. "$top_srcdir/tests/lib/typed.sh"
need_ptrace
need jq gcc gcore

judge_fixture typed_heap
# What is there against what should be: right, missed or wrong.
judge() {
	jq -r '.rows[] | [.addr, (if .named_by | IN("path", "size", "vtable")
		then .type else "-" end)] | @tsv' "$T/out" | sort >"$T/got"
	sed -n 's/^type \([^ ]*\) /\1\t/p; s/^none \(.*\)/\1\t-/p' \
		"$T/manifest" | sort >"$T/wanted"
	join -t "$(printf '\t')" "$T/wanted" "$T/got" | awk -F '\t' '
		$2 == $3 { print "right"; next }
		$3 == "-" || $3 ~ /[+]$/ { print "missed", $2; next }
		{ print "wrong:", $2, "is called", $3 }' >"$T/judged"
}
judged() {
	hs "$@" --json --limit 0 chunks
	judge
	grep wrong "$T/judged" >"$T/wrong" || true
	is "$how: none is wrong" "$(cat "$T/wrong")" ""
	nearly_all_right "$(grep -c . "$T/wanted")"
}
try "-O2, DWARF 4" -gdwarf-4 -O2
try "compressed" -g -O2 -gz
try "split" -g -O2 -gsplit-dwarf
try "split, DWARF 4" -gdwarf-4 -O0 -gsplit-dwarf
try "type units" -g -O2 -fdebug-types-section
try "link time optimised" -g -O2 -flto=1

if command -v dwz >/dev/null && build -g -O2 && dwz "$T/typed_heap" 2>"$T/log"
then
	how="dwz"
	start_typed
	stop_fixture
else
	skip "dwz" "dwz is not installed, or found nothing to do"
fi

try_with_core

of() { # NAME: the last chunk of that type
	awk -v name="$1" '$1 == "type" && substr($0, index($0, $3)) == name {
		a = $2 } END { print a }' "$T/manifest"
}
hs -p "$PID" --json -e "type $(of "struct message")" \
	-e "type $(of "struct bits")" -e "type $(of "struct item[]")" \
	-e "type $(of "struct job")" -e "type $(of "struct matrix")"
why() {
	jq -r -s ".[$1].rows | map(select(.section == \"why\"))[0].what" \
		"$T/out"
}
# shellcheck disable=SC2016 # it is C
is "a chain, folded" "$(why 0)" \
	'g_server->conn[0]->pending->next (x39)'
is "through a flexible member" "$(why 1)" 'g_server->batch->leaf[6]->bits'
is "an array of structs" "$(why 2)" 'g_server->shelf->item'
is "a list through its members" "$(why 3)" 'g_ready.prev'
is "a local" "$(why 4)" "main::local (thread $PID)"
is "what a candidate is named by" \
	"$(jq -r -s '.[3].totals.named_by' "$T/out")" size
check "and what is known of it" jq -e -s '.[3].rows[] |
	select(.section == "it agrees with that") |
	.what | startswith("struct link at +8")' "$T/out"

# A pointer of another type, and one to something larger.
hs -p "$PID" --json -e "type $(awk '$1 == "lie" { print $2 }' "$T/manifest")"
check "what contradicts is shown" jq -e '.rows[] |
	select(.section == "it contradicts that") |
	.what == "struct server at +0, by s_lie"' "$T/out"
is "and changes nothing" "$(jq -r .totals.type "$T/out")" "struct name"
hs -p "$PID" --json -e "types" -e "count type=job" -e "count type=shelf_t" \
	-e 'count "type=struct item[]"'
is "sets by types" "$(jq -s -c '[.[1:][].rows[0].count]' "$T/out")" \
	"[40,1,1]"
is "a row of types" "$(jq -s -c '.[0].rows[] |
	select(.type == "struct message") | [.count, .named_by]' "$T/out")" \
	'[40,"path"]'

# A variable is no chunk, but it leads to one.
hs -p "$PID" --json "print g_server"
server=$(jq -r '.rows[0].value' "$T/out" | grep -o '0x[0-9a-f]*')
for command in type chunk near; do
	hs -p "$PID" "$command &g_server"
	is "$command of a variable: an error" "$status" 2
	check "$command: what it points to is told" grep -q \
		"in no chunk of snapshot 1: g_server; it points to chunk $server\$" \
		"$T/err"
done

# A name that is nobody's is told from one of which there is no chunk.
warned() { # WARNING, N: of the N'th command
	jq -e -s --arg warning "$1" --argjson n "$2" \
		'.[$n].warnings | any(contains($warning))' "$T/out"
}
meant='did you mean "type=struct message"?'
hs -p "$PID" --json -e "count type=messag" -e "near type=Mesage" \
	-e 'types used and not "type=struct messige"' -e "count type=message" \
	-e "chunks type=nothing_like_it" -e "chunks free type=message" \
	-e "count type=unknown"
is "no chunk is of that type: still an answer" "$status" 0
check "a name that ends too early: which is meant" warned "$meant" 0
check "one with other letters: which is meant" warned "$meant" 1
check "one that is denied: which is meant" warned "$meant" 2
check "one that is like no other: where they are" warned \
	'no chunk is of a type called "nothing_like_it"; types lists them' 4
is "those that chunks have, and unknown: nothing to say" \
	"$(jq -s -c '[.[3, 5, 6].warnings[] | select(contains("called"))]' \
		"$T/out")" "[]"
hs -p "$PID" "count type=messag"
check "in text, too" grep -qF "$meant" "$T/err"
hs -p "$PID" "count (type=struct message) and used"
is "a blank that is not quoted: an error" "$status" 2
quoted=$(sed 's/.*is quoted, //' "$T/err")
hs -p "$PID" --json "count ($quoted) and used"
is "which says how to quote" "$(jq -c '.rows[0].count' "$T/out")" 40
stop_fixture

strip "$T/typed_heap"
FIXTURES=$T start_fixture typed_heap
hs -p "$PID" --json --limit 0 types
is "without debug information nothing has a type" "$(jq -c '[.rows[].named_by] |
	unique - ["text", "symbol", "unknown", "vtable", "owner", "alike"]' \
	"$T/out")" "[]"
stop_fixture
done_testing

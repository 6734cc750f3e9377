#!/bin/sh
# Structs that only a tag tells from others that begin alike, by debug
# information of every kind, against what the program knows: none may be wrong,
# and what nothing proves stays what it begins with.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
# shellcheck source=tests/lib/typed.sh
. "$top_srcdir/tests/lib/typed.sh"
need_ptrace
need jq gcc gcore strip

judge_fixture typed_tags
judged() {
	hs "$@" --json --limit 0 chunks used
	jq -r '.rows[] | [.addr, (if .named_by | IN("path", "tag", "size")
		then .type else "-" end)] | @tsv' "$T/out" | sort >"$T/got"
	sed -n 's/^\(type\|stay\) \([^ ]*\) /\2\t\1\t/p
		s/^none \(.*\)/\1\ttype\t-/p' "$T/manifest" | sort >"$T/wanted"
	join -t "$(printf '\t')" "$T/wanted" "$T/got" | awk -F '\t' '
		$2 == "type" && $3 == $4 { print "right"; next }
		$2 == "stay" && index($4, $3 "+") == 1 { print "stays"; next }
		$2 == "type" && $4 ~ /^-$|[+]$|[+] [(]/ { print "missed", $3; next }
		{ print "wrong:", $3, "is called", $4 }' >"$T/judged"
	is "$how: none is wrong" "$(grep wrong "$T/judged" | sort | uniq -c)" ""
	nearly_all_right "$(grep -c '	type	' "$T/wanted")"
	is "$how: what nothing proves stays" \
		"$(grep -c stays "$T/judged")" "$(grep -c '^stay' "$T/manifest")"
}
try "-O2" -g -O2
try "-O2, DWARF 4" -gdwarf-4 -O2
try "split" -g -O2 -gsplit-dwarf
try "split, DWARF 4" -gdwarf-4 -O0 -gsplit-dwarf
try "link time optimised" -g -O2 -flto=1

try_with_core

one() { # NAME: a chunk of that type
	awk -v name="$1" '$1 == "type" && substr($0, index($0, $3)) == name {
		a = $2 } END { print a }' "$T/manifest"
}
hidden=$(awk '$3 == "struct" && $4 == "real" { a = $2 } END { print a }' \
	"$T/manifest")
hs -p "$PID" --json -e "type $(one "struct native")" \
	-e "type $(one "struct list at +16")" \
	-e "type $(one "struct mail_job")" -e "type $hidden" \
	-e "chunk $(one "struct list at +16")"
why() {
	jq -r -s ".[$1].rows | map(select(.section == \"why\"))[].what" "$T/out"
}
is "members of what is not at the start" "$(jq -s -c '[.[4].rows[] |
	select(.section == "its members") | .offset][0, -1]' "$T/out" |
	paste -sd ' ')" '"0x10" "0x30"'
natives=$(grep -c '^type .* struct native' "$T/manifest")
for i in 0 1 2 3; do
	why $i >"$T/why$i"
done
check "a group's proof" grep -q "^all $natives blocks with struct object.tt = \
12 fit struct native (48 bytes), and no other of the [0-9]* structs that begin \
like struct object does" "$T/why0"
check "functions' proof" grep -q "struct thing.type = list_type fit struct list \
(40 bytes): the function in its end takes a struct list where its declaration \
says struct thing" "$T/why1"
check "a bit-field's" grep -q "struct job.kind = 5 fit" "$T/why2"
check "of what nothing leads to" grep -q \
	"^no pointer whose type is known leads to it" "$T/why3"
pool=$(awk '$4 == "pool" { a = $2 } END { print a }' "$T/manifest")
hs -p "$PID" --json "type $pool"
check "of what its operations tell" jq -e '[.rows[] |
	select(.section == "why") | .what] | any(contains("at +0 is the address of s_pool_operations, and struct pool is the only struct with a pointer to struct operations there"))' "$T/out"
hs -p "$PID" --json -e "type $(one "struct native")" -e types
is "named by" "$(jq -s -r '.[0].totals.named_by' "$T/out")" tag
is "two of one shape: a row for each tag, with both" "$(jq -s -r '.[1].rows[] |
	select(.type | contains("(tag 1") or contains("(tag 2")) | .type' \
	"$T/out" | sort)" "struct shape+ (tag 1: struct round or struct square)
struct shape+ (tag 2: struct round or struct square)"
is "a variable that tells no type has a row" "$(jq -s -c '.[1].rows[] |
	select(.type == "struct thing+ (type plain_type)") |
	[.count, .named_by]' "$T/out")" \
	"[$(grep -c '^stay .* struct thing$' "$T/manifest"),\"path\"]"
is "one with an old pointer in it leaves the others theirs" \
	"$(jq -s -r '.[1].rows[] | select(.type == "struct late") |
		"\(.count) \(.named_by)"' "$T/out")" \
	"$(grep -c '^type .* struct late$' "$T/manifest") tag"
is "one pointer that is old leaves the others theirs, too" \
	"$(jq -s '[.[1].rows[] | select(.type == "struct seated") | .count] |
		add' "$T/out")" "$(grep -c '^type .* struct seated$' "$T/manifest")"
for name in ring counted either; do
	is "where some members are not written: struct $name" \
		"$(jq -s -r --arg name "struct $name" '.[1].rows[] |
			select(.type == $name) | "\(.count) \(.named_by)"' \
			"$T/out")" \
		"$(grep -c "^type .* struct $name\$" "$T/manifest") tag"
done
is "what begins with one that begins so by a macro begins so, too" \
	"$(jq -s -c '[.[1].rows[].type | select(startswith("struct visit"))]' \
		"$T/out")" "[]"
stop_fixture
done_testing

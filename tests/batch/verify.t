#!/bin/sh
# Each cross-check of verify holds on a sound heap and fails, with both its
# numbers, when the number it is about is wrong; what remains unexplained is
# told.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need_ptrace
need jq

failed() {
	jq -c '[.rows[] | select(.result == "failed") | .name] | unique' \
		"$T/out"
}
start_fixture heap_tampered none
hs --json -p "$PID" verify
is "a sound heap: nothing fails" "$status $(failed)" "0 []"
is "every comparison has two numbers, and they are equal" \
	"$(jq -c '[.rows[] | select(.section == "checks" and .a != null and
		.a != .b)]' "$T/out")" "[]"
for check in "sizes, links and lists" "arenas walked to their top" \
	"heap bytes and system_mem" "free chunks walked and in bins" \
	"free bytes walked and in bins" "tcache counts and links" \
	"mmapped chunks and n_mmaps" "mmapped bytes and mmapped_mem" \
	"uordblks and what is in it"; do
	# shellcheck disable=SC2016 # it is for jq
	check "there is: $check" jq -e --arg name "$check" '.rows[] |
		select(.name == $name) | .result == "ok" and .a == .b and
		.a != null' "$T/out"
done
left='.rows[] | select(.section == "what remains unexplained")'
is "of the heap nothing remains" \
	"$(jq "$left | select(.name == \"heap bytes in no chunk\") | .a" \
		"$T/out")" 0
# shellcheck disable=SC2016 # it is for jq
check "memory that is nobody's is told, with its place" \
	jq -e --arg addr "$(sed -n 's/^anon \([^ ]*\) .*/\1/p' "$T/manifest")" \
	--argjson bytes "$(sed -n 's/^anon [^ ]* //p' "$T/manifest")" \
	"[$left | select(.addr == \$addr and .a == \$bytes)] | length == 1" \
	"$T/out"
check "and its sum" jq -e "[$left | select(.name == \"of it\") | .a] as \$all |
	[$left | select(.name == \"anonymous memory of nobody\") | .a] |
	.[0] >= (\$all | add)" "$T/out"
# One of them, as Enter shows it: the same words, in short lines.
n=$(jq '[.rows[] | select(.section == "checks") | .name] |
	index("main_arena by file image") + 1' "$T/out")
hs --json -p "$PID" verify "$n"
check "a check alone" jq -e \
	'.title | test("check .*main_arena by file image: ok")' "$T/out"
check "in lines that fit" jq -e 'all(.rows[]; .text | length <= 78)' "$T/out"
check "with its evidence" jq -e 'any(.rows[]; .text | test("unique"))' "$T/out"
hs -p "$PID" verify 1000
is "no such check: usage" "$status" 2

# On a screen of 80 columns all of it can be read.
hs --json -p "$PID" verify
jq -r '.rows[] | .text' "$T/out" | tr -s ' ' '\n' | sed 's/0x[0-9a-f]*/X/g' |
	sort >"$T/words"
script -qec "stty cols 80; $HS -p $PID verify" /dev/null </dev/null |
	tr -d '\r' | sed 's/\x1b\[[0-9;]*[mK]//g' >"$T/screen"
is "at 80 columns no line is longer" "$(awk 'length > 80' "$T/screen")" ""
tr -s ' ' '\n' <"$T/screen" | sed 's/0x[0-9a-f]*/X/g' | sort >"$T/seen"
is "and no word of the evidence is missing" \
	"$(comm -23 "$T/words" "$T/seen" | head -n 5)" ""
stop_fixture

# tampered WHAT CHECK... : those fail and no others
tampered() {
	start_fixture heap_tampered "$1"
	by=$(sed -n 's/^by //p' "$T/manifest")
	hs --json -p "$PID" verify
	is "$1 is wrong: not complete" "$status" 6
	what=$1
	shift
	is "$what is wrong: that is what fails" "$(failed)" \
		"$(printf '%s\n' "$@" | jq -R . | jq -cs 'unique')"
	# shellcheck disable=SC2016 # it is for jq
	check "$what is wrong: both numbers are told" jq -e --arg name "$1" \
		--argjson by "$by" 'any(.rows[]; .name == $name and
		(.a - .b == $by or .b - .a == $by))' "$T/out"
	hs -p "$PID" heap
	is "$what is wrong: every answer says so" "$status" 6
	stop_fixture
}
tampered n_mmaps "mmapped chunks and n_mmaps" "wrong count"
tampered mmapped_mem "mmapped bytes and mmapped_mem" "wrong count"
tampered system_mem "heap bytes and system_mem" "uordblks and what is in it"
tampered tcache "tcache counts and links" "sizes, links and lists" \
	"wrong count"
tampered bins "free chunks walked and in bins" \
	"free bytes walked and in bins" "sizes, links and lists" "bad link"
done_testing

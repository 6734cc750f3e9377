#!/bin/sh
# A 32-bit program from the 64-bit tool: words of four bytes, its registers,
# its code and lines.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need jq
need_ptrace
need_m32
FIXTURES=$top_builddir/tests/fixtures32

start_fixture lines
hs -p "$PID" --json bt
cp "$T/out" "$T/bt"
hs -p "$PID" --json threads
cp "$T/out" "$T/threads"
is "the width of addresses is said" "$(jq .target.word "$T/out")" 4
# ADDR is behind a call, LINE where that stands.
sed -n 's/^line //p' "$T/manifest" >"$T/lines"
while read -r addr line; do
	hs -p "$PID" --json symbol "$addr-1"
	is "line of $addr" "$(jq -r '.rows[0].file | sub(".*/"; "")' "$T/out"):$(
		jq .rows[0].line "$T/out")" "lines.c:$line"
done <"$T/lines"
check "there were lines" test -s "$T/lines"

hs -p "$PID" --json disas twice
is "the code is 32-bit code" "$(jq -r '.rows[].text' "$T/out" |
	grep -cE '\<r(sp|bp|ip|ax)\>')" 0
check "its frame too" grep -q 'mov ebp, esp' "$T/out"
is "it calls by name" "$(jq -r '.rows[].text' "$T/out" | grep -c 'call.*<say>')" 4

is "threads are where they call the kernel" "$(jq -r '.rows[].where' \
	"$T/threads")" "$(jq -r .rows[1].symbol "$T/bt")+$(printf '0x%x' \
	"$(jq .rows[1].offset "$T/bt")")"

# shellcheck disable=SC2016 # registers
hs -p "$PID" --json -e 'x/4a $esp' -e 'x/4wx $esp' -e 'x/2gx $sp' \
	-e 'x/a $rsp' -e 'x/i $eip' -e 'x/i $pc'
is "x/a goes by words of four bytes" "$(sed -n 1p "$T/out" |
	jq -r '.rows[].text | sub(" .*"; "")' | sed 's/^0x0*//')" \
	"$(sed -n 2p "$T/out" | jq -r '.rows[].text' | tr -s ' ' '\n' |
		sed 's/^0x0*//')"
is "two of them are a giant word" "$(sed -n 3p "$T/out" |
	jq -r '.rows[].text' | tr -s ' ' '\n' | sed 's/^0x//')" \
	"$(sed -n 2p "$T/out" | jq -r '.rows[].text' | tr -s ' ' '\n' |
		sed 's/^0x//' | paste -d ' ' - - | awk '{ print $2 $1 }')"
is "rsp stands for esp" "$(sed -n 4p "$T/out" | jq -c .rows[0])" \
	"$(sed -n 1p "$T/out" | jq -c .rows[0])"
is "eip is the pc" "$(sed -n 5p "$T/out" | jq -c .rows)" \
	"$(sed -n 6p "$T/out" | jq -c .rows)"
# shellcheck disable=SC2016
hs -p "$PID" 'x/gx $r12'
is "there is no r12" "$status" 2
hs -p "$PID" --json maps
is "all lies below 4 GB" "$(jq '[.rows[] | select((.end | length) > 10 and
	.end != "0x100000000")] | length' "$T/out")" 0
check "the kernel's part is there" grep -q '\[vdso\]' "$T/out"
stop_fixture

# What a stripped program lacks is in a debug file that its build-id names.
if command -v objcopy >/dev/null; then
	id=$(readelf -n "$FIXTURES/lines" | awk '/Build ID/ { print $3 }')
	folder=$T/debug/.build-id/$(echo "$id" | cut -c 1-2)
	mkdir -p "$folder"
	objcopy --only-keep-debug "$FIXTURES/lines" \
		"$folder/$(echo "$id" | cut -c 3-).debug"
	objcopy --strip-all "$FIXTURES/lines" "$T/lines_stripped"
	FIXTURES=$T
	start_fixture lines_stripped
	hs -p "$PID" symbol twice
	is "stripped: no such name" "$status" 2
	hs -p "$PID" --debug-dir "$T/debug" --json symbol twice
	is "debug file: the name is there" "$(jq -r .rows[0].symbol "$T/out")" \
		twice
	addr=$(sed -n 's/^line \(.*\) .*/\1/p' "$T/manifest" | head -n 1)
	line=$(sed -n 's/^line .* //p' "$T/manifest" | head -n 1)
	hs -p "$PID" --debug-dir "$T/debug" --json symbol "$addr-1"
	is "debug file: its lines" "$(jq .rows[0].line "$T/out")" "$line"
	stop_fixture
else
	skip "debug file" "objcopy is not installed"
fi
done_testing

#!/bin/sh
# Two copies of libc in one process: the program's own is walked, and what the
# other one allocated is not passed over in silence.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need_ptrace
need jq

own() {
	sed -n "s/^$1 //p" "$T/manifest"
}

start_fixture heap_two_libcs idle
hs --json -p "$PID" heap
is "a second libc that allocated nothing is no matter" "$status" 0
stop_fixture

start_fixture heap_two_libcs
hs --json --limit 0 -p "$PID" chunks used
is "a second libc that allocates: not all was read" "$status" 6
is "and not called complete" "$(jq .complete "$T/out")" false
check "it is named" jq -e '.warnings[] | test("other copies of malloc.*libc")' \
	"$T/out"
is "all blocks of the program's libc are listed" \
	"$(own first | while read -r addr; do
		jq -r --arg a "$addr" '.rows[] | select(.addr == $a) | .addr' \
			"$T/out"
	done | wc -l)" "$(own first | wc -l)"
hs --json -p "$PID" heap
is "the totals are those of the program's libc" \
	"$(jq -cS .totals.mallinfo2 "$T/out")" "$(own mallinfo2 | jq -cS .)"
hs --json -p "$PID" verify
is "no other check failed" \
	"$(jq -c '[.rows[] | select(.result == "failed") | .name]' "$T/out")" \
	'["other copies of malloc"]'
stop_fixture

for lib in /lib/*/libc_malloc_debug.so.0 /lib64/libc_malloc_debug.so.0; do
	[ -e "$lib" ] && break
done
if [ -e "$lib" ]; then
	FIXTURE_ENV="LD_PRELOAD=$lib GLIBC_TUNABLES=glibc.malloc.check=3"
	start_fixture heap_single
	hs --json -p "$PID" heap
	is "malloc checking has a heap of its own: the one that is read" \
		"$(jq -cS .totals.mallinfo2 "$T/out")" \
		"$(own mallinfo2 | jq -cS .)"
	is "which is all there is" "$(jq -c '[.complete, .warnings]' \
		"$T/out")" '[true,[]]'
	stop_fixture
	FIXTURE_ENV=LD_PRELOAD=$lib
	start_fixture heap_single
	hs --json -p "$PID" heap
	is "while it is off, libc's heap is all there is" "$status" 0
	is "and counted" "$(jq -cS .totals.mallinfo2 "$T/out")" \
		"$(own mallinfo2 | jq -cS .)"
	stop_fixture
else
	skip "malloc checking" "no libc_malloc_debug.so.0"
fi
done_testing

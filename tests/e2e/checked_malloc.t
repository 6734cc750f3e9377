#!/bin/sh
# glibc's checking malloc keeps its blocks in arenas of its own: libc's empty
# ones are not to be taken for the heap.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need_ptrace
need jq

# Used by start_fixture.
export FIXTURE_ENV="MALLOC_CHECK_=3 LD_PRELOAD=libc_malloc_debug.so.0"
start_fixture leaky_server
grep -q libc_malloc_debug "/proc/$PID/maps" ||
	skip_all "there is no libc_malloc_debug.so.0"
hs --json -p "$PID" heap
is "the heap that is used is read" "$status" 0
check "it has blocks" jq -e '.totals.used_count > 0' "$T/out"
hs -p "$PID" verify
check "it is said whose it is" grep -q libc_malloc_debug "$T/out"
hs -p "$PID" threads
is "threads can be seen" "$status" 0
stop_fixture
done_testing

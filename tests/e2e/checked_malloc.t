#!/bin/sh
# glibc's checking malloc keeps its blocks in arenas of its own: libc's empty
# ones are not to be taken for the heap.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need_ptrace

# Used by start_fixture.
export FIXTURE_ENV="MALLOC_CHECK_=3 LD_PRELOAD=libc_malloc_debug.so.0"
start_fixture leaky_server
grep -q libc_malloc_debug "/proc/$PID/maps" ||
	skip_all "there is no libc_malloc_debug.so.0"
hs -p "$PID" heap
is "there is no heap that can be read" "$status" 5
check "it is said why" grep -q 'it uses libc_malloc_debug' "$T/err"
hs -p "$PID" threads
is "threads can" "$status" 0
stop_fixture
done_testing

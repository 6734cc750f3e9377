#!/bin/sh
# Where nobody may read libc's file and the program has set the numbers that
# malloc's counters are known by, they were not found.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need_ptrace

arch=amd64
suites=own
# shellcheck source=tests/glibc/rows.sh
. "$top_srcdir/tests/glibc/rows.sh"

column own
row_seen=--no-files
row "limits set" "" heap_brk options
row "limits set" glibc.malloc.mmap_max=3:glibc.malloc.arena_test=5 heap_threads
row "limits set" glibc.malloc.mmap_max=0:glibc.malloc.tcache_count=0 heap_single
done_testing

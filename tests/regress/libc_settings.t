#!/bin/sh
# What a user may set libc's malloc to: the numbers stay exact.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need_ptrace
need python3 jq
# shellcheck source=tests/lib/recorded.sh
. "$top_srcdir/tests/lib/recorded.sh"

try() { # SETTING FIXTURE
	RECORDED_ENV=GLIBC_TUNABLES=glibc.malloc.$1
	start_recorded "$2"
	check_recorded "$1 $2"
	stop_fixture
}

# Every block is a mapping, the tcache structs too.
try mmap_threshold=1 heap_threads
for setting in mmap_threshold=1 mmap_threshold=4096:glibc.malloc.mmap_max=3 \
	tcache_count=0 tcache_count=65535 mxfast=160 hugetlb=2 perturb=165
do
	try "$setting" heap_realloc
done
done_testing

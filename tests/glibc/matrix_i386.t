#!/bin/sh
# What matrix.t does, for 32-bit programs on the i386 glibcs: chunks of 8 and
# 16 bytes' alignment, heaps of 1 MiB, other layouts of everything.
#
# Alone: MATRIX="bullseye sid" sh tests/glibc/matrix_i386.t
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need_ptrace
need jq gcore
need_m32

arch=i386
suites=${MATRIX:-own bullseye trixie sid experimental}
# shellcheck source=tests/glibc/rows.sh
. "$top_srcdir/tests/glibc/rows.sh"
fetch_suites
matrix
tuned "own sid" arena_max=1 heap_threads
tuned "own bullseye sid" tcache_count=0 heap_single heap_threads
tuned "own sid" tcache_count=100 heap_threads
tuned "sid experimental" tcache_max=100000 heap_threads heap_shapes+storm
tuned "own sid" mmap_threshold=4096 heap_single heap_aligned
tuned "own sid" perturb=119 heap_aligned
tuned "own trixie sid" hugetlb=2 heap_threads
show_cores
done_testing

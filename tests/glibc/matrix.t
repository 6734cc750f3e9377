#!/bin/sh
# The same fixtures on each glibc that can be had, with tunables and without:
# the walk against the recorder of live allocations and against the program's
# own mallinfo, live and on a copy.  A column that cannot be had is skipped.
#
# Alone: MATRIX="bullseye sid" sh tests/glibc/matrix.t (with top_srcdir and
# top_builddir set); what did not agree is shown.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need_ptrace
need jq gcore

arch=amd64
suites=${MATRIX:-own bullseye trixie sid experimental}
# shellcheck source=tests/glibc/rows.sh
. "$top_srcdir/tests/glibc/rows.sh"
fetch_suites
matrix

all='own bullseye trixie sid experimental'
tuned "own sid" arena_max=1 heap_threads heap_arenas+cross-free
tuned "own sid" arena_max=3 heap_threads
tuned "$all" tcache_count=0 heap_single heap_threads
tuned "own sid" tcache_count=2 heap_threads
tuned "$all" tcache_count=100 heap_threads heap_arenas+exited
tuned "sid experimental" tcache_max=100000 heap_threads heap_shapes+storm
tuned "sid experimental" tcache_max=4000000 heap_single heap_aligned \
	heap_shapes+mmapped heap_shapes+storm heap_arenas+cross-free
tuned "own sid" mmap_threshold=4096 heap_single heap_aligned
tuned "own sid" top_pad=3000000 heap_single heap_shapes+trimmed
tuned "own sid" perturb=119 heap_aligned heap_threads
tuned "own" mxfast=0 heap_single
tuned "own bullseye" mxfast=160 heap_single heap_threads
tuned "$all" hugetlb=1 heap_threads
tuned "own trixie sid" hugetlb=2 heap_single heap_threads heap_aligned \
	heap_shapes+trimmed heap_arenas+many-heaps heap_arenas+forked
show_cores
done_testing

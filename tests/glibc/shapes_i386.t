#!/bin/sh
# The shapes of shapes.t that are something else to a 32-bit program: heaps of
# 1 MiB, so that one arena has many; chunks that begin 8 bytes into a page;
# three gigabytes of addresses.
#
# Alone: MATRIX="own sid" sh tests/glibc/shapes_i386.t
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need_ptrace
need jq
need_m32

arch=i386 arch_flags=' -m32' own_fixtures=$top_builddir/tests/fixtures32
recorder=$top_builddir/tests/fixtures32/recorder.so
suites=${MATRIX:-own bullseye sid}
# shellcheck source=tests/glibc/rows.sh
. "$top_srcdir/tests/glibc/rows.sh"
simple='heap_brk heap_pages heap_many heap_orphans' with=''
fetch_suites

for suite in $suites; do
	column "$suite" || continue
	for shape in foreign walls; do
		row "$suite" "" heap_brk "$shape"
	done
	row "$suite" "" heap_pages stale
	row "$suite" "" heap_many holes
	row "$suite" "" heap_orphans forked-twice
	[ "$suite" = own ] || continue
	for shape in first-big edges foreign-first no-space options huge; do
		row own "" heap_brk "$shape"
	done
	for shape in merged advised given-stacks; do
		row own "" heap_pages "$shape"
	done
	with_heapscope=1
	for shape in arenas threads starved; do
		row own "" heap_many "$shape"
	done
	with_heapscope=
done
done_testing

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

arch=i386
suites=${MATRIX:-own bullseye sid}
# shellcheck source=tests/glibc/rows.sh
. "$top_srcdir/tests/glibc/rows.sh"
simple='heap_brk heap_pages heap_many heap_orphans heap_holed' with=''
fetch_suites

for suite in $suites; do
	column "$suite" || continue
	rows "$suite" heap_brk foreign walls
	rows "$suite" heap_holed arena mappings aligned
	rows "$suite" heap_pages stale
	rows "$suite" heap_many holes
	rows "$suite" heap_orphans forked-twice
	[ "$suite" = own ] || continue
	rows own heap_brk first-big edges foreign-first no-space options huge
	rows own heap_pages merged advised given-stacks
	with_heapscope=1
	rows own heap_many arenas threads starved
	with_heapscope=
done
done_testing

#!/bin/sh
# Who holds what, of a 32-bit program: all that is asked of 64-bit ones.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need_ptrace
need_m32
need jq gcore

for name in path refs growth retained suspects; do
	status=0
	FIXTURES=$top_builddir/tests/fixtures32 HELD_WORD=4 \
		sh "$top_srcdir/tests/live/$name.t" >"$T/log" 2>&1 || status=$?
	is "$name: all holds" "$(grep -A 8 '^not ok' "$T/log")$status" 0
done
done_testing

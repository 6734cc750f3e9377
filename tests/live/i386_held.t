#!/bin/sh
# Who holds what, of a 32-bit program: all that is asked of 64-bit ones.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need_ptrace
need_m32
need jq gcore

holds() { # NAME
	status=0
	FIXTURES=$top_builddir/tests/fixtures32 HELD_WORD=4 \
		sh "$top_srcdir/tests/live/$1.t" >"$T/log" 2>&1 || status=$?
	[ "$status" = 0 ]
}
# Where addresses have 32 bits some word of a process is now and then a block's
# by chance, which its ledger cannot know: once more, elsewhere in memory.
for name in path refs growth retained suspects; do
	holds "$name" || holds "$name" || :
	is "$name: all holds" "$(grep -A 8 '^not ok' "$T/log")$status" 0
done
done_testing

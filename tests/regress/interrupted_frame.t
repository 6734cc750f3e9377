#!/bin/sh
# The function that a signal interrupted is named by the very instruction, not
# by the one before it, which may be another function's.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need_ptrace
need jq

try() { # WHAT
	start_fixture call_tree
	tid=$(sed -n 's/^frame \([0-9]*\) on_fault .*/\1/p' "$T/manifest")
	hs -p "$PID" --json bt "$tid"
	is "$1: the stack is whole" "$status" 0
	is "$1: what was interrupted" "$(jq -r '.rows[].symbol' "$T/out" |
		grep -B1 -x interrupted | head -n 1)" faults_at_once
	stop_fixture
}
try x86-64
FIXTURES=$top_builddir/tests/fixtures32
if [ -x "$FIXTURES/call_tree" ]; then
	try i386
else
	skip "i386" "the compiler here makes no 32-bit programs (-m32)"
fi
done_testing

#!/bin/sh
# Memory of the program's own that looks like malloc's.  Where nothing tells the
# two apart, that is said; it was not where the program had taken it from brk.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need_ptrace
need jq

failed_checks() {
	jq -r '.rows[] | select(.result == "failed") | .name' "$T/out"
}
said() { # CHECK FIXTURE SHAPE
	said_check=$1
	shift
	start_fixture "$@"
	hs -p "$PID" --json verify
	is "$*: it is said" "$(failed_checks | grep -x "$said_check")" \
		"$said_check"
	hs -p "$PID" --json heap
	is "$*: so the answer is not all" \
		"$(jq -c .complete "$T/out") $status" "false 6"
	stop_fixture
}
said "the program's own memory in brk" heap_brk imitation
said "the program's own memory in brk" heap_brk foreign-numbers
said "mmapped chunks and n_mmaps" heap_pages forged
said "mmapped chunks and n_mmaps" heap_pages forged-before

# And it is no matter where it does not.
start_fixture heap_brk foreign
hs -p "$PID" --json verify
is "anything else in brk is no matter" "$(failed_checks) $status" " 0"
check "and counted" jq -e '.rows[] | select(.name | test("memory in brk"))
	| .result == "ok" and .a > 0 and .a == .b' "$T/out"
stop_fixture
done_testing

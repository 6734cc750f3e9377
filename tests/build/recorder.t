#!/bin/sh
# The recorder of live allocations begins anew when exec() makes the process
# another program, and when it starts the same one once more.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
# shellcheck source=tests/lib/walked.sh
. "$top_srcdir/tests/lib/walked.sh"
need_ptrace

FIXTURE_ENV="LD_PRELOAD=$top_builddir/tests/lib/recorder.so RECORD=$T/record"
for to in "" heap_single; do
	# shellcheck disable=SC2086 # none or one
	start_fixture heap_again $to
	walk "$PID" --recorded "$T/record"
	is "${to:-itself}: at first" "$(differences | head -n 20)" ""
	fixture_say again ready
	exact "to ${to:-itself}" "$PID" "$T/record"
	stop_fixture
done
done_testing

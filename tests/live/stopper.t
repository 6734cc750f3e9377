#!/bin/sh
# Reading a process from outside, told line by line, leaves it as it was.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need_ptrace

stopper() {
	"$top_builddir/tests/lib/stopper" >"$T/told"
}

start_fixture runner threads 20
printf '%s\n' "open $PID" stop threads copy resume "loop 100" close \
	"churn $PID 10" | stopper
is "no command failed" "$(grep -c '^error' "$T/told")" 0
check "every thread was stopped" grep -q ' total 21 regs 21$' "$T/told"
check "all memory was copied" grep -q '^ok copied .* skipped 0$' "$T/told"
# "used ADDR LEN SUM": the fixture and the reader must agree.
# shellcheck disable=SC2046
set -- $(grep '^used' "$T/manifest")
printf '%s\n' "open $PID" stop "read $2 $3" | stopper
is "the block's bytes add up" "$(tail -n 1 "$T/told")" "ok sum $4"
printf '%s\n' "set proc-mem" "set no-scan" "open $PID" stop "read $2 $3" |
	stopper
is "and by way of /proc/PID/mem" "$(tail -n 1 "$T/told")" "ok sum $4"
fixture_say ping pong
stop_fixture
done_testing

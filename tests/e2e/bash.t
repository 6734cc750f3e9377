#!/bin/sh
# bash, told to remember.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
# shellcheck source=tests/e2e/e2e.sh
. "$top_srcdir/tests/e2e/e2e.sh"
need bash

mkfifo "$T/in"
told bash --norc <"$T/in" >"$T/said" 2>&1 &
PID=$!
kill_at_exit "$PID"
exec 8>"$T/in"
export T
cat >"$T/step" <<'END'
at=$(cat "$T/at")
echo $((at + 1)) >"$T/at"
cat >"$T/in" <<STEP
for i in {1..300}; do printf -v "v_${at}_\$i" '%0400d' \$i; done
echo done $at
STEP
until grep -q "done $at" "$T/said"; do sleep 0.02; done
END
echo 1 >"$T/at"
STEP="sh $T/step"
serves() {
	echo 'echo alive' >&8
	wait_until grep -q alive "$T/said"
}
serves
the_job
exec 8>&-
tap_ended=0
wait "$PID" || tap_ended=$?
is "bash ends well" "$tap_ended" 0
done_testing

#!/bin/sh
# memcached, four threads, whose slabs are big blocks of malloc's.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
# shellcheck source=tests/e2e/e2e.sh
. "$top_srcdir/tests/e2e/e2e.sh"
need memcached

as=
[ "$(id -u)" != 0 ] || as="-u root"
# shellcheck disable=SC2086 # two words
told memcached $as -s "$T/socket" -t 4 >"$T/log" 2>&1 &
PID=$!
kill_at_exit "$PID"
wait_until test -S "$T/socket" || bail "memcached: $(cat "$T/log")"
serves() {
	$PEER line "$T/socket" version | grep VERSION
}
wait_until serves || bail "memcached does not serve"
STEP="$PEER memcached-fill $T/socket 3000"
$STEP
the_job
the_tables
done_testing

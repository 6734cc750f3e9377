#!/bin/sh
# redis-server, which Debian builds with jemalloc: named, and what can be told
# without its heap is told.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
# shellcheck source=tests/e2e/e2e.sh
. "$top_srcdir/tests/e2e/e2e.sh"
need redis-server redis-cli

redis-server --port 0 --unixsocket "$T/socket" --dir "$T" --save '' \
	>"$T/log" 2>&1 &
PID=$!
kill_at_exit "$PID"
serves() {
	redis-cli -s "$T/socket" ping | grep PONG
}
wait_until serves >/dev/null || bail "redis-server does not start"
grep -q jemalloc "/proc/$PID/maps" ||
	skip_all "this redis-server does not use jemalloc"

hs -p "$PID" heap
is "heap: the exit status says that there is no heap" "$status" 5
check "jemalloc is named" grep -q jemalloc "$T/err"
hs --json -p "$PID" chunks
is "chunks: the same" "$status" 5
check "in JSON too" jq -e '.error.message | test("jemalloc")' "$T/out"
hs --json -p "$PID" snapshot
is "snapshot works, and counts no chunks" \
	"$(jq -c '[.rows[0].used_count, .rows[0].threads > 1]' "$T/out")" \
	'[null,true]'
for command in threads maps bt verify; do
	hs --json --limit 0 -p "$PID" "$command"
	is "$command works" "$status" 0
	check "$command has rows" jq -e '.rows | length > 0' "$T/out"
done
hs -p "$PID" "x/4gx \$rsp"
is "memory can be read" "$status" 0
check "every thread is unharmed" each_task_unharmed
check "redis serves" serves
done_testing

#!/bin/sh
# A process with another allocator: named, and what needs no heap works.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need jq
need_ptrace

for lib in /usr/lib/*/libjemalloc.so.2 /usr/lib/libjemalloc.so.2 \
	/usr/lib64/libjemalloc.so.2; do
	[ -e "$lib" ] && break
done
[ -e "$lib" ] || skip_all "libjemalloc.so.2 is not installed"

mkfifo "$T/ctl"
LD_PRELOAD=$lib "$top_builddir/tests/fixtures/one_block" <"$T/ctl" \
	>"$T/manifest" &
PID=$!
kill_at_exit "$PID"
exec 9>"$T/ctl"
wait_until grep -q ready "$T/manifest" || bail "one_block is not ready"
tap_tasks=$(task_count)

for command in heap sizes chunks count "chunk main" "near 64"; do
	# shellcheck disable=SC2086 # words on purpose
	hs --json -p "$PID" $command
	is "$command: 5" "$status" 5
	check "$command: names it" grep -q jemalloc "$T/err"
	check "$command: in JSON too" jq -e \
		'.error.code == "unsupported" and (.error.message | test("jemalloc"))' "$T/out"
done
check "it says what works" grep -q "threads" "$T/err"
for command in threads bt maps verify "x/4gx \$rsp" "symbol main" "disas main" \
	snapshot; do
	# shellcheck disable=SC2086
	hs --json -p "$PID" $command
	is "$command works" "$status" 0
	check "$command has rows" jq -e '.rows | length > 0' "$T/out"
done
check "target unharmed" unharmed
exec 9>&-
wait "$PID"
is "target ended by itself" $? 0
done_testing

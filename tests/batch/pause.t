#!/bin/sh
# --max-pause: contents are given up for it, the chunks are not, and it is said.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need jq
need_ptrace

# 200 MB cannot be copied in a millisecond.
start_fixture threads200
hs --json -p "$PID" -e snapshot -e 'count used'
whole=$(sed -n 2p "$T/out" | jq .totals.count)
hs --json --max-pause 1 -p "$PID" -e snapshot -e 'count used'
is "a pause that is too short: incomplete" "$status" 6
is "no contents are kept" "$(sed -n 1p "$T/out" | jq '.rows[0].content_bytes')" 0
check "which is said" grep -q "contents were not kept" "$T/err"
check "in the JSON too" sh -c \
	"sed -n 1p '$T/out' | jq -e '.warnings | any(test(\"max-pause\"))'"
is "the chunks are all there" "$(sed -n 2p "$T/out" | jq .totals.count)" "$whole"
hs --max-pause 1 -p "$PID" near 64
is "near needs contents" "$status" 2
hs --max-pause soon -p "$PID" snapshot
is "no time" "$status" 2
hs --max-pause 60m -p "$PID" snapshot
is "a pause that is long enough" "$status" 0
is "nothing to say" "$(cat "$T/err")" ""
stop_fixture
done_testing

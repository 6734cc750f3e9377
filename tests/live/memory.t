#!/bin/sh
# What a snapshot and leaks need of memory: no more than the copy and some bytes
# for each chunk.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need_ptrace
need jq
[ -z "${HS_SANITIZE-}" ] || skip_all "sanitizers need memory of their own"

start_fixture chains 1000000
peak="shell sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' /proc/\$PPID/status"
hs -p "$PID" -e "$peak" -e snapshot -e leaks -e "$peak" -e "set format json" \
	-e heap -e snapshots
is "it went well" "$status" 0
number() { # FILTER
	sed -n '/^{/p' "$T/out" | jq "$1 // empty"
}
before=$(grep -x '[0-9]*' "$T/out" | head -n 1)
after=$(grep -x '[0-9]*' "$T/out" | tail -n 1)
chunks=$(number 'select(.command == "heap") |
	.totals | .used_count + .free_count + .cached_count')
copied=$(number 'select(.command == "snapshots") | .rows[0].content_bytes')
check "there are so many" [ "$chunks" -ge 1000000 ]
beyond=$(((after - before) * 1024 - copied))
echo "# $before KiB, $after KiB, $copied bytes copied, $chunks chunks"
check "24 bytes a chunk beyond the copy" [ "$beyond" -le $((24 * chunks)) ]
check "there is a table" [ "$beyond" -ge $((16 * chunks)) ]
stop_fixture
done_testing

#!/bin/sh
# What calls of malloc left on a stack does not make a thread that waits seem to
# be inside malloc: it would be so for ever, and damage would not be called that.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need_ptrace
need jq

has_stale() {
	[ "$(sed -n 's/^stale //p' "$T/manifest")" -gt 0 ]
}
start_fixture heap_stale
check "return addresses into malloc are on the stack" has_stale
hs --json -p "$PID" -e snapshot -e heap
is "the heap is complete" "$status" 0
is "one stop was enough" \
	"$(jq 'select(.command == "snapshot") | .rows[0].attempts' "$T/out")" 1
stop_fixture

start_fixture heap_stale damage
check "return addresses into malloc are on the stack, with damage" has_stale
hs --json -p "$PID" -e snapshot -e verify
is "damage is told" "$status" 6
is "one stop was enough for it" \
	"$(jq 'select(.command == "snapshot") | .rows[0].attempts' "$T/out")" 1
is "it is called damage, where it is" "$(jq -r --arg a \
	"$(sed -n 's/^damaged //p' "$T/manifest")" 'select(.command == "verify") |
	.rows[] | select(.addr == $a) | .result + " " + .name' "$T/out")" \
	"failed impossible size"
stop_fixture
done_testing

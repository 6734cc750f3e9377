#!/bin/sh
# leaks, of blocks whose address only the kernel has.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need_ptrace
need jq

held() { # NAME: what is said of the fixture's block
	addr=$(awk -v name="$1" '$1 == name { print $2 }' "$T/manifest")
	jq -r --arg addr "$addr" '.rows[] | select(.addr == $addr) |
		.kind + ", " + .held_by' "$T/out"
}

start_fixture kernel_held
hs --json -p "$PID" leaks
is "answered" "$status" 0
is "epoll's data" "$(held epoll)" "possible, kernel"
if [ -r "/proc/$PID/timers" ]; then
	is "a timer's value" "$(held timer)" "possible, kernel"
else
	skip "a timer's value" "this kernel does not tell timers"
fi
is "what nobody has" "$(held lost)" "definite, nothing"
hs --json -p "$PID" leaks --interior=valgrind
is "memcheck does not ask the kernel" "$(held epoll)" "definite, nothing"
stop_fixture
done_testing

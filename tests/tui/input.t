#!/bin/sh
# Without a terminal; with a terminal that goes away; idle.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
# shellcheck source=tests/lib/tui.sh
. "$top_srcdir/tests/lib/tui.sh"
need_ptrace
need tmux
start_fixture leaky_server

hs -p "$PID"
is "without a terminal or a command: usage" "$status" 2

tui_start 80 24
tui_open ''
tool=$(tui_tool)
ticks() {
	# utime and stime of the tool, which has no blank in its name
	cut -d ' ' -f 14,15 "/proc/$tool/stat"
}
switches() {
	awk '/ctxt_switches/ { n += $2 } END { print n }' "/proc/$tool/status"
}
idle() {
	idle_before=$(switches)
	sleep 0.5
	[ "$(switches)" = "$idle_before" ]
}
check "idle it does nothing at all" wait_until idle
tui kill-server
gone() {
	! kill -0 "$tool"
}
check "when its terminal goes, so does it" wait_until gone
check "the target is unharmed" unharmed
stop_fixture
done_testing

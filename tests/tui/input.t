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
tui_type "TERM=dumb $HS -p $PID; echo status \$?"
tui_sees "a terminal that cannot show it is refused" 'cannot show a screen'
tui_sees "with a usage error" '^status 2'
tui_type "TERM=of-the-future $HS -p $PID; echo status \$?"
tui_sees "one that is not known too" '"of-the-future" is not known'
tui_type clear
tui_type "TERM=vt100 $HS -p $PID; echo status \$?"
tui_sees "an old one will do" '\[1 ?Heap\]'
tui_keys q
tui_sees "and is left tidy" '^status 0$'

tui_type clear
tui_open ''
# click BUTTON COLUMN LINE, counted from 0, in X10's encoding; 3: let go.
event() {
	# shellcheck disable=SC2046
	tui send-keys -t t -H 1b 5b 4d $(printf '%x %x %x' "$(($1 + 32))" \
		"$(($2 + 33))" "$(($3 + 33))")
}
click() {
	event "$1" "$2" "$3"
	event 3 "$2" "$3"
}
click 0 12 1
tui_sees "a click chooses a tab" '\[2 ?Sizes\]'
selected() { # LINE, counted from 0
	[ "$(tui_screen | grep -n '^▸' | cut -d : -f 1)" = $(($1 + 1)) ]
}
check "the first row is selected" wait_until selected 4
click 0 6 5
check "a click selects the row under it" wait_until selected 5
event 64 6 5
check "the wheel moves" wait_until selected 4
click 0 6 4
tui_sees "a click on the selected row goes into it" '^.heapscope. chunks used'
tui_keys 1
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

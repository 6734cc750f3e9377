#!/bin/sh
# ^C, ^Z, and the signals that end us: the target runs on, the terminal is given
# back.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
# shellcheck source=tests/lib/tui.sh
. "$top_srcdir/tests/lib/tui.sh"
need_ptrace
need tmux
start_fixture leaky_server
tui_start 80 24
tui_open ''

tui_type ':sleep 600'
tui_sees "long work says how to end it" '\^C ends it'
tui_keys C-c
tui_sees "^C ends it" 'interrupted'
tui_keys C-c
tui_sees "without work it says what leaves" 'q leaves'
tui_keys : d i C-c
tui_sees "^C leaves the prompt" '^\(heapscope\) sleep 600'

suspended() {
	grep -q '^State:.T' "/proc/$1/status"
}
tool=$(tui_tool)
tui_keys C-z
check "^Z suspends us" wait_until suspended "$tool"
check "the target runs on" unharmed
tui_sees "the shell has the terminal" 'ready>'
check "which is sane" tui_is_sane
tui_type fg
tui_sees "fg brings the screen back" '\[1Heap\].*0Types'
tui_keys 2
tui_sees "and the keys work" '\[2Sizes\]'
tui_keys q
# The screen under ours has prompts before we have ended.
ended() {
	! kill -0 "$tool"
}
check "q leaves" wait_until ended
check "the terminal is as it was" tui_is_sane

for signal in TERM HUP SEGV; do
	tui_type 'clear'
	tui_open ''
	tool=$(tui_tool)
	kill -"$signal" "$tool"
	tui_sees "$signal ends it" '^status [0-9]+'
	check "the terminal is given back after $signal" tui_is_sane
	check "the target is unharmed after $signal" unharmed
done

tui_type 'clear'
tui_open ''
tool=$(tui_tool)
kill -KILL "$tool"
tui_sees "KILL ends it" 'status 137'
check "the target is unharmed after KILL" unharmed
stop_fixture
done_testing

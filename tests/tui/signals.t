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

# ^C reaches the screen while a command runs and while it waits for a key, not
# between two lines of a script: one sent then ends the next command at once.
mkfifo "$T/script"
"$HS" -p "$PID" --script "$T/script" >"$T/out" 2>"$T/err" </dev/null 9>&- &
tool=$!
kill_at_exit "$tool"
exec 8>"$T/script"
screens=0
after() { # LINE: the screen behind it is $screen
	screens=$((screens + 1))
	screen=$T/screen$screens
	# It is whole when the next one is there.
	printf '%s\n' "$1" "save-screen $screen" "save-screen $screen.next" >&8
	wait_until test -s "$screen.next" || bail "no screen behind $1"
}
given_up() { # LINE HOW: run by LINE, in vain; HOW starts it again
	kill -INT "$tool"
	after "$1"
	check "$1: ^C ends it, and it says what starts it" \
		grep -q "^ *interrupted; $2 starts it again\$" "$screen"
}
made() { # LINE COLUMN
	after "$1"
	check "$1: it is made" grep -q "$2" "$screen"
}
after 'key 1'
given_up 'key 0' '0 or :types'
after 'command echo still'
check "another line does not start it" grep -q '^ *interrupted;' "$screen"
made 'key 0' 'NAMED BY'
given_up 'key 5' '5 or :leaks'
made 'command leaks' 'HELD BY'
given_up 'key 6' '6 or :retained'
after 'key 1'
made 'key 6' 'RETAINED'
after 'key 1'
after 'key S'
given_up 'key 0' '0 or :types'
after 'key ?'
made 'key Backspace' 'NAMED BY'
exec 8>&-
status=0
wait "$tool" || status=$?
is "the script ends as ever" "$status" 0
stop_fixture
done_testing

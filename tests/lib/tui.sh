# shellcheck shell=sh
# Sourced by tests/tui/*.t after tap.sh: a shell in a terminal of its own, in
# which heapscope is started as a person would.
#
#   tui_start COLUMNS ROWS   the terminal, with a shell in it
#   tui_type TEXT            letters, then Enter
#   tui_keys KEY ...         keys as tmux names them: Enter, BSpace, C-c, S
#   tui_shows REGEX          is it on the screen?
#   tui_sees WHAT REGEX      checks that it comes to be there
#   tui_open OPTIONS           starts heapscope there, waits for its screen
#   tui_closed WHAT          checks that the shell is back and the terminal sane
tui() {
	tmux -S "$T/tmux" -f /dev/null "$@"
}
tui_exit() {
	tui_status=$?
	tui kill-server 2>/dev/null
	tap_exit "$tui_status"
}
tui_start() {
	need tmux
	# The fixture's input (9) is not to be held open by the server.
	mkdir -p "$T/home"
	trap tui_exit EXIT
	env -u TMUX HOME="$T/home" ENV='' TERM=xterm-256color \
		tmux -S "$T/tmux" -f /dev/null new-session -d -s t \
		-x "$1" -y "$2" "${TUI_SHELL:-sh -i}" 9>&- ||
		bail "tmux does not start"
	tui set -g status off
	tui set -g default-terminal tmux-256color
	tui set -sg escape-time 20
	tui set -g window-size manual
	tui resize-window -t t -x "$1" -y "$2"
	wait_until tui_shows '[#$]' || bail "no shell"
	tui_type "PS1='ready> '; clear; stty -g >$T/stty.before"
	wait_until tui_shows '^ready>' || bail "the shell is not ready"
}
tui_keys() {
	for tui_key in "$@"; do
		tui send-keys -t t "$tui_key"
	done
}
tui_type() {
	tui send-keys -t t -l "$1"
	tui send-keys -t t Enter
}
tui_screen() {
	tui capture-pane -t t -p
}
tui_shows() {
	tui_screen | grep -Eq -- "$1"
}
tui_hides() {
	! tui_shows "$1"
}
tui_sees() {
	if wait_until tui_shows "$2"; then
		tap_result 0 "$1"
	else
		tap_result 1 "$1"
		echo "# no \"$2\" in:"
		tui_screen | sed 's/^/# |/'
	fi
}
# The pid of heapscope that looks at $PID.
tui_tool() {
	pgrep -f -o "^$HS -p $PID" || bail "heapscope does not run"
}
tui_open() {
	tui_type "$HS -p $PID $1; echo status \$?"
	tui_sees "the screen opens with a first snapshot" \
		"snapshot 1: [0-9,]+ chunks"
}
tui_is_sane() {
	# What an earlier look left on the screen must not be taken for this.
	rm -f "$T/stty.after"
	tui_type "stty -g >$T/stty.now; mv $T/stty.now $T/stty.after"
	wait_until test -s "$T/stty.after" || return 1
	cmp "$T/stty.before" "$T/stty.after" || return 1
	# Alternate screen, mouse, keypad mode: off.  Cursor: on.
	[ "$(tui display-message -p -t t \
		'#{alternate_on}#{mouse_any_flag}#{keypad_cursor_flag}#{cursor_flag}')" = 0001 ]
}
tui_closed() {
	tui_sees "$1" "^status $2\$"
	check "the terminal is as it was" tui_is_sane
}

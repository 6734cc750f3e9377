#!/bin/sh
# Any size, at any moment: small ones leave parts out and come to no harm.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
# shellcheck source=tests/lib/tui.sh
. "$top_srcdir/tests/lib/tui.sh"
need_ptrace
need tmux
start_fixture leaky_server
tui_start 80 24
tui_open ''
resize() {
	tui resize-window -t t -x "$1" -y "$2"
}
resize 120 40
tui_sees "a large screen is used" '^heapscope|^ heapscope .*glibc .*last stop'
tui_keys 4
for size in '79 23' '60 20' '40 12' '30 8' '20 5' '10 3' '5 2' '2 1'; do
	# shellcheck disable=SC2086
	resize $size
	tui_keys Down Up S '?' BSpace 2 3 1 4
	check "at $size it goes on" kill -0 "$(tui_tool)"
done
resize 20 5
tui_keys 1
tui_sees "the table is there at 20 columns and 5 lines" 'ARENA'
resize 80 24
tui_sees "all is back when there is room" '\[1Heap\].*0Types'
tui_sees "the keys are, too" 'S snapshot .*q quit'
tui_keys : e c h o
resize 100 30
tui_sees "what is being typed survives" '^\(heapscope\) echo$'
resize 20 5
tui_sees "on a small screen too" '^\(heapscope\) echo$'
tui_keys C-c
resize 80 24
tui_sees "the end of the line is the end" '\[1Heap\].*0Types'
tui_keys q
tui_closed "q leaves" 0
stop_fixture
done_testing

#!/bin/sh
# The target ends while we look: it is said at once, and what was taken stays.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
# shellcheck source=tests/lib/tui.sh
. "$top_srcdir/tests/lib/tui.sh"
need_ptrace
need tmux
start_fixture leaky_server
tui_start 80 24
tui_open ''
# It ends by itself when its input does.
exec 9>&-
wait "$PID"
tui_sees "its end is said without a key" "process $PID has ended"
tui_sees "in the title too" "leaky_server $PID .* ended"
tui_keys 4
tui_sees "the snapshot stays usable" '\[4Chunks\]'
tui_sees "with its bytes" 'as in snapshot 1'
tui_keys S
tui_sees "a new one cannot be had, which is said" 'has ended'
tui_keys q
tui_closed "q leaves" 0
done_testing

#!/bin/sh
# The main job by keys: a snapshot, the step, another, what is new, whose it is.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
# shellcheck source=tests/lib/tui.sh
. "$top_srcdir/tests/lib/tui.sh"
need_ptrace
need tmux
start_fixture leaky_server
port=$(sed -n 's/^port //p' "$T/manifest")
class=$(sed -n 's/^class //p' "$T/manifest")
visit() {
	"$top_builddir/tests/fixtures/leaky_server" --poke "$port" "$1" >&2
}
visit 8
tui_start 100 30
tui_open ''
tui_sees "the title says whom we look at" "leaky_server $PID .*running"
check "the target runs while the screen is up" unharmed

tui_keys 3
tui_sees "the Diff tab says what to do" 'press S for a second'
visit 30
tui_keys S
tui_sees "S takes a snapshot and says so" 'snapshot 2: [0-9,]+ chunks'
tui_sees "the key's command line is echoed" '^\(heapscope\) snapshot'
tui_sees "the Diff tab names the two" '\[3 Diff 1 . 2\]'
tui_keys d
tui_sees "30 visitors, 30 new receipts, first in the list" \
	"^. +$class +30 "
tui_keys Enter
tui_sees "Enter opens the class: its new chunks" \
	"^\(heapscope\) chunks new class=$class"
tui_sees "all of them" ' of 30$'
# The third row, so that Backspace has something to remember.
third=$(tui_screen | sed -n 's/^. *\(0x[0-9a-f]*\) .* used .*/\1/p' |
	sed -n 3p)
tui_keys Down Down
tui_sees "the bytes of the row are shown" "bytes of $third.* as in snapshot 2"
tui_sees "and what they point at" 'sale_receipt_ops'
tui_keys Enter
tui_sees "Enter opens the chunk" "^\(heapscope\) chunk $third"
tui_sees "with its neighbours" '^neighbours'
tui_keys BSpace
tui_sees "Backspace is back at the same row" "^[^ ] $third"
tui_keys BSpace
tui_sees "and at the classes" "^. +$class +30 "
tui_keys w
tui_sees "w: what surrounds them" "^\(heapscope\) near $class"
tui_sees "they begin alike" '30 of 30 +.*sale_receipt_ops'
check "the target is unharmed" unharmed

tui_keys 4 /
tui_type 'sale_receipt'
tui_sees "/ shows only rows with the text" '/sale_receipt'
tui_keys 2 o
tui_sees "o sorts by the next column" '^\(heapscope\) sort [a-z]+'
tui_keys :
tui_sees "there is a prompt" '^\(heapscope\) ?$'
tui_keys c o u Tab
tui_sees "TAB completes commands" '^\(heapscope\) count ?$'
tui_keys n e w Enter
tui_sees "a typed line is run" '^\(heapscope\) count new'
tui_keys :
tui_sees "the prompt is there again" 'Enter runs it'
tui_keys Up
tui_sees "and remembered" '^\(heapscope\) count new'
tui_keys C-c
tui_type ':nonsense'
tui_sees "what is unknown is said" 'unknown command "nonsense"'
tui_keys q
tui_closed "q leaves" 0
check "what was typed is kept for the next time" \
	grep -qx 'count new' "$T/home/.local/state/heapscope/history"
stop_fixture
done_testing

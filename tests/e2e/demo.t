#!/bin/sh
# The demo, as text and on a terminal: it works, twice, and leaves nothing.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need_ptrace
cd "$top_srcdir" || bail "no source tree"
# By this name its servers are told from those of other tests.
ln -s "$top_builddir" "$T/build"
BUILD=$T/build
TMPDIR=$T
export BUILD TMPDIR

no_server() {
	! pgrep -f "^$BUILD/tests/fixtures/leaky_server"
}
for round in first second; do
	status=0
	sh tests/demo/demo.sh >"$T/out" 2>"$T/err" </dev/null || status=$?
	is "the $round time: exit status 0" "$status" 0
	[ "$status" = 0 ] || hs_said
done
class=$(sed -n 's/.*new chunks of class \([0-9]*\)$/\1/p' "$T/out" | head -n 1)
check "the step ran" grep -q '^40 visitors served' "$T/out"
# Forty visitors, forty receipts; three of four of them are forgotten.
check "diff has the receipts: 40 new ones of $class bytes" \
	grep -Eq "(^|[^0-9])$(echo "$class" | sed 's/^\(.*\)\(...\)$/\1,?\2/')[^0-9].*[^0-9]40([^0-9]|\$)" "$T/out"
check "near names what they begin with" grep -q sale_receipt_ops "$T/out"
check "nothing is said on standard error" test ! -s "$T/err"
check "no server is left" no_server

if ! command -v tmux >/dev/null; then
	skip "on a terminal" "tmux is not installed"
	done_testing
fi
tmux_() {
	tmux -S "$T/tmux" -f /dev/null "$@"
}
shows() {
	tmux_ capture-pane -p -t demo | grep -q "$1"
}
ended() {
	[ -e "$T/ended" ]
}
tmux_ new-session -d -s demo -x 120 -y 40 \
	"sh tests/demo/demo.sh; echo \$? >$T/ended" || bail "tmux"
check "it says what to press" wait_until shows 'Press Enter'
check "three lines of it" shows '3\. .*:near'
tmux_ send-keys -t demo Enter
check "the screen opens" wait_until shows 'heapscope.*leaky_server'
tmux_ send-keys -t demo q
check "q ends it" wait_until ended
is "with exit status 0" "$(cat "$T/ended")" 0
tmux_ kill-server 2>/dev/null
check "no server is left after the screen" no_server
done_testing

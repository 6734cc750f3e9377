#!/bin/sh
# heapscope is killed while it holds a 32-bit program whose threads are in all
# kinds of blocking calls: none of them notices.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need_ptrace
need_m32
FIXTURES=$top_builddir/tests/fixtures32

start_fixture blocking
held() {
	! grep -q '^TracerPid:.0$' "/proc/$PID/status"
}
kills=0
while [ "$kills" -lt 20 ]; do
	"$HS" -p "$PID" -e snapshot -e snapshot -e bt >"$T/out" 2>&1 &
	hs=$!
	# It may be over before we see it: then once more.
	until held || ! kill -0 "$hs" 2>/dev/null; do :; done
	kill -KILL "$hs" 2>/dev/null
	status=0
	wait "$hs" || status=$?
	[ "$status" != 137 ] || kills=$((kills + 1))
	[ "$status" = 137 ] || [ "$status" = 0 ] || break
	unharmed || break
done
is "killed while it held the program" "$kills" 20
hs -p "$PID" verify
is "afterwards the heap adds up" "$status" 0
fixture_say early early
is "no call came back" "$(grep '^early' "$T/manifest")" "early 0"
fixture_say wake woke
is "and each still waits for the right thing" "$(sed -n \
	's/^woke \([0-9]*\) of \([0-9]*\).*/\1 \2/p' "$T/manifest" |
	awk '{ print ($1 == $2 && $1 >= 15) }')" 1
tap_tasks=$(task_count)
stop_fixture

# A thread that runs code of the other kind is seen, and said to be one.
foreign() { # WHAT WORDS
	start_fixture mixed_modes
	hs -p "$PID" --json heap
	is "$1: the heap is whole" "$status" 0
	hs -p "$PID" bt
	is "$1: not all stacks are" "$status" 6
	is "$1: which and why is said" "$(grep -c "$2" "$T/err")" 1
	fixture_say early early
	is "$1: no call came back" "$(grep '^early' "$T/manifest")" "early 0"
	fixture_say wake woke
	is "$1: each waits for the right thing" "$(awk '/^woke/ {
		print ($2 == $4 && $2) }' "$T/manifest")" 1
	tap_tasks=$(task_count)
	stop_fixture
}
foreign "64-bit code" "runs 64-bit code in a 32-bit program"
FIXTURES=$top_builddir/tests/fixtures
foreign "32-bit code" "runs 32-bit code in a 64-bit program"
done_testing

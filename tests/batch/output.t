#!/bin/sh
# Answers that cannot be written, and ^C.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need setsid
need_ptrace

start_fixture heap_threads
status=0
if [ -w /dev/full ]; then
	"$HS" -p "$PID" chunks all >/dev/full 2>"$T/err" || status=$?
	is "a full disk: 70" "$status" 70
	check "the reason is said" grep -qi "no space" "$T/err"
	status=0
	"$HS" --json -p "$PID" chunks all >/dev/full 2>"$T/err" || status=$?
	is "JSON, a full disk: 70" "$status" 70
	status=0
	"$HS" --version >/dev/full 2>"$T/err" || status=$?
	is "--version, a full disk: 70" "$status" 70
else
	skip "a full disk" "there is no /dev/full"
fi
status=0
"$HS" -p "$PID" heap >&- 2>"$T/err" || status=$?
is "no stdout: 70" "$status" 70
check "said" grep -q "cannot write" "$T/err"
status=0
"$HS" -p "$PID" heap <&- >"$T/out" 2>"$T/err" || status=$?
is "no stdin is no matter" "$status" 0

# A reader that has enough is no error to talk about.
{
	"$HS" -p "$PID" -e 'chunks all' -e 'chunks all' 2>"$T/err"
	echo $? >"$T/status"
} | head -n 1 >"$T/head"
check "a closed pipe ends it quietly" test ! -s "$T/err"
check "its reader got the first line" test -s "$T/head"

interrupted() { # COMMAND PREFIX: ^C while it runs; PREFIX -: to the group
	rm -f "$T/ready"
	mkfifo "$T/ready"
	# An asynchronous list ignores SIGINT; env restores it.  A terminal's
	# ^C reaches the whole group: it needs one of its own.  What a shell
	# leaves behind must not hold the fixture's input.
	setsid env --default-signal=INT "$HS" -p "$PID" -e snapshot \
		-e "shell echo up >$T/ready" -e "$1" -e "echo not reached" \
		>"$T/out" 2>"$T/err" 9>&- &
	hs=$!
	kill_at_exit "$hs"
	read -r _ <"$T/ready"
	# Whenever it comes, in or before the command, it ends the run.
	kill -INT "$2$hs"
	status=0
	wait "$hs" || status=$?
	pkill -KILL -s "$hs"
	is "^C $2 during $1: 130" "$status" 130
	check "the rest is not run" sh -c "! grep -q 'not reached' '$T/out'"
	check "the target is unharmed" unharmed
}
if env --default-signal=INT true 2>/dev/null; then
	interrupted "sleep 1000" -
	interrupted "sleep 1000"
	interrupted "shell sleep 1000; sleep 1000" -
	interrupted "shell exec sleep 1000"
	interrupted "shell trap '' INT; exec sleep 1000"

	# While the process stands.  A stop is short: whoever looks may only see
	# what comes after it, and then looks again.
	stop_fixture
	start_fixture threads200
	traced=
	rounds=0
	while [ ! "$traced" ] && [ "$rounds" -lt 50 ]; do
		rounds=$((rounds + 1))
		: >"$T/out"
		env --default-signal=INT "$HS" -p "$PID" -e snapshot \
			-e "sleep 1000" >"$T/out" 2>"$T/err" &
		hs=$!
		kill_at_exit "$hs"
		until grep -q '^SNAPSHOT' "$T/out" || [ ! -e "/proc/$hs/exe" ]; do
			if grep -q '^TracerPid:.[1-9]' "/proc/$PID/status"; then
				traced=1
				break
			fi
		done
		kill -INT "$hs"
		status=0
		wait "$hs" || status=$?
	done
	if [ "$traced" ]; then
		is "^C while the process stands: 130" "$status" 130
	else
		skip "^C while the process stands" \
			"no stop of $rounds was seen: $(cat "$T/err")"
	fi
	check "the target is unharmed" unharmed
else
	skip "^C" "env cannot reset signals"
fi
stop_fixture
done_testing

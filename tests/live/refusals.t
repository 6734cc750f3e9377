#!/bin/sh
# What cannot be looked into: its own sentence and exit status each.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need_ptrace

# refused WHAT STATUS WORDS: of the last hs
refused() {
	is "$1: status" "$status" "$2"
	check "$1: the reason is said" grep -q "$3" "$T/err"
	is "$1: nothing else is printed" "$(cat "$T/out")" ""
	[ "$status" = "$2" ] || hs_said
}

sh -c 'exit 0' &
PID=$!
wait "$PID"
hs -p "$PID" heap
refused "a process that is gone" 4 "no such process"

hs -p "no-process-has-this-name" heap
refused "a name that nobody has" 4 "no process is named"

start_fixture runner zombie
ZOMBIE=$(sed -n 's/^zombie //p' "$T/manifest")
hs -p "$ZOMBIE" heap
refused "a zombie" 4 "zombie that its parent $PID (runner)"
stop_fixture

start_fixture runner threads 1
THREAD=$(find "/proc/$PID/task" -mindepth 1 -maxdepth 1 ! -name "$PID" |
	sed 's|.*/||')
hs -p "$THREAD" heap
refused "a thread" 2 "thread of process $PID"

if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	cp "$HS" "$T/heapscope"
	chmod 755 "$T" "$T/heapscope"
	HS="$T/nobody"
	cat >"$HS" <<-END
		#!/bin/sh
		exec setpriv --reuid 65534 --regid 65534 --clear-groups \
			"$T/heapscope" "\$@"
	END
	chmod 755 "$HS"
	hs -p "$PID" heap
	refused "another user's process" 3 "CAP_SYS_PTRACE"
	HS=$T/heapscope
else
	skip "another user's process" "needs root and setpriv"
fi
fixture_say ping pong
stop_fixture

if command -v strace >/dev/null; then
	start_fixture runner threads 1
	strace -f -p "$PID" -o /dev/null 2>"$T/strace" &
	TRACER=$!
	kill_at_exit "$TRACER"
	wait_until grep -q "^TracerPid:.$TRACER$" "/proc/$PID/status"
	hs -p "$PID" heap
	refused "a process under strace" 3 \
		"traced by process $TRACER (strace)"
	kill "$TRACER"
	wait "$TRACER"
	fixture_say ping pong
	stop_fixture
else
	skip "a process under strace" "strace is not installed"
fi

start_fixture runner vfork
hs -p "$PID" heap
refused "a thread in vfork()" 3 "does not stop: .*vfork"
fixture_say let let
hs -p "$PID" heap
is "which is over: status" "$status" 0
fixture_say ping pong
stop_fixture

start_fixture runner leader
hs -p "$PID" heap
is "a process whose leader ended: status" "$status" 0
[ "$status" = 0 ] || hs_said
fixture_say ping pong
exec 9>&-
wait "$PID"
is "and it ends as it should" $? 0
done_testing

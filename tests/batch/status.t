#!/bin/sh
# Exit statuses: each of the manual's table.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need jq
need_ptrace

usage() { # WHAT WORD ARG...: status 2 and WORD on stderr
	what=$1 word=$2
	shift 2
	hs "$@"
	is "$what: usage" "$status" 2
	check "$what: says it" grep -q -e "$word" "$T/err"
}
usage "no process" "-p PID" heap
usage "nothing at all" "-p PID"
usage "unknown option" --bad --bad heap
usage "no value" "takes N" --limit
usage "no number" limit --limit many help
usage "two formats" exclude --json --csv help
usage "no core file" "No such file" -c nowhere/core heap
usage "freeze=fork" "not in this version" --freeze=fork help
usage "unknown freeze" "stop or auto" --freeze=thaw help
usage "words and -e" "not both" -e help help
hs --freeze=auto --version
is "freeze=auto is fine" "$status" 0

usage "a process without -p" "heapscope -p 4711 heap" 4711 heap
usage "a number too large" "64 bits" --limit 99999999999999999999 help

start_fixture one_block
usage "unknown command" 'unknown command "frobnicate"' -p "$PID" frobnicate
usage "ambiguous prefix" "ambiguous.*shell, show, sizes" -p "$PID" s
usage "no COMMAND, no terminal" "no COMMAND" -p "$PID"
usage "unknown column" '"nocolumn"' --sort nocolumn -p "$PID" heap
usage "a set that is none" '"nonsense"' -p "$PID" chunks nonsense
usage "no such snapshot" "no snapshot" -p "$PID" use first
usage "one snapshot is no diff" "two snapshots" -p "$PID" -e snapshot -e diff
usage "no such symbol" nosuch -p "$PID" x/gx nosuchsymbol
usage "surplus words" "no argument" -p "$PID" heap of mine
usage "a bad set value" "on or off" -p "$PID" set exact maybe
usage "an unknown setting" "no setting" -p "$PID" set nothing 1
usage "no chunk there" "in no chunk" -p "$PID" chunk main

hs -p "$PID" x/gx 8
is "unreadable memory: 6" "$status" 6
check "with its address" grep -q 0x8 "$T/err"
hs -p "$PID" -e 'echo one' -e 'symbol nosuchsymbol' -e 'echo two'
is "the first failure ends the run" "$status" 2
is "and what came before was said" "$(cat "$T/out")" one

hs -p 4194305 heap
is "no such process: 4" "$status" 4
hs --json -p 4194305 heap
is "in JSON" "$(jq -r '.command + " " + .error.code' "$T/out")" "heap gone"
hs -p no-process-has-this-name heap
is "no such name: 4" "$status" 4
hs -p "$PID" heap
is "done: 0" "$status" 0
is "and nothing on stderr" "$(cat "$T/err")" ""

# By name: two processes of one comm are listed, one is found.
cp "$top_builddir/tests/fixtures/one_block" "$T/hs_twin"
twin() {
	mkfifo "$T/$1"
	"$T/hs_twin" <"$T/$1" >"$T/$1.out" &
	kill_at_exit $!
	eval "$1=$!"
}
twin first
exec 7>"$T/first"
wait_until grep -q ready "$T/first.out"
hs --json -p hs_twin heap
is "a name" "$(jq .target.pid "$T/out")" "$first"
twin second
exec 8>"$T/second"
wait_until grep -q ready "$T/second.out"
hs -p hs_twin heap
is "a name of two: usage" "$status" 2
check "the first is listed" grep -qw "$first" "$T/err"
check "the second is listed" grep -qw "$second" "$T/err"
exec 7>&- 8>&-
wait "$first" "$second"
hs -p "$first" heap
is "ended: 4" "$status" 4

kernel=$(pgrep -x kthreadd)
if [ -n "$kernel" ]; then
	hs -p "$kernel" heap
	is "a kernel thread: 5" "$status" 5
	check "named as such" grep -q "kernel thread" "$T/err"
else
	skip "a kernel thread" "none is seen from here"
fi

# A program of the other word size needs no libc to be refused.
cat >"$T/pause.c" <<'END'
void _start(void)
{
	for (;;)
		__asm__ volatile("int $0x80" : : "a"(29));
}
END
if ${HS_CC:-cc} -m32 -nostdlib -static -o "$T/hs_word4" "$T/pause.c" \
	2>/dev/null; then
	"$T/hs_word4" 9>&- &
	word4=$!
	kill_at_exit "$word4"
	wait_until grep -q hs_word4 "/proc/$word4/comm"
	hs -p "$word4" heap
	is "a 32-bit process: 5" "$status" 5
	check "named as such" grep -q 32-bit "$T/err"
	check "it is not traced" grep -q '^TracerPid:.0$' "/proc/$word4/status"
else
	skip "a 32-bit process" "the compiler makes none"
fi

if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	chmod 755 "$T"
	status=0
	setpriv --reuid=65534 --regid=65534 --clear-groups -- \
		"$HS" -p "$PID" heap >"$T/out" 2>"$T/err" || status=$?
	if grep -q "Permission denied" "$T/err" && [ "$status" = 126 ]; then
		skip "not permitted" "another user cannot run heapscope here"
	else
		is "not permitted: 3" "$status" 3
	fi
else
	skip "not permitted" "we are not root, or setpriv is not installed"
fi

# The end of the target is told at once.
mkfifo "$T/doomed"
"$top_builddir/tests/fixtures/one_block" <"$T/doomed" >"$T/doomed.out" &
doomed=$!
kill_at_exit "$doomed"
exec 7>"$T/doomed"
wait_until grep -q ready "$T/doomed.out"
hs -p "$doomed" -e snapshot -e "shell kill $doomed" -e heap -e 'sleep 100'
is "the target ends: 4" "$status" 4
check "said" grep -q "$doomed.*has ended" "$T/err"
check "its snapshot still answers" grep -q '^mmapped' "$T/out"
exec 7>&-
wait "$doomed"
stop_fixture
done_testing

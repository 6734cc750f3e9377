#!/bin/sh
# Commands that wait end when what they wait for cannot come any more.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need_ptrace

# A sleep that begins after the process has ended.
mkfifo "$T/doomed"
"$top_builddir/tests/fixtures/one_block" <"$T/doomed" >"$T/doomed.out" &
doomed=$!
kill_at_exit "$doomed"
exec 7>"$T/doomed"
wait_until grep -q ready "$T/doomed.out"
cat >"$T/end" <<END
kill $doomed
while grep -q '^State:.[^ZX]' /proc/$doomed/status; do :; done
END
hs -p "$doomed" -e snapshot -e "shell sh $T/end" -e 'sleep 1000'
is "sleep, when the process has ended already: 4" "$status" 4
check "it is said" grep -q "$doomed.*has ended" "$T/err"
exec 7>&-
wait "$doomed"

# ^C that reaches heapscope alone, while its shell command runs.
start_fixture one_block
if env --default-signal=INT true 2>/dev/null; then
	mkfifo "$T/up"
	env --default-signal=INT "$HS" -p "$PID" \
		-e "shell echo \$\$ >$T/up; exec sleep 1000" \
		-e "echo not reached" >"$T/out" 2>"$T/err" &
	hs=$!
	kill_at_exit "$hs"
	read -r child <"$T/up"
	kill_at_exit "$child"
	kill -INT "$hs"
	status=0
	wait "$hs" || status=$?
	is "a shell command that is interrupted: 130" "$status" 130
	is "ends the run" "$(cat "$T/out")" ""
	check "and has ended itself" test ! -d "/proc/$child"
else
	skip "^C" "env cannot reset signals"
fi
stop_fixture
done_testing

#!/bin/sh
# Stacks of python3.11, by the debug information of python3.11-dbg, at stops of
# four programs: functions, lines, arguments and variables as gdb tells them.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
# shellcheck source=tests/e2e/e2e.sh
. "$top_srcdir/tests/e2e/e2e.sh"
# shellcheck source=tests/lib/gdb_frames.sh
. "$top_srcdir/tests/lib/gdb_frames.sh"
# Debian's, whatever else has that name: the debug information is for that.
python=/usr/bin/python3.11
[ -x "$python" ] || skip_all "Debian's python3.11 is not installed"

mkfifo "$T/in"
exec 6<>"$T/in"
# The program, from stdin, runs until it waits.
stop_in() { # WHAT, THE SYSTEM CALL, A FUNCTION
	cat >"$T/program.py"
	"$python" "$T/program.py" <"$T/in" >"$T/said" 2>&1 6>&- 7>&- 8>&- &
	PID=$!
	kill_at_exit "$PID"
	wait_until grep -qs ready "$T/said" ||
		bail "$1: $(tail -n 1 "$T/said")"
	wait_until sleeping "$2" || bail "$1: it does not wait"
	gdb_says
	grep -q '	ceval.c:' "$T/gdb" ||
		skip_all "no debug information of python3.11 here"
	check "$1: the stack is where it was meant to be" grep -q "$3" "$T/gdb"
	same_stop "$1" -p "$PID"
	each_task_unharmed
	kill "$PID"
	wait "$PID" 2>/dev/null
}
sleeping() {
	for task in "/proc/$PID/task"/*; do
		grep -q "^$1 " "$task/syscall" || return 1
	done
}

stop_in "a call from bytecode" 0 _io_FileIO_read <<'END_OF_PROGRAM'
import os, sys
class Reader:
    def __init__(self, stream): self.stream = stream
    def take(self, *sizes, last=None):
        return [self.stream.read(size) for size in sizes]
print("ready", flush=True)
Reader(os.fdopen(0, "rb", 0)).take(1, last=sys.argv)
END_OF_PROGRAM
stop_in "a sleep" 230 time_sleep <<'END_OF_PROGRAM'
import time
def nap(seconds):
    try:
        yield seconds
        time.sleep(seconds)
    finally:
        pass
print("ready", flush=True)
for _ in nap(10000.5): pass
END_OF_PROGRAM
stop_in "a sort" 0 list_sort <<'END_OF_PROGRAM'
import functools, os
class Card:
    asked = False
    def __init__(self, rank): self.rank = rank
    def __lt__(self, other):
        if self.rank == 9 and not Card.asked:
            Card.asked = True
            print("ready", flush=True)
            os.read(0, 1)
        return self.rank < other.rank
cards = [Card(i * 7 % 31) for i in range(31)]
functools.reduce(lambda all, card: sorted(all + [card], reverse=True), cards, [])
END_OF_PROGRAM
stop_in "threads that wait" 202 'PyThread_acquire_lock_timed' <<'END_OF_PROGRAM'
import re, threading
event = threading.Event()
thread = threading.Thread(target=event.wait, daemon=True)
thread.start()
def replaced(match):
    print("ready", flush=True)
    event.wait()
re.sub("b+", replaced, "aabbbcc")
END_OF_PROGRAM
done_testing

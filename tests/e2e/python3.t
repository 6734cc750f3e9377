#!/bin/sh
# python3 running a script that serves on a socket and keeps what it is told.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
# shellcheck source=tests/e2e/e2e.sh
. "$top_srcdir/tests/e2e/e2e.sh"

cat >"$T/serve.py" <<'END'
import socket, sys
kept = []
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
s.listen()
print("ready", flush=True)
while True:
    c, _ = s.accept()
    for line in c.makefile():
        word = line.split()
        if word[0] == "keep":
            kept.extend(bytearray(3000) for _ in range(int(word[1])))
        c.sendall(b"have %d\n" % len(kept))
        break
    c.close()
END
told python3 "$T/serve.py" "$T/socket" >"$T/said" &
PID=$!
kill_at_exit "$PID"
wait_until grep -q ready "$T/said" || bail "python3 does not start"
serves() {
	$PEER line "$T/socket" ask | grep '^have [0-9]'
}
STEP="$PEER line $T/socket 'keep 200'"
the_job

grown=$(jq -c 'select(.command | startswith("diff")) | .rows[0] |
	.new_count >= 200 and .size > 3000 and .size < 3100' "$T/answers")
is "the kept bytearrays come first" "$grown" true

# With all its objects in malloc's heap: a dict with a list for each number.
cat >"$T/keep.py" <<'END'
import sys
table = {i: [i + 1000000] for i in range(int(sys.argv[1]))}
print("ready", flush=True)
sys.stdin.read()
END
mkfifo "$T/in"
exec 8<>"$T/in"
PYTHONMALLOC=malloc python3 "$T/keep.py" 60000 <"$T/in" >"$T/said" &
PID=$!
kill_at_exit "$PID"
wait_until grep -q ready "$T/said" || bail "python3 does not start"
the_tables
is "all is nearest to the runtime's own variable" \
	"$(jq -r 'select(.command == "retained --by=symbol") | .rows |
		max_by(.nearest_bytes) | .name' "$T/tables")" _PyRuntime
is "the dict's table is the suspect, with all its lists" \
	"$(suspects 'select(.kind == "shared" and .direct_count >= 60000) |
		[(.text | test("by way of chunk 0x[0-9a-f]* .PyDict_Type")),
		(.root == "_PyRuntime"), .alone_bytes < .bytes]')" \
	'[true,true,true]'
check "every thread is unharmed" each_task_unharmed
exec 8>&-
done_testing

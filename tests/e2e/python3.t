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
done_testing

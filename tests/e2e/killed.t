#!/bin/sh
# heapscope is killed at any moment; the server goes on serving.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
# shellcheck source=tests/e2e/e2e.sh
. "$top_srcdir/tests/e2e/e2e.sh"

start_fixture leaky_server
port=$(sed -n 's/^port //p' "$T/manifest")
poke() {
	"$top_builddir/tests/fixtures/leaky_server" --poke "$port" 4
}
poke >&2

# How long a session takes here decides when it is killed.
python3 - "$HS" "$PID" >"$T/rounds" <<'END'
import random, subprocess, sys, time
hs = [sys.argv[1], "--json", "-p", sys.argv[2], "-e", "snapshot",
      "-e", "snapshot", "-e", "diff"]
begin = time.monotonic()
subprocess.run(hs, stdout=subprocess.DEVNULL, check=True)
length = time.monotonic() - begin
killed = 0
for _ in range(60):
    p = subprocess.Popen(hs, stdout=subprocess.DEVNULL)
    time.sleep(random.random() * length)
    p.kill()
    killed += p.wait() == -9
print(killed)
END
check "killed in the middle, most times: $(cat "$T/rounds") of 60" \
	test "$(cat "$T/rounds")" -ge 20
agents_gone() {
	! pgrep -f "^$HS .*-p $PID" >/dev/null
}
check "no process of ours is left" wait_until agents_gone
check "it serves" poke
hs --json -p "$PID" heap
is "it can be looked at again" "$status" 0
stop_fixture
done_testing

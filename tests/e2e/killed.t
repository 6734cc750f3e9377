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

# How long the last whole session took decides when the next one is killed.
python3 - "$HS" "$PID" >"$T/kills" <<'END'
import glob, random, subprocess, sys, time
hs = [sys.argv[1], "--json", "-p", sys.argv[2], "-e", "snapshot",
      "-e", "snapshot", "-e", "diff"]


def session(moment):
    begin = time.monotonic()
    p = subprocess.Popen(hs, stdout=subprocess.DEVNULL)
    try:
        status = p.wait(timeout=moment)
    except subprocess.TimeoutExpired:
        p.kill()
        status = p.wait()
    took = time.monotonic() - begin
    # The agent of a killed one lets go in its own time.
    while any(traced(task) for task in
              glob.glob("/proc/%s/task/*/status" % sys.argv[2])):
        time.sleep(0.001)
    return status, took


def traced(task):
    try:
        return "TracerPid:\t0\n" not in open(task).read()
    except OSError:
        return False


status, length = session(None)
kills = 0
while kills < 40 and status in (0, -9):
    status, took = session(random.random() * length)
    if status == 0:
        length = took
    kills += status == -9
if status not in (0, -9):
    print("status", status)
print(kills)
END
is "killed forty times" "$(cat "$T/kills")" 40
agents_gone() {
	! pgrep -f "^$HS .*-p $PID" >/dev/null
}
check "no process of ours is left" wait_until agents_gone
check "it serves" poke
hs --json -p "$PID" heap
is "it can be looked at again" "$status" 0
stop_fixture
done_testing

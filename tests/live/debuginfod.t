#!/bin/sh
# Debug files from servers: only when asked for, only of that build; what no
# server has, and that none answers, is said; ^C ends the wait.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need_ptrace
need jq objcopy python3 readelf

hs --debuginfod -p 1 heap
if grep -q "built without debuginfod" "$T/err"; then
	is "built without it: the option is refused" "$status" 5
	hs -p $$ -e 'set debuginfod on'
	is "built without it: so is the setting" "$status" 5
	check "how to have it is said" grep -q "with-debuginfod" "$T/err"
	hs -p $$ -e 'set debuginfod off'
	is "off is what it is" "$status" 0
fi
HS=$top_builddir/tests/lib/heapscope_debuginfod
if ! [ -x "$HS" ]; then
	skip "debug files from servers" "libdebuginfod's headers are not installed"
	done_testing
fi

cc=${HS_CC:-cc}
mkdir "$T/bin" "$T/files"
(cd "$T/bin" && $cc -g -O2 -pthread -Wl,--build-id -I"$top_srcdir" -o frames \
	"$top_srcdir/tests/fixtures/frames.c") 2>"$T/cc" ||
	bail "$(head -n 1 "$T/cc")"
FIXTURES=$T/bin
id=$(readelf -n "$T/bin/frames" | sed -n 's/.*Build ID: //p')
[ -n "$id" ] || skip_all "the linker here makes no build-ids"

# FOLDER has the files by build-id; a request is a line of requests.  A file
# "hang" there: no answer.
cat >"$T/server.py" <<'END'
import http.server
import os
import sys
import threading

folder = sys.argv[1]


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        with open(folder + "/requests", "a") as log:
            print(self.path, file=log)
        if os.path.exists(folder + "/hang"):
            threading.Event().wait()
        try:
            with open(folder + "/" + self.path.split("/")[2], "rb") as file:
                data = file.read()
        except (OSError, IndexError):
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
with open(folder + "/port.new", "w") as file:
    file.write(str(server.server_port))
os.rename(folder + "/port.new", folder + "/port")
server.serve_forever()
END
: >"$T/files/requests"
python3 "$T/server.py" "$T/files" 2>"$T/server.err" &
kill_at_exit $!
wait_until test -e "$T/files/port" || bail "no server on the loopback"
DEBUGINFOD_URLS=http://127.0.0.1:$(cat "$T/files/port")
DEBUGINFOD_CACHE_PATH=$T/cache
HOME=$T
export DEBUGINFOD_URLS DEBUGINFOD_CACHE_PATH HOME
unset DEBUGINFOD_TIMEOUT DEBUGINFOD_PROGRESS DEBUGINFOD_VERBOSE http_proxy \
	https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY
mkdir "$T/none"

requests() {
	grep -c "/$id/debuginfo" "$T/files/requests"
}
forget() {
	rm -rf "$T/cache"
	: >"$T/files/requests"
}
ask() { # HEAPSCOPE-OPTION...
	hs --json --debug-dir "$T/none" "$@" -p "$PID" -e bt
	jq -r '.rows[] | select((.file // "") | test("/frames[.][ch]$")) |
		"\(.function) \(.file | sub(".*/"; "")):\(.line)"' "$T/out" \
		>"$T/stack"
}
warned() { # WHAT WORDS
	# shellcheck disable=SC2016 # it is for jq
	check "$1: a warning says so" jq -e --arg words "frames: $2" \
		'.warnings | any(test($words))' "$T/out"
	is "$1: nothing is used" "$(cat "$T/stack")" ""
}

start_fixture frames
ask
cp "$T/stack" "$T/wanted"
check "with its own debug information there are lines" grep -q frames_pass \
	"$T/wanted"
ask --debuginfod
is "what has its own is not asked for" "$(requests)" 0
stop_fixture
objcopy --only-keep-debug "$T/bin/frames" "$T/files/$id"
objcopy --strip-all "$T/bin/frames"
start_fixture frames

forget
ask
is "not asked for: no request" "$(wc -l <"$T/files/requests")" 0
is "not asked for: no lines" "$(cat "$T/stack")" ""
hs --debuginfod --debug-dir "$T/none" -p "$PID" -e heap
is "heap: no request for the program" "$(requests)" 0
ask --debuginfod
is "asked for: the lines" "$(cat "$T/stack")" "$(cat "$T/wanted")"
is "asked for: one request" "$(requests)" 1
hs --debuginfod --debug-dir "$T/none" -p "$PID" -e bt -e 'symbol frames:compare'
is "names that only that file has" "$status" 0
ask --debuginfod
is "it is kept: no other request" "$(requests)" 1
forget
hs --json --debug-dir "$T/none" -p "$PID" -e bt -e 'set debuginfod on' -e bt
is "the setting: as soon as it is on" "$(requests)" 1
check "the setting: the lines are there" jq -e -s \
	'.[-1].rows | any((.file // "") | test("/frames[.][ch]$"))' "$T/out"

forget
cp "$top_builddir/tests/fixtures/one_block" "$T/files/$id"
ask --debuginfod
warned "a file of another build" \
	"debuginfod: what the server gave is of another build .*not used"
forget
head -c 1000 "$T/server.py" >"$T/files/$id"
ask --debuginfod
warned "a file that is none" "debuginfod: what the server gave .*not used"
forget
rm "$T/files/$id"
ask --debuginfod
warned "what no server has" "debuginfod: no server has its debug information"
forget
DEBUGINFOD_URLS='' ask --debuginfod
warned "no server named" "debuginfod: DEBUGINFOD_URLS names no server"
forget
: >"$T/files/hang"
DEBUGINFOD_TIMEOUT=1 DEBUGINFOD_RETRY_LIMIT=1 ask --debuginfod
warned "a server that does not answer" "debuginfod: no server answers in time"
forget
# A shell makes jobs in the background deaf to ^C; python gives it its ears.
python3 -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
os.execv(sys.argv[1], sys.argv[1:])' "$HS" --debuginfod --debug-dir "$T/none" \
	-p "$PID" -e bt >"$T/out" 2>"$T/err" </dev/null &
waiting=$!
kill_at_exit "$waiting"
wait_until grep -q buildid "$T/files/requests" || bail "no request came"
kill -INT "$waiting"
status=0
wait "$waiting" || status=$?
is "^C ends the wait" "$status" 130
stop_fixture
done_testing

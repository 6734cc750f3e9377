#!/bin/sh
# Programs that are not ours, at rest, against the recorder preloaded into
# them: every used chunk is a live allocation or a thread's tcache struct.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need_ptrace

lib=$top_builddir/tests/lib

# shellcheck disable=SC2317 # called by wait_until
exact() {
	"$lib/heapdump" --quiet --recorded "$T/record" "$target" >"$T/walk" \
		2>&1
	! grep -E '^(missing|short|unexplained|defect|error|check FAILED)' \
		"$T/walk" >"$T/differences" &&
		grep -q '^recorded [1-9]' "$T/walk" &&
		grep -q '^copy same' "$T/walk"
}
# It is at rest some time after its start: when is its own affair.
try() { # NAME COMMAND...
	try_name=$1
	shift
	if ! command -v "$1" >/dev/null; then
		skip "$try_name" "$1 is not installed"
		return
	fi
	rm -f "$T/record" "$T/in"
	mkfifo "$T/in"
	LD_PRELOAD=$lib/recorder.so RECORD=$T/record "$@" <"$T/in" \
		>"$T/said" 2>&1 &
	target=$!
	kill_at_exit "$target"
	exec 8>"$T/in"
	if wait_until exact; then
		tap_result 0 "$try_name"
	elif ! kill -0 "$target" 2>/dev/null; then
		skip "$try_name" "$1 does not run here"
	else
		tap_result 1 "$try_name"
		head -n 10 "$T/differences" | sed 's/^/# /'
		tail -n 3 "$T/walk" | sed 's/^/# /'
	fi
	exec 8>&-
	kill "$target" 2>/dev/null
	wait "$target" 2>/dev/null
}

cat >"$T/threads.py" <<'END'
import json, threading, sys
kept = {i: str(i) * (i % 50) for i in range(50000)}
for i in range(0, 50000, 3):
    del kept[i]
def work():
    mine = [str(i) * 9 for i in range(5000)]
    del mine[::2]
    begun.wait()
    over.wait()
begun = threading.Barrier(7)
over = threading.Event()
for _ in range(6):
    threading.Thread(target=work, daemon=True).start()
begun.wait()
sys.stdin.read()
END
cat >"$T/unbound.conf" <<END
server:
  directory: "$T"
  chroot: ""
  username: ""
  pidfile: "$T/unbound.pid"
  interface: 127.0.0.1@25353
  num-threads: 4
  do-daemonize: no
  use-syslog: no
remote-control:
  control-enable: no
END
cat >"$T/nginx.conf" <<END
daemon off; master_process off; pid $T/nginx.pid; error_log $T/nginx.err;
events { worker_connections 64; }
http { access_log off; server { listen unix:$T/nginx.sock; } }
END
cat >"$T/slapd.conf" <<END
include /etc/ldap/schema/core.schema
pidfile $T/slapd.pid
database ldif
suffix "dc=x"
directory $T
END

# shellcheck disable=SC2016 # perl's variables
try "perl" /usr/bin/perl -e 'my %h; $h{$_} = "x" x ($_ % 300) for 1..100000;
	delete $h{$_ * 3} for 1..30000; <STDIN>'
# Not by way of env: its blocks would be in the record, too.
export PYTHONMALLOC=malloc
try "python with threads" /usr/bin/python3 \
	"$T/threads.py"
try "unbound with threads" /usr/sbin/unbound -d -c "$T/unbound.conf"
try "nginx" /usr/sbin/nginx -c "$T/nginx.conf"
try "slapd" /usr/sbin/slapd -d 0 -h "ldapi://$(echo "$T" |
	sed 's,/,%2F,g')%2Fldapi" -f "$T/slapd.conf"
try "memcached" /usr/bin/memcached -u "$(id -un)" -s "$T/memcached.sock"
done_testing

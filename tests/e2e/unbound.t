#!/bin/sh
# unbound, two threads, with a name server of ours behind it.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
# shellcheck source=tests/e2e/e2e.sh
. "$top_srcdir/tests/e2e/e2e.sh"
PATH=$PATH:/usr/sbin
need unbound

port=$($PEER port)
behind=$($PEER port)
cat >"$T/conf" <<END
server:
	interface: 127.0.0.1@$port
	num-threads: 2
	do-daemonize: no
	chroot: ""
	username: ""
	directory: "$T"
	pidfile: "$T/pid"
	use-syslog: no
	logfile: ""
	do-ip6: no
	do-not-query-localhost: no
	module-config: "iterator"
	qname-minimisation: no
	local-zone: "test." transparent
forward-zone:
	name: "."
	forward-addr: 127.0.0.1@$behind
remote-control:
	control-enable: no
END
$PEER dns-serve "$behind" >"$T/behind" &
kill_at_exit $!
told unbound -c "$T/conf" -d 2>"$T/log" &
PID=$!
kill_at_exit "$PID"
wait_until grep -q ready "$T/behind" || bail "no name server"
wait_until grep -q 'start of service' "$T/log" ||
	bail "unbound does not start: $(cat "$T/log")"

$PEER dns-ask "$port" 1 50
STEP="$PEER dns-ask $port 1000 300"
serves() {
	$PEER dns-ask "$port" 1 5
}
the_job
done_testing

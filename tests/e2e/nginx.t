#!/bin/sh
# An nginx worker; the load is connections that stay open.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
# shellcheck source=tests/e2e/e2e.sh
. "$top_srcdir/tests/e2e/e2e.sh"
PATH=$PATH:/usr/sbin
need nginx pgrep

cat >"$T/conf" <<END
worker_processes 2;
daemon off;
pid $T/pid;
error_log $T/log notice;
events { worker_connections 1000; }
http {
	access_log off;
	client_body_temp_path $T/1;
	proxy_temp_path $T/2;
	fastcgi_temp_path $T/3;
	uwsgi_temp_path $T/4;
	scgi_temp_path $T/5;
	server {
		listen unix:$T/socket;
		location / { return 200 "hello"; }
	}
}
END
[ "$(id -u)" != 0 ] || sed -i '1i user root;' "$T/conf"
told nginx -p "$T" -c "$T/conf" 2>"$T/err.nginx" &
master=$!
kill_at_exit "$master"
two_workers() {
	[ "$(pgrep -c -P "$master")" = 2 ] && [ -S "$T/socket" ]
}
wait_until two_workers || bail "nginx does not start: $(cat "$T/err.nginx")"
PID=$(pgrep -P "$master" | head -n 1)
kill_at_exit "$(pgrep -P "$master")"
serves() {
	for _ in 1 2 3 4 5 6 7 8; do
		$PEER http-get "$T/socket" || return 1
	done
}
serves

# Each step's connections are held until the test ends; who holds them must not
# hold the fifo's other end too.
mkfifo "$T/hold"
exec 8<>"$T/hold"
# Which worker takes them is theirs to say: on until ours has some.
cat >"$T/step" <<END
taken() {
	find /proc/$PID/fd -type l | wc -l
}
least=\$((\$(taken) + 40)) n=0
while [ \$(taken) -lt \$least ]; do
	n=\$((n + 1))
	held=$T/held.\$\$.\$n
	$PEER http-hold $T/socket 120 $T/hold >\$held 8>&- &
	until grep -q held \$held; do sleep 0.02; done
done
END
STEP="sh $T/step"
the_job
exec 8>&-
nobody_holds() {
	! pgrep -f "http-hold $T/"
}
check "nobody holds connections any more" wait_until nobody_holds
done_testing

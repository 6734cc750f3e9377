#!/bin/sh
# Real servers into which a leak was planted (tests/lib/leaking.c), and a python3
# that forgets: three rounds of requests, and it is named, counted, and its
# holder told, or that there is none.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
# shellcheck source=tests/e2e/e2e.sh
. "$top_srcdir/tests/e2e/e2e.sh"
PATH=$PATH:/usr/sbin
need jq

# Prefix of the command, filter of its rows.
rows() {
	jq -c "select(.command | startswith(\"$1\")) | .rows[] | $2" \
		"$T/answers"
}
# One value of many.
sum() {
	jq -s 'add // 0'
}
leaking() { # COUNT SIZE KEEP PROGRAM ARG...
	LEAK_TOLD=$T/told LEAK_COUNT=$1 LEAK_SIZE=$2 LEAK_KEEP=$3
	export LEAK_TOLD LEAK_COUNT LEAK_SIZE LEAK_KEEP
	shift 3
	LD_PRELOAD=$top_builddir/tests/lib/leaking.so exec "$@"
}
# Three rounds of $STEP, what was told before, between and after: told N M,
# blocks and bytes after round N less those after round M.
three_rounds() {
	cp "$T/told" "$T/told.0"
	hs --json --limit 0 -p "$PID" -e snapshot \
		-e "shell $STEP && cp $T/told $T/told.1" -e snapshot \
		-e "shell $STEP && cp $T/told $T/told.2" -e snapshot \
		-e "shell $STEP && cp $T/told $T/told.3" -e snapshot \
		-e growth -e 'leaks --since 1' -e suspects \
		-e 'retained --by=symbol'
	is "$program: four snapshots and the questions" "$status" 0
	[ "$status" = 0 ] || hs_said
	cp "$T/out" "$T/answers"
}
told() { # BLOCKS-OR-BYTES ROUND [EARLIER ROUND]
	at=1
	[ "$1" = blocks ] || at=2
	after=$(cut -d ' ' -f "$at" <"$T/told.$2")
	before=0
	[ -z "${3-}" ] || before=$(cut -d ' ' -f "$at" <"$T/told.$3")
	echo $((after - before))
}

# malloc() now and then gives a block of a class above, when it has a free one
# that is too small to be split: of a hundred three may be missing in a class.
# shellcheck disable=SC2016 # $n is jq's
NEAR='def near($n): . <= $n and . >= $n * 0.97;'
grows() {
	class=$(($(told bytes 3) / $(told blocks 3) / 16 * 16))
	by_round=$(printf '%s\n' "$(told blocks 1 0)" "$(told blocks 2 1)" \
		"$(told blocks 3 2)" | sort -n | sed -n 2p)
	is "$program: growth names the class, and counts it round by round" \
		"$(jq -c "$NEAR select(.command == \"growth\") | .rows[] |
			select(.class == $class and .size == $class) |
			[(.per_round_count | near($by_round)),
			(.per_round_bytes | near($by_round * $class)),
			(.total_count | near($(told blocks 3 0))),
			.steady, .grew_rounds, .type]" "$T/answers")" \
		'[true,true,true,true,3,"\"seed\""]'
}
of='select(.first_word == "\"seeded l\"")'
nobody_holds() {
	is "$program: leaks --since counts them" \
		"$(rows leaks "$of | select(.kind != \"reachable\") |
			.new_count" | sum | jq "$NEAR near($(told blocks 3 0))")" \
		true
	is "$program: nothing at all holds nearly all of them, and they grow" \
		"$(rows leaks "$of | select(.kind == \"definite\" and
			.size == $class) | [.new_count, .trend]" | jq -c "$NEAR
			[(.[0] | near($(told blocks 3 0))), .[1]]")" \
		'[true,"GROWING"]'
	is "$program: suspects says nobody, the class, and what is new" \
		"$(rows suspects "select(.kind == \"unreachable\") |
			[.class, .first_word, .new_count]" | jq -c "$NEAR
			[.[0], .[1], (.[2] | near($(told blocks 3 2)))]")" \
		"[$class,\"\\\"seeded l\\\"\",true]"
}

program=unbound
if command -v unbound >/dev/null; then
	port=$($PEER port)
	behind=$($PEER port)
	cat >"$T/conf" <<-END
	server:
		interface: 127.0.0.1@$port
		num-threads: 2
		do-daemonize: no
		chroot: ""
		username: ""
		directory: "$T"
		pidfile: "$T/pid"
		use-syslog: no
		do-ip6: no
		do-not-query-localhost: no
		module-config: "iterator"
		qname-minimisation: no
		local-zone: "test." transparent
		msg-cache-size: 100k
		rrset-cache-size: 200k
		key-cache-size: 100k
	forward-zone:
		name: "."
		forward-addr: 127.0.0.1@$behind
	remote-control:
		control-enable: no
	END
	$PEER dns-serve "$behind" >"$T/behind" &
	kill_at_exit $!
	leaking 3 48 0 unbound -c "$T/conf" -d 2>"$T/log" &
	PID=$!
	kill_at_exit "$PID"
	wait_until grep -q ready "$T/behind" || bail "no name server"
	serves() {
		$PEER dns-ask "$port" 1 5
	}
	wait_until serves ||
		bail "unbound: $(cat "$T/log")"
	# Names that it knows after the first time: it needs no more for them.
	$PEER dns-ask "$port" 1 100
	ask="$PEER dns-ask $port 1 100"
	STEP="$ask && $ask && $ask && $ask && $ask && $ask && $ask && $ask"
	three_rounds
	check "$program: leaked in each round" \
		test "$(told blocks 3 2)" -ge 2400
	grows
	nobody_holds
	check "unbound: unharmed" each_task_unharmed
	check "unbound: serves" serves
	kill "$PID"
else
	skip "unbound" "it is not installed"
fi

program=memcached
if command -v memcached >/dev/null; then
	as=
	[ "$(id -u)" != 0 ] || as="-u root"
	rm -f "$T/told"
	# shellcheck disable=SC2086 # two words
	leaking 3 4000 1 memcached $as -s "$T/socket" -t 4 >"$T/log" 2>&1 &
	PID=$!
	kill_at_exit "$PID"
	serves() {
		$PEER line "$T/socket" version
	}
	wait_until serves || bail "$(cat "$T/log")"
	$PEER memcached-fill "$T/socket" 1000
	STEP="$PEER memcached-fill $T/socket 1000"
	three_rounds
	check "$program: leaked in each round" \
		test "$(told blocks 3 2)" -ge 1000
	grows
	suspect='select(.root == "seeded_head" and .kind == "holder")'
	is "memcached: suspects names the holder, the list and the class" \
		"$(rows suspects "$suspect | [.kind, .count, .bytes, .list_count,
			.class, .new_count]")" \
		"[\"holder\",$(told blocks 3),$(told bytes 3),$(told blocks 3),$class,$(told blocks 3 2)]"
	is "memcached: so does retained" \
		"$(rows retained 'select(.name == "seeded_head") |
			[.retained_count, .retained_bytes, .nearest_bytes]')" \
		"[$(told blocks 3),$(told bytes 3),$(told bytes 3)]"
	check "memcached: unharmed" each_task_unharmed
	kill "$PID"
else
	skip "memcached" "it is not installed"
fi

program=python3
cat >"$T/forgets.py" <<'END'
import ctypes, socket, sys
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.malloc_usable_size.argtypes = [ctypes.c_void_p]
blocks = size = 0
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
s.listen()
while True:
    c, _ = s.accept()
    word = c.makefile().readline().split()
    for i in range(int(word[1])):
        p = libc.malloc(136)
        ctypes.memmove(p, b"seeded leak %4d" % i, 16)
        blocks, size = blocks + 1, size + libc.malloc_usable_size(p) + 8
    p = None
    with open(sys.argv[2], "w") as told:
        told.write("%d %d\n" % (blocks, size))
    c.sendall(b"done\n")
    c.close()
END
rm -f "$T/told"
PYTHONMALLOC=malloc python3 "$T/forgets.py" "$T/py" "$T/told" &
PID=$!
kill_at_exit "$PID"
wait_until test -S "$T/py" || bail "python3 does not start"
STEP="$PEER line $T/py 'forget 400' >$T/answer"
sh -c "$STEP"
three_rounds
is "python3: leaked in each round" "$(told blocks 3 2)" 400
grows
nobody_holds
check "python3: unharmed" each_task_unharmed
kill "$PID"
done_testing

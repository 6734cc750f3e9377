#!/bin/sh
# What redis-server's blocks are: most have a type or an owner, and as many as
# redis says.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
# shellcheck source=tests/e2e/e2e.sh
. "$top_srcdir/tests/e2e/e2e.sh"
# shellcheck source=tests/e2e/typed.sh
. "$top_srcdir/tests/e2e/typed.sh"
need jq redis-cli seq strip
program_of redis

start() { # PROGRAM
	rm -f "$T/socket"
	"$1" --port 0 --unixsocket "$T/socket" --dir "$T" --save '' \
		>"$T/log" 2>&1 &
	PID=$!
	kill_at_exit "$PID"
	wait_until answers || bail "redis-server does not start"
}
cli() {
	redis-cli -s "$T/socket" "$@"
}
answers() {
	cli ping 2>"$T/said" | grep -q PONG
}
put() { # FROM TO: keys with a value
	seq "$1" "$2" | sed 's/.*/SET key:& value-of-the-key-number-&/' |
		cli --pipe >"$T/said"
}
fill() {
	put 1 5000
	seq 1 100 | while read -r i; do
		echo "RPUSH list:$i $(seq -s ' ' 1 40)"
		echo "SADD set:$i $(seq -f 'm%g' -s ' ' 1 30)"
		echo "HSET hash:$i $(seq -f 'f%g value' -s ' ' 1 20)"
	done | cli --pipe >"$T/said"
	# Of tables that grow, both are there until they have moved.
	cli config set activerehashing no >"$T/said"
	cli config set hz 1 >"$T/said"
}
start "$PROGRAM"
fill
types_of
at_least 92 redis
entries=$(count_of '.type == "struct dictEntry"')
keys=$(cli dbsize)
check "an entry and more for each key" test "$entries" -ge "$keys"
put 6001 6500
is "500 more by redis' own count" "$(cli dbsize)" $((keys + 500))
types_of
is "and as many entries of its tables" \
	"$(count_of '.type == "struct dictEntry"')" $((entries + 500))
# Of some a further word is left elsewhere: of few, and never are there more.
values=$(count_of '.type == "held by struct dictEntry.v"')
check "and values that these alone hold, one an entry at most ($values)" \
	test "$values" -le $((entries + 500)) -a "$values" -ge 5000
check "every thread is unharmed" each_task_unharmed
check "redis serves" answers

strip -o "$T/stripped" "$PROGRAM"
kill "$PID"
# It takes its socket along.
wait "$PID"
start "$T/stripped"
fill
types_of_bare
says_no_types 85
# Strings right behind their object: the pointer in it leads into itself.  Some
# of one age, which is in their first word, may look like no others: they go by
# the entries whose second word holds them.
values='(.type | test("^held by 32 B {[^}]*} \\+8$")) or
	(.named_by == "alike" and (.type | test("^{0x80 & text}$")))'
before=$(count_of "$values")
put 6001 6500
types_of_bare
more=$(($(count_of "$values") - before))
check "stripped: 500 values more ($more)" \
	test "$more" -ge 450 -a "$more" -le 550
check "redis serves" answers
done_testing

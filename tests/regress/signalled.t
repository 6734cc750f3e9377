#!/bin/sh
# What malloc left unfinished under a signal handler is not called damage.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need_ptrace
need jq

start_fixture heap_signalled
hs --json -p "$PID" verify
is "something does not add up, which is said" "$status" 6
addr=$(sed -n 's/^damaged //p' "$T/manifest")
is "it is where the program says" "$(jq -r --arg a "$addr" \
	'.rows[] | select(.addr == $a) | .name' "$T/out" | sort -u)" \
	"stopped inside malloc"
is "nothing is called damage" "$(jq -r '.rows[] |
	select(.result == "failed") | .name' "$T/out" | sort -u)" ""
check "it was tried more than once" \
	grep -q "at each of [0-9][0-9]* stops" "$T/out"
echo go >&9
wait "$PID"
is "the target ended by itself" $? 0
done_testing

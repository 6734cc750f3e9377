#!/bin/sh
# Memory that userfaultfd fills on demand: pages that are not there are never
# read.  Who did would wait for the one that it has stopped, for ever; or make
# it fill what nobody asked for.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need_ptrace
need jq

kept() { # ADDR BYTES: as the warnings have them
	jq -r '.warnings[] | capture("^pages filled on demand by " +
		"userfaultfd: (?<bytes>0x[0-9a-f]+) bytes at " +
		"(?<addr>0x[0-9a-f]+): (?<kept>0x[0-9a-f]+) ") |
		"\(.addr) \(.bytes) \(.kept)"' "$T/out" |
		while read -r addr bytes kept; do
			echo "$addr $((bytes)) $((kept))"
		done | sort
}
ask() { # WHAT ARG...: it must end
	ask_what=$1
	shift
	status=0
	timeout -s KILL 60 "$HS" -p "$PID" "$@" >"$T/out" 2>"$T/err" \
		</dev/null || status=$?
	check "$ask_what: ends" test "$status" -ne 137
}

start_fixture heap_filled
if grep -q ^refused "$T/manifest"; then
	skip "pages filled on demand" "userfaultfd is refused here: \
$(sed -n 's/^refused //p' "$T/manifest")"
	stop_fixture
	done_testing
fi
shared=$(awk '/^registered/ && ++n == 3 { print $2 }' "$T/manifest")
awk -v shared="$shared" '$1 == "registered" {
	print $2, $3, $2 == shared ? 0 : 4096 }' "$T/manifest" |
	sort >"$T/wanted"
is "four mappings" "$(wc -l <"$T/wanted")" 4
ask "heap" --json heap
is "heap: what is told, and kept" "$(kept)" "$(cat "$T/wanted")"
is "heap: complete" "$(jq -c .complete "$T/out") $status" "true 0"
ask "chunks" --json chunks used
block=$(awk '$1 == "used" { print $2 }' "$T/manifest")
# shellcheck disable=SC2016 # it is jq's
check "the block is there" jq -e --arg block "$block" \
	'.rows[] | select(.addr == $block)' "$T/out"
ask "leaks" leaks
awk '$1 == "missing" { print $2 }' "$T/manifest" >"$T/missing"
while read -r addr; do
	ask "x" "x/gx" "$addr"
	is "x: a page that is not there cannot be read" "$status" 6
done <"$T/missing"
awk '$1 == "filled" { print $2 }' "$T/manifest" >"$T/filled"
while read -r addr; do
	[ "$(printf %d "$addr")" -ne $((shared + 8192)) ] || continue
	ask "x" "x/bx" "$addr"
	check "x: one that is there can" grep -q '0x01' "$T/out"
done <"$T/filled"
fixture_say faults faults
is "nobody had to fill a page" "$(grep ^faults "$T/manifest")" "faults 0"
stop_fixture
done_testing

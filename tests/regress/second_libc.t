#!/bin/sh
# Two copies of libc in one process: both are walked, each by itself.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need_ptrace
need jq gcore

own() {
	sed -n "s/^$1 //p" "$T/manifest"
}

start_fixture heap_two_libcs idle
hs --json -p "$PID" heap
is "a second libc that allocated nothing is no matter" "$status" 0
stop_fixture

start_fixture heap_two_libcs
hs --json --limit 0 -p "$PID" chunks used
is "a second libc that allocates: all was read" "$status" 0
is "and called complete" "$(jq -c '[.complete, .warnings]' "$T/out")" \
	'[true,[]]'
is "all blocks of both are listed, with the arena of each" \
	"$(jq -r '.rows[] | "\(.arena) \(.addr)"' "$T/out" | sort >"$T/got"
		{ own first | sed 's/^/0 /'; own other | sed 's/^/1 /'; } |
			sort | comm -23 - "$T/got" | wc -l)" 0
hs --json -p "$PID" heap
is "mallinfo2 is that of the program's libc" \
	"$(jq -cS .totals.mallinfo2 "$T/out")" "$(own mallinfo2 | jq -cS .)"
is "whose arena is which is said" \
	"$(jq -c '[.rows[] | [.arena, .copy, (.module // "" | test("libc"))]]' \
		"$T/out")" '[[0,0,true],[1,1,true],["mmapped",null,false]]'
hs -p "$PID" heap
check "in words, too" grep -q '^copy 1 of malloc, of libc.so' "$T/out"
hs --json -p "$PID" verify
is "no check failed" \
	"$(jq -c '[.rows[] | select(.result == "failed") | .name]' "$T/out")" \
	'[]'
hs --json -p "$PID" heap
jq -c '[.rows, .totals.mallinfo2, .totals.mallinfo2_1]' "$T/out" >"$T/live"
gcore_of "$PID" "$T/core"
hs --json -c "$T/core" heap
is "a core of it has the same two" "$(jq -c '[.rows, .totals.mallinfo2,
	.totals.mallinfo2_1]' "$T/out")" "$(cat "$T/live")"
rm -f "$T/core"
stop_fixture

# Nothing in some of the memory tells whose it is: that is said, and no block is
# lost or shown twice.
start_fixture heap_copies full
hs --limit 0 --json -p "$PID" chunks used and size=984
is "memory that may be of two copies: it is said" \
	"$status $(jq 'any(.warnings[]; test("nothing tells which copy"))' \
		"$T/out")" "6 true"
is "memory that may be of two copies: every block once" \
	"$(jq -r '.rows[] | "used \(.addr) \(.size) full"' "$T/out" | sort |
		cksum)" "$(own used | sed 's/^/used /' | sort | cksum)"
hs --json -p "$PID" heap
is "memory that may be of two copies: the sums are those of both" \
	"$(jq '[.rows[] | select(.copy > 0) | .system_bytes] | add' "$T/out")" \
	"$(own 'other mallinfo2' | jq -s 'map(.arena) | add')"
stop_fixture

# Loaded while we look.
start_fixture heap_two_libcs later
hs --json -p "$PID" -e 'snapshot one' -e heap -e "shell echo >$T/ctl
until grep -q ^loaded $T/manifest; do sleep 0.02; done" -e 'snapshot two' \
	-e heap
is "a libc that is loaded between two snapshots is in the second" \
	"$(jq -c 'select(.command == "heap") | [.rows[].copy]' "$T/out" |
		tr '\n' ' ')" '[0,null] [0,1,null] '
is "and nothing is amiss" "$status" 0
stop_fixture

for lib in /lib/*/libc_malloc_debug.so.0 /lib64/libc_malloc_debug.so.0; do
	[ -e "$lib" ] && break
done
if [ -e "$lib" ]; then
	FIXTURE_ENV="LD_PRELOAD=$lib GLIBC_TUNABLES=glibc.malloc.check=3"
	start_fixture heap_single
	hs --json -p "$PID" heap
	is "malloc checking has a heap of its own: the one that is read" \
		"$(jq -cS .totals.mallinfo2 "$T/out")" \
		"$(own mallinfo2 | jq -cS .)"
	is "which is all there is, but for what sizes mean" "$(jq -c \
		'[.complete, [.warnings[] |
			select(startswith("blocks of the checking malloc:") |
				not)], (.warnings | length)]' "$T/out")" \
		'[true,[],1]'
	stop_fixture
	FIXTURE_ENV=LD_PRELOAD=$lib
	start_fixture heap_single
	hs --json -p "$PID" heap
	is "while it is off, libc's heap is all there is" "$status" 0
	is "and counted" "$(jq -cS .totals.mallinfo2 "$T/out")" \
		"$(own mallinfo2 | jq -cS .)"
	stop_fixture
else
	skip "malloc checking" "no libc_malloc_debug.so.0"
fi
done_testing

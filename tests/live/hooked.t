#!/bin/sh
# Programs whose allocations libc itself watches: mtrace() changes nothing of
# the heap; with mcheck() a block's address is another one for the program, with
# MALLOC_CHECK_ its size is, and that is said.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need_ptrace
need jq
debug=libc_malloc_debug.so.0

begin() { # WORD [NAME=VALUE]: with libc's library, where it is one of its own
	FIXTURE_ENV="LD_PRELOAD=$debug MALLOC_TRACE=$T/trace ${2:-}"
	start_fixture heap_hooked "$1"
	grep -q libc_malloc_debug "/proc/$PID/maps" ||
		skip_all "there is no $debug"
	hs --json -p "$PID" --limit 0 chunks used
	is "$1: complete" "$status $(jq .complete "$T/out")" "0 true"
}
# Lines "ADDRESS USABLE" of what the program has, OFFSET bytes further on.
told() { # OFFSET
	awk '/^used/ { print $2, $3 }' "$T/manifest" | while read -r addr size; do
		printf '0x%x %d\n' $((addr - $1)) $((size + $1))
	done | sort
}
shown() {
	jq -r '.rows[] | "\(.addr) \(.size)"' "$T/out" | sort >"$T/shown"
	comm -23 "$T/told" "$T/shown"
}

begin mtrace
told 0 >"$T/told"
check "mtrace: the program told of blocks" [ -s "$T/told" ]
is "mtrace: each block is there, with its size" "$(shown)" ""
# What is still live by the trace is a block of the program's.
awk '$3 == "+" || $3 == ">" { live[$4] = 1 }
	$3 == "-" || $3 == "<" { delete live[$4] }
	END { for (a in live) print a }' "$T/trace" | sort >"$T/traced"
check "mtrace: there is a trace" [ -s "$T/traced" ]
is "mtrace: and all of it" "$(tail -c 1 "$T/trace" | od -An -c | tr -d ' ')" '\n'
cut -d' ' -f1 "$T/shown" >"$T/addrs"
is "mtrace: what is live by the trace is used" \
	"$(comm -23 "$T/traced" "$T/addrs")" ""
hs -p "$PID" verify
is "mtrace: nothing fails" "$status" 0
stop_fixture

begin mcheck
told 0 >"$T/told"
check "mcheck: the program's addresses are others" [ -n "$(shown)" ]
hs --json -p "$PID" verify
off=$(jq -r '.rows[] | select(.name == "blocks of mcheck()") | .text' \
	"$T/out" | grep -o '[0-9]* bytes further' | cut -d' ' -f1)
is "mcheck: it is said of as many blocks" "$(jq '.rows[] |
	select(.name == "blocks of mcheck()") | .a' "$T/out")" \
	"$(wc -l <"$T/told" | tr -d ' ')"
hs --json -p "$PID" --limit 0 chunks used
awk '/^used/ { print $2 }' "$T/manifest" | while read -r addr; do
	printf '0x%x\n' $((addr - off))
done | sort >"$T/told"
jq -r '.rows[].addr' "$T/out" | sort >"$T/shown"
is "mcheck: each block is so many bytes before what the program has" \
	"$(comm -23 "$T/told" "$T/shown")" ""
stop_fixture

begin environment MALLOC_CHECK_=3
marked="blocks of the checking malloc"
# shellcheck disable=SC2016 # it is for jq
check "MALLOC_CHECK_: a warning says that sizes are not the program's" \
	jq -e --arg name "$marked" 'any(.warnings[]; startswith($name) and
		test("sizes are malloc.s own"))' "$T/out"
awk '/^used/ { print $2 }' "$T/manifest" | sort >"$T/told"
jq -r '.rows[].addr' "$T/out" | sort >"$T/shown"
is "MALLOC_CHECK_: each block is there" "$(comm -23 "$T/told" "$T/shown")" ""
hs --json -p "$PID" verify
is "MALLOC_CHECK_: it is said of all blocks" "$(jq --arg name "$marked" \
	'.rows[] | select(.name == $name) | .a' "$T/out")" \
	"$(wc -l <"$T/shown" | tr -d ' ')"
sed 's/^/chunk /' "$T/told" >"$T/commands"
hs --json -p "$PID" -x "$T/commands"
jq -r '.rows[].what | capture("(?<n>[0-9,]+) of them asked for").n' \
	"$T/out" | tr -d , >"$T/asked"
is "MALLOC_CHECK_: chunk tells of each what the program has of it" \
	"$(paste "$T/told" "$T/asked")" \
	"$(awk '/^used/ { print $2 "\t" $3 }' "$T/manifest" | sort)"
stop_fixture

FIXTURE_ENV=LD_PRELOAD=$debug
start_fixture one_block
hs --json -p "$PID" verify
is "without mcheck() or MALLOC_CHECK_ there is no word of them" \
	"$(jq -c --arg name "$marked" '.warnings, [.rows[] |
		select(.name == "blocks of mcheck()" or .name == $name)]' \
	"$T/out" | tr -d '\n')" "[][]"
stop_fixture
done_testing

#!/bin/sh
# leaks, against a fixture that knows by what each of its blocks is held, and
# against memcheck on the same fixture.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need_ptrace
need jq

# ADDR KIND of all blocks by the fixture's COLUMN; and what heapscope says.
truth() { # COLUMN
	awk -v column="$1" '$1 == "block" { print $2, $column }' "$T/manifest" |
		sort
}
known() {
	jq -r '.rows[] | .addr + " " + .leak' | sort >"$T/kinds"
	truth 4 | cut -d ' ' -f 1 | join - "$T/kinds"
}
chunks_answer() {
	jq -c 'select(.command == "chunks used")' "$T/out"
}
leaks_answer() {
	jq -c 'select(.command | startswith("leaks"))' "$T/out"
}

# WHAT COMMAND'S ARGUMENTS...: all three ways, and sums
each_way() {
	each_what=$1
	shift
	each_column=4
	for each_how in yes valgrind no; do
		hs --json "$@" -e "leaks --interior=$each_how" \
			-e "chunks used" -e heap -e "count leaked"
		is "$each_what, interior $each_how" "$status" 0
		is "$each_what, $each_how: each block is what it is" \
			"$(chunks_answer | known)" "$(truth $each_column)"
		is "$each_what, $each_how: kinds add up to what is used" \
			"$(leaks_answer | jq -c '.totals |
				[([.[].count] | add), ([.[].bytes] | add)]')" \
			"$(jq -c 'select(.command == "heap") | .totals |
				[.used_count, .used_bytes]' "$T/out")"
		is "$each_what, $each_how: rows add up to kinds" \
			"$(leaks_answer | jq -c '[.rows | group_by(.kind)[] |
				[.[0].kind, ([.[].count] | add),
				([.[].bytes] | add)]]')" \
			"$(leaks_answer | jq -c '[.totals | to_entries |
				sort_by(.key)[] | select(.value.count > 0) |
				[.key, .value.count, .value.bytes]]')"
		is "$each_what, $each_how: leaders have all that is indirect" \
			"$(leaks_answer | jq -c '[([.rows[].indirect_count] |
				add), ([.rows[].indirect_bytes] | add)]')" \
			"$(leaks_answer | jq -c '.totals.indirect |
				[.count, .bytes]')"
		is "$each_what, $each_how: the set of leaked ones" \
			"$(jq -c 'select(.command == "count leaked") |
				.totals.count' "$T/out")" \
			"$(leaks_answer | jq '.totals |
				.definite.count + .indirect.count')"
		each_column=$((each_column + 1))
	done
}
# Nobody else's blocks: libc's own are never in the list.
nobodys() {
	leaks_answer | jq -r '.rows[] | select(.kind != "reachable") | .addr' |
		sort >"$T/listed"
	truth 4 | cut -d ' ' -f 1 | join -v 1 "$T/listed" -
}
live_and_core() { # WHAT
	each_way "$1 live" -p "$PID"
	hs --json -p "$PID" leaks
	is "$1: no block of libc's own is in the list" "$(nobodys)" ""
	is "$1: by what the possible ones are held" \
		"$(leaks_answer | jq -r '.rows[] | select(.kind == "possible") |
			.held_by' | tr ' ' - | sort)" \
		"$(awk '$1 == "block" && $4 == "possible" { print $7 }' \
			"$T/manifest" | sort)"
	unharmed || check "$1: the fixture is unharmed" false
	gcore_of "$PID" "$T/core"
	each_way "$1 core" -c "$T/core"
}

start_fixture leaks
live_and_core "x86-64"

hs -p "$PID" leaks --fail
is "--fail: 1" "$status" 1
hs -p "$PID" leaks --kinds=definite --roots=global
is "kinds and roots" "$status" 0
hs --json -p "$PID" leaks --kinds=definite,reachable
is "kinds choose rows" "$(leaks_answer | jq -c '[.rows[].kind] | unique')" \
	'["definite","reachable"]'
hs --json -p "$PID" leaks --roots=register
is "without other roots all is lost" \
	"$(leaks_answer | jq '.totals.reachable.count')" 1
for line in --kinds=all --roots=heap --interior=maybe --much "0 1"; do
	# shellcheck disable=SC2086 # two words
	hs -p "$PID" leaks $line
	is "leaks $line: 2" "$status" 2
done
for line in --kinds=all --kinds= --kinds=lost,definite; do
	hs -p "$PID" leaks "$line"
	check "leaks $line: says which there are" grep -q \
		"definite,indirect,possible,reachable" "$T/err"
done
hs -p "$PID" leaks --roots=heap
check "leaks --roots=heap: says which there are" grep -q \
	"no \"heap\" in register,stack,global,tls,other,shared" "$T/err"
hs -p "$PID" help sets
check "help sets has all kinds" grep -q \
	"leak=definite|indirect|possible|reachable" "$T/out"
hs -p "$PID" -e "set contents none" -e leaks
is "no contents: 2" "$status" 2
check "the reason is said" grep -q "not kept" "$T/err"

# A block that only shared memory holds, and what that block holds.
shared=$(awk '$7 == "shared" { print $2 }' "$T/manifest" | head -n 1)
led=$(awk '$7 == "shared" { print $2 }' "$T/manifest" | tail -n 1)
hs --json --limit 0 -p "$PID" -e "leaks --roots=shared" -e "chunks used" \
	-e "refs $shared" -e "path $led" -e "path $led --exclude shared" \
	-e "retained $shared" -e "retained --by=kind" \
	-e "retained --by=kind --strict"
is "asked for, shared memory is a root, and all else is lost" \
	"$(chunks_answer | known | awk '$2 == "reachable" { print $1 }')" \
	"$(printf '%s\n' "$shared" "$led" | sort)"
answer() { # COMMAND
	grep -F "\"command\":\"$1\"," "$T/out"
}
is "refs shows it as a holder" "$(answer "refs $shared" |
	jq -c '[.rows[] | .from_kind]')" '["shared"]'
is "path begins in it where nothing else leads there" \
	"$(answer "path $led" | jq -c '[.rows[] | [.kind, .addr]][:2] |
		[.[0][0], .[1][1]]')" "[\"shared\",\"$shared\"]"
is "and says so" "$(answer "path $led" | jq '[.warnings[] |
	select(test("shared with other processes leads"))] | length')" 1
is "it can be left out" "$(answer "path $led --exclude shared" |
	jq '.rows | length')" 0
is "it alone holds them" "$(answer "retained --by=kind" | jq -c '.rows[] |
	select(.name == "shared memory") | .retained_count')" 2
is "with --strict too" "$(answer "retained --by=kind --strict" |
	jq -c '.rows[] | select(.name == "shared memory") |
		.retained_count')" 2

hs -p "$PID" -e snapshot -e detach -e leaks
is "shared memory that cannot be read any more: incomplete" "$status" 6
check "it is said" grep -q "of memory shared with other processes were not" \
	"$T/err"

# What is new since a snapshot: two steps, with a snapshot behind each.
mkfifo "$T/go" "$T/on"
status=0
"$HS" --json -p "$PID" -e "snapshot before" -e "shell cat $T/go" -e snapshot \
	-e "shell cat $T/on" -e snapshot -e "leaks --since before" \
	-e "leaks --since=1" -e "count leaked new" \
	>"$T/out" 2>"$T/err" </dev/null 9>&- &
hs=$!
kill_at_exit "$hs"
for fifo in go on; do
	exec 8>"$T/$fifo"
	fixture_say step stepped
	exec 8>&-
done
wait "$hs" || status=$?
is "leaks --since" "$status" 0
trend() { # NAME OF THE SNAPSHOT
	leaks_answer | jq -c "select(.command | endswith(\"$1\")) | .rows[] |
		select(.trend != null) | [.size, .count, .new_count,
		.new_bytes, .trend]" | sort
}
is "what grows, and what came once" "$(trend before)" \
	'[5008,4,4,20032,"GROWING"]
[6016,1,1,6016,"ONE-OFF"]'
is "since the last but one: one round" "$(trend 1)" \
	'[5008,4,2,10016,"ONE-OFF"]'
is "the set of those" "$(tail -n 1 "$T/out" | jq .totals.count)" 2
hs -p "$PID" -e snapshot -e "leaks --since 1"
is "since itself: 2" "$status" 2

# The rows lead on.
leader=$(awk '$NF == "leader" { print $2; exit }' "$T/manifest")
hs --json -p "$PID" "leaks $leader"
is "leaks ADDR: the leader's row" \
	"$(leaks_answer | jq -r '.rows[].addr' | grep -c "$leader")" 1
hs --json -p "$PID" chunks leak=possible class=320
is "leak=possible" "$(jq -r '.rows[].leak' "$T/out")" possible
stop_fixture

if [ -x "$top_builddir/tests/fixtures32/leaks" ]; then
	FIXTURES=$top_builddir/tests/fixtures32 start_fixture leaks
	live_and_core i386
	stop_fixture
else
	skip i386 "the compiler here makes no 32-bit programs"
fi

# A stack in a block of which nobody has the start but the stack pointer.
start_fixture heap_stack
for how in yes no; do
	hs --json --limit 0 -p "$PID" -e "leaks --interior=$how" -e "chunks used"
	is "$how: the stack that a thread is on is held, and what it holds" \
		"$(chunks_answer | jq -c --arg a "$(sed -n 's/^stack //p' \
			"$T/manifest")" --arg b "$(sed -n 's/^held //p' \
			"$T/manifest")" '[.rows[] | select(.addr == $a or
			.addr == $b) | .leak]')" '["reachable","reachable"]'
done
stop_fixture

# No leaks, no 1.
start_fixture one_block
hs -p "$PID" leaks --fail
is "--fail without leaks" "$status" 0
stop_fixture

if command -v valgrind >/dev/null; then
	valgrind --leak-check=full --show-leak-kinds=all \
		--run-libc-freeres=no "$top_builddir/tests/fixtures/leaks" \
		</dev/null >"$T/manifest" 2>"$T/valgrind" || :
	is "memcheck counts the same blocks and bytes" \
		"$(sed -n 's/,//g
			s/.*  definitely lost: \([0-9]*\) bytes in \([0-9]*\).*/definite \2 \1/p
			s/.*  indirectly lost: \([0-9]*\) bytes in \([0-9]*\).*/indirect \2 \1/p
			s/.*  possibly lost: \([0-9]*\) bytes in \([0-9]*\).*/possible \2 \1/p
			s/.*still reachable: \([0-9]*\) bytes in \([0-9]*\).*/reachable \2 \1/p' \
			"$T/valgrind" | sort)" \
		"$(awk '$1 == "block" { n[$5]++; bytes[$5] += $3 }
			END { for (k in n) print k, n[k], bytes[k] }' \
			"$T/manifest" | sort)"
else
	skip "memcheck" "valgrind is not installed"
fi
done_testing

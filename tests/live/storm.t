#!/bin/sh
# Snapshots of eight threads that do nothing but allocate and free, each judged
# by the ledger in its own bytes (tests/lib/storm.c): no live block is missing,
# nothing is called damage, and what is not exact is marked and listed.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need_ptrace
need jq
judge=$top_builddir/tests/lib/storm

# The storm has what time we leave: a stop need not wait for its turn.
begin() { # WORD...
	FIXTURE_ENV="nice -n 19"
	start_fixture storm "$@"
	ledger=$(sed -n 's/^ledger //p' "$T/manifest")
}
# A line by ourselves: the judge has opened and closed the other end.
goes_on() { # COUNT ATTEMPTS WHAT
	"$judge" "$PID" "$ledger" "$1" --go "$T/ctl" --attempts "$2" \
		>"$T/judged" 2>&1
	told "$3"
	wait_until grep -q '^storming' "$T/manifest" || bail "no storm"
	tap_tasks=$(task_count)
}
told() { # WHAT
	grep '^snapshots' "$T/judged" | sed 's/^/# /'
	is "$1: each is exact, or marked where it is not" \
		"$(grep -v '^snapshots' "$T/judged" | head -n 60)" ""
	check "$1: there was a heap to look at" \
		[ "$(number chunks)" -gt "$(number snapshots)" ]
}
number() { # NAME
	sed -n "s/^snapshots.*$1 \([0-9]*\).*/\1/p
		s/^$1 \([0-9]*\).*/\1/p" "$T/judged" | tail -n 1
}
# A thread that ends or begins is no harm.
unharmed_in_churn() {
	grep -E '^(State|TracerPid)' "/proc/$PID/status"
	wait_until task_unharmed "/proc/$PID"
}

begin
goes_on 1000 2 "1,000 snapshots"
check "1,000 snapshots: threads were inside malloc" \
	[ "$(number listed)" -gt 0 ]

# The tool itself: one snapshot, and what is said of it everywhere.
busy() {
	hs --json -p "$PID" -e snapshot -e heap -e verify -e threads
	[ "$status" = 6 ]
}
check "a storm is met" wait_until busy
jq -c 'select(.command == "heap")' "$T/out" >"$T/heap"
jq -c 'select(.command == "verify")' "$T/out" >"$T/verify"
jq -c 'select(.command == "threads")' "$T/out" >"$T/threads"
is "heap is not complete" "$(jq .complete "$T/heap")" false
is "verify has nothing that failed" \
	"$(jq -r '.rows[] | select(.result == "failed") | .name' \
		"$T/verify")" ""
is "arenas have as many things that are not sure as verify lists" \
	"$(jq '[.rows[].doubtful] | add' "$T/heap")" \
	"$(jq '[.rows[] | select(.result == "busy" and .addr)] | length' \
		"$T/verify")"
said=$(jq -r '.warnings[] | select(test("stopped inside malloc"))' "$T/heap")
is "it is said once" "$(printf '%s\n' "$said" | wc -l)" 1
case $said in
[0-9s]*" not sure (verify lists "*"thread "*" in "*"()"*"another snapshot"*)
	said=whole
	;;
esac
is "who, where, how many, and what to do" "$said" whole
is "threads names the function of some" "$(jq '[.rows[] |
	select(.inside | IN("malloc", "free", "calloc", "realloc", "memalign",
	"posix_memalign", "aligned_alloc", "malloc_trim"))] | length > 0' \
	"$T/threads")" true
stop_fixture

begin churn
goes_on 150 2 "threads that end and begin"
check "target unharmed" unharmed_in_churn
exec 9>&-
wait "$PID"
is "target ended by itself" $? 0

# One thread at a time, by single instructions: also what chance hardly meets.
begin churn brief
"$judge" "$PID" "$ledger" 1000 --go "$T/ctl" --attempts 1 --step 7 \
	>"$T/judged" 2>&1
told "one instruction after the other"
is "one instruction after the other: all were looked at" \
	"$(number snapshots)" 1000
exec 9>&-
wait "$PID" 2>/dev/null

begin large
goes_on 60 2 "blocks of their own"
stop_fixture

# A thread that stands inside malloc for good, others that wait for its lock.
begin stuck
goes_on 1 1 "before one is stuck"
fixture_say go stuck
"$judge" "$PID" "$ledger" 5 >"$T/judged" 2>&1
told "one thread is stuck in malloc"
check "it is never quiet, and the end is not put off for ever" \
	grep -q ' complete 0 marked 5 .* stops 50 ' "$T/judged"
hs -p "$PID" heap
is "it is marked" "$status" 6
check "it is said for how long" \
	grep -q 'lasts until the signal handler' "$T/err"
fixture_say go freed
stop_fixture

# Damage, where none of those who are inside malloc can be at work.
begin damaged
fixture_say go storming
addr=$(sed -n 's/^damaged //p' "$T/manifest")
told_apart() {
	hs --json -p "$PID" -e snapshot -e verify
	jq -e --arg addr "$addr" 'select(.command == "verify") | .rows |
		any(.result == "busy") and
		any(.result == "failed" and .addr == $addr)' "$T/out"
}
check "damage is told from what a thread is at" wait_until told_apart
stop_fixture

# Children of a storm: one quiet thread, and what eight have left.
begin forks
goes_on 1 1 "before the fork"
for _ in 1 2 3; do
	fixture_say go child
	child=$(awk '/^child/ { pid = $2 } END { print pid }' "$T/manifest")
	"$judge" "$child" "$ledger" 2 >"$T/judged" 2>&1
	# A mapping that fork() met before it was counted never is, there: the
	# counts differ, as is said.  Nothing else may.
	if grep -q ' n_mmaps failed, nothing listed' "$T/judged"; then
		is "a child: only the mapping is not counted" \
			"$(grep '^wrong' "$T/judged" | cut -d ' ' -f 3- |
				sort -u)" \
			"$(printf '%s\n' 'incomplete, and 0 doubtful chunks' \
			'mmapped bytes and mmapped_mem failed, nothing listed' \
			'mmapped chunks and n_mmaps failed, nothing listed')"
	else
		told "a child"
		check "a child: nothing is doubtful" \
			grep -q ' complete 2 marked 0 ' "$T/judged"
	fi
	fixture_say go gone
done
stop_fixture
done_testing

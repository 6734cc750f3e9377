#!/bin/sh
# Tasks without a thread-local storage of their own have no tcache either: the
# one that the storage points to was taken once for each of them, and a healthy
# heap called damaged.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need_ptrace
need jq

told() { # WORD
	sed -n "s/^$1 //p" "$T/manifest"
}
healthy() { # WHAT
	hs -p "$PID" --json verify
	is "$1: nothing is wrong" "$(jq -c '[.rows[] | select(.result ==
		"failed" or .section == "defects")]' "$T/out") $status" "[] 0"
	hs -p "$PID" --json threads
	is "$1: the tcache is the owner's alone" \
		"$(jq '.rows[] | select(.cached_count != null and
			.cached_count >= 5) | .tid' "$T/out")" "$(told owner)"
	is "$1: others have none, and no arena" "$(jq '.rows[] |
		select(.tcache == null and .arena == null) | .tid' "$T/out" |
		sort -n)" "$(told worker | sort -n)"
}
every() { # where the fixtures are
	FIXTURES=$1
	start_fixture workers clone
	healthy "${1##*/}, clone()"
	stop_fixture
	start_fixture workers io_uring
	if grep -q '^no io_uring' "$T/manifest"; then
		skip "${1##*/}, io_uring" "the kernel has or gives none"
	else
		healthy "${1##*/}, io_uring"
		hs -p "$PID" --json threads
		check "threads says what it is" jq -e '.rows[] |
			select(.where == "(a worker of the kernel'"'"'s)") |
			.pc == null' "$T/out"
		hs -p "$PID" --json bt "$(told worker)"
		is "bt says that there is no user stack" \
			"$(jq -c '[.complete, .warnings, (.rows[] | .pc,
			(.where | test("no user stack")))]' "$T/out") $status" \
			"[true,[],null,true] 0"
	fi
	stop_fixture
}
every "$top_builddir/tests/fixtures"
if [ -x "$top_builddir/tests/fixtures32/workers" ]; then
	every "$top_builddir/tests/fixtures32"
else
	skip "32-bit" "the compiler here makes no 32-bit programs (-m32)"
fi
done_testing

#!/bin/sh
# chunk says in which thread's tcache a cached chunk is.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need_ptrace
need jq

# "TID ADDRESS" of each, as the fixture tells it and as we do.
told() {
	sed -n 's/^cached //p' "$T/manifest"
}
kept_by() { # as `chunk` says in text, for the addresses on stdin
	sed 's/^/chunk /' >"$T/commands"
	hs -p "$PID" -x "$T/commands"
	awk '/^chunk 0x/ { addr = $2; sub(/,$/, "", addr) }
		/cached: free, kept in the tcache of thread/ {
			sub(/.*of thread /, "")
			print $1, addr
		}' "$T/out"
}
whose() { # WHAT
	is "$1: each is in the tcache of the thread that freed it" \
		"$(told | awk '{ print $2 }' | kept_by)" "$(told)"
	last=$(told | tail -n 1)
	hs --json -p "$PID" -e 'chunk '"${last#* }" -e threads
	is "$1: and by JSON, with the tcache itself" "$(jq -rs '
		(.[0].rows[] | select(.what | test("^cached:"))) as $row |
		.[1].rows[] | select(.tcache == $row.addr) | .tid' \
		"$T/out")" "${last% *}"
}
start_fixture cached
whose "64-bit"
hs -p "$PID" -e 'set contents none' -e "chunk $(told |
	awk 'NR == 1 { print $2 }')"
check "without contents: whose is not known" \
	grep -q 'kept in a tcache; in whose is not known' "$T/out"
stop_fixture
if [ -x "$top_builddir/tests/fixtures32/cached" ]; then
	FIXTURES=$top_builddir/tests/fixtures32
	start_fixture cached
	whose "32-bit"
	stop_fixture
else
	skip "32-bit" "the compiler here makes no 32-bit programs (-m32)"
fi
done_testing

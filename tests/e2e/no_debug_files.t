#!/bin/sh
# The numbers need no debug files: the same rows with and without.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
# shellcheck source=tests/e2e/e2e.sh
. "$top_srcdir/tests/e2e/e2e.sh"

mkdir "$T/empty"
same() { # FIXTURE
	for command in heap 'chunks all'; do
		what="$1: $command"
		hs --json --limit 0 -p "$PID" "$command"
		is "$what, with what there is" "$status" 0
		jq -S '[.rows, .totals]' "$T/out" >"$T/with"
		hs --json --limit 0 --debug-dir "$T/empty" -p "$PID" "$command"
		is "$what, without debug files" "$status" 0
		jq -S '[.rows, .totals]' "$T/out" >"$T/without"
		check "$what: rows are there" grep -q addr "$T/with"
		check "$what: the same" cmp "$T/with" "$T/without"
	done
}

start_fixture leaky_server
"$top_builddir/tests/fixtures/leaky_server" --poke \
	"$(sed -n 's/^port //p' "$T/manifest")" 40 >&2
same leaky_server
# Where there are debug files for libc, they were looked at, and then not.
hs --json -p "$PID" verify
with=$(jq -r '.rows[] | select(.name == "main_arena by debug symbols") |
	.result' "$T/out")
hs --json --debug-dir "$T/empty" -p "$PID" verify
without=$(jq -r '.rows[] | select(.name == "main_arena by debug symbols") |
	.result' "$T/out")
if [ "$with" = ok ]; then
	check "the empty folder was believed" test "$without" != ok
else
	skip "the empty folder was believed" "libc has no debug files here"
fi
stop_fixture
for fixture in heap_threads heap_aligned; do
	start_fixture "$fixture"
	same "$fixture"
	stop_fixture
done
done_testing

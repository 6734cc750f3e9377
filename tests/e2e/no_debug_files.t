#!/bin/sh
# The numbers need no debug files: the same rows with and without.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
# shellcheck source=tests/e2e/e2e.sh
. "$top_srcdir/tests/e2e/e2e.sh"

mkdir "$T/empty"
start_fixture leaky_server
"$top_builddir/tests/fixtures/leaky_server" --poke \
	"$(sed -n 's/^port //p' "$T/manifest")" 40 >&2
for command in heap 'chunks all'; do
	hs --json --limit 0 -p "$PID" "$command"
	is "$command, with what there is" "$status" 0
	jq -S '[.rows, .totals]' "$T/out" >"$T/with"
	hs --json --limit 0 --debug-dir "$T/empty" -p "$PID" "$command"
	is "$command, without debug files" "$status" 0
	jq -S '[.rows, .totals]' "$T/out" >"$T/without"
	check "$command: rows are there" grep -q addr "$T/with"
	check "$command: the same" cmp "$T/with" "$T/without"
done
stop_fixture
done_testing

#!/bin/sh
# What damage.t asks, of a 32-bit program: each defect is told at its address,
# and what nobody touched is there.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need_ptrace
need jq
need_m32
FIXTURES=$top_builddir/tests/fixtures32

# Of arenas and counters the fixture knows where x86-64 has them, no more.
"$FIXTURES/heap_damaged" names | sed '/^ring-wild$/,$d' >"$T/names"
check "there are kinds of damage" test "$(wc -l <"$T/names")" -ge 30
while read -r kind; do
	start_fixture heap_damaged "$kind"
	hs -p "$PID" --json --limit 0 -e defects -e 'chunks used'
	awk '$1 == "defect" { print $2 }' "$T/manifest" | sort >"$T/made"
	awk '$1 == "kept" { print $2, $3 }' "$T/manifest" | sort >"$T/kept"
	head -n 1 "$T/out" | jq -r '.rows[].addr' | sort >"$T/told"
	tail -n 1 "$T/out" | jq -r '.rows[] | "\(.addr) \(.size)"' |
		sort >"$T/used"
	is "$kind: told at its address, the other blocks are there" \
		"$(comm -13 "$T/told" "$T/made")$(comm -13 "$T/used" \
			"$T/kept" | head -n 5) $status" " 6"
	unharmed || check "$kind: unharmed" false
	exec 9>&-
	wait "$PID" || check "$kind: ended" false
done <"$T/names"
done_testing

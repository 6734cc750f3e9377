#!/bin/sh
# What malloc_trim(0) would return, told beforehand, against what it returned:
# the pages of the heap that the program itself saw go.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need_ptrace
need jq

# holes FOLDER: where the fixture is, in tests
holes() {
	FIXTURES=$top_builddir/tests/$1
	start_fixture holes
	hs -p "$PID" --json -e heap -e fragmentation
	is "$1: status" "$status" 0
	head -n 1 "$T/out" >"$T/heap"
	tail -n 1 "$T/out" >"$T/rows"
	is "$1: heap and fragmentation say the same" \
		"$(jq -c .totals.malloc_trim "$T/heap")" \
		"$(jq -c .totals.malloc_trim "$T/rows")"
	is "$1: the rows add up" "$(jq -c '[.rows | (map(.trim_bytes) | add),
			(map(.trim_touched_bytes) | add),
			(map(.trim_top_bytes) | add)]' "$T/rows")" \
		"$(jq -c '.totals.malloc_trim |
			[.bytes, .touched_bytes, .top_bytes]' "$T/rows")"
	check "$1: there is a top to lower" jq -e \
		'.totals.malloc_trim.top_bytes > 0' "$T/rows"
	check "$1: and holes in both arenas" jq -e '.rows | length == 2 and
		all(.trim_bytes > .trim_top_bytes)' "$T/rows"
	fixture_say trim trimmed
	is "$1: what it was" \
		"$(jq .totals.malloc_trim.touched_bytes "$T/rows")" \
		"$(awk '/^trimmed/ { print $2 }' "$T/manifest")"
	hs -p "$PID" --json fragmentation
	is "$1: nothing is left to be won" \
		"$(jq .totals.malloc_trim.touched_bytes "$T/out")" 0

	# Grown and freed again: kept, but for what one block pins.
	cat >"$T/step" <<-END
		echo grow >"$T/ctl"
		until grep -q '^grown' "$T/manifest"; do sleep 0.02; done
	END
	hs -p "$PID" --json -e snapshot -e "shell sh $T/step" -e snapshot \
		-e fragmentation
	tail -n 1 "$T/out" >"$T/rows"
	is "$1: kept though it is free" \
		"$(jq .totals.retention.holds "$T/rows")" true
	check "$1: behind the last chunk" jq -e '.rows[0] |
		.pin_state == "used" and .pinned_bytes > 20000000' "$T/rows"
	hs -p "$PID" --json -e snapshot -e snapshot -e fragmentation
	is "$1: nothing more since" "$(tail -n 1 "$T/out" |
		jq .totals.retention.holds)" false
	if command -v gcore >/dev/null; then
		gcore_of "$PID" "$T/core"
		hs -c "$T/core" --json fragmentation
		is "$1: of a core the same pages" "$(jq -c \
			'[.rows[] | [.trim_bytes, .pinned_bytes]]' "$T/out")" \
			"$(jq -c '[.rows[] | [.trim_bytes, .pinned_bytes]]' \
				"$T/rows")"
		is "$1: what is in memory it does not tell" "$(jq -c \
			'[.totals.malloc_trim.touched_bytes, .totals.rss_bytes]' \
			"$T/out")" "[null,null]"
	fi
	stop_fixture
}

holes fixtures
if [ -x "$top_builddir/tests/fixtures32/holes" ]; then
	holes fixtures32
else
	skip "fixtures32" "the compiler here makes no 32-bit programs (-m32)"
fi
done_testing

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
		-e heap -e fragmentation
	tail -n 1 "$T/out" >"$T/rows"
	is "$1: kept though it is free" \
		"$(jq .totals.retention.holds "$T/rows")" true
	is "$1: heap says so, too" "$(tail -n 2 "$T/out" | head -n 1 |
		jq -c .totals.retention)" \
		"$(jq -c .totals.retention "$T/rows")"
	check "$1: behind the last chunk" jq -e '.rows[0] |
		.pin_state == "used" and .pinned_bytes > 20000000' "$T/rows"
	hs -p "$PID" --json -e snapshot -e snapshot -e heap -e fragmentation
	is "$1: and heap says nothing of it" "$(tail -n 2 "$T/out" |
		head -n 1 | jq '.totals | has("retention")')" false
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

# The block that the fixture left in the middle of each heap, and the one chunk
# behind it.
pins() {
	FIXTURES=$top_builddir/tests/$1
	start_fixture pins
	hs -p "$PID" --json -e 'fragmentation --heaps' -e fragmentation
	head -n 1 "$T/out" >"$T/rows"
	check "$1: there are several heaps" \
		test "$(grep -c '^pin ' "$T/manifest")" -gt 2
	is "$1: what keeps each heap, and what is behind it" \
		"$(jq -r '.rows[] | select(.arena == 1) |
			"pin \(.pin) \(.end_bytes)"' "$T/rows" | sort)" \
		"$(grep '^pin ' "$T/manifest" | sort)"
	is "$1: one of them has the top: the arena's" "$(jq -c \
		'[.rows[] | select(.arena == 1 and .has_top) | .pin]' \
		"$T/rows")" "$(tail -n 1 "$T/out" |
		jq -c '[.rows[1].pin]')"
	check "$1: freed, it would be more by the chunk at least" jq -e \
		'[.rows[] | select(.arena == 1)] |
		all(.if_freed_bytes >= .end_bytes + 100000)' "$T/rows"
	check "$1: what is touched of it is less" jq -e '[.rows[] |
		select(.arena == 1)] | all(.end_touched_bytes <= .end_bytes)
		' "$T/rows"
	is "$1: used and free are those of the arenas" "$(jq -c \
		'[.rows | group_by(.arena)[] | map(.free_bytes) | add]' \
		"$T/rows")" "$(tail -n 1 "$T/out" |
		jq -c '[.rows[].free_bytes]')"
	stop_fixture
}

pins fixtures
holes fixtures
if [ -x "$top_builddir/tests/fixtures32/holes" ]; then
	pins fixtures32
	holes fixtures32
else
	skip "fixtures32" "the compiler here makes no 32-bit programs (-m32)"
fi
done_testing

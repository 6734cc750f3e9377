#!/bin/sh
# A heap that its own program damaged, in every way that the fixture knows: the
# defect is told at the address, each block whose header nobody touched is
# there, and the answer is marked as incomplete.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need_ptrace
need jq

sorted() { # WORD FIELDS: of the manifest
	awk -v word="$1" '$1 == word { print $2, $3 }' "$T/manifest" |
		sed 's/ $//' | sort
}
"$top_builddir/tests/fixtures/heap_damaged" names >"$T/names"
check "there are kinds of damage" test "$(wc -l <"$T/names")" -ge 30
while read -r kind; do
	start_fixture heap_damaged "$kind"
	hs -p "$PID" --json --limit 0 -e defects -e 'chunks used'
	jq -r 'if .command == "defects" then "told \(.rows[].addr)" else
		"complete \(.complete)", (.rows[] | "used \(.addr) \(.size)")
		end' "$T/out" >"$T/said"
	is "$kind: the answer is incomplete" \
		"$(sed -n 's/^complete //p' "$T/said") $status" "false 6"
	sed -n 's/^told //p' "$T/said" | sort >"$T/told"
	sorted defect >"$T/made"
	is "$kind: told at its address" "$(comm -13 "$T/told" "$T/made")" ""
	sed -n 's/^used //p' "$T/said" | sort >"$T/used"
	sorted kept >"$T/kept"
	is "$kind: the other blocks are there" \
		"$(comm -13 "$T/used" "$T/kept" | head -n 5)" ""
	unharmed || check "$kind: unharmed" false
	exec 9>&-
	wait "$PID" || check "$kind: ended" false
done <"$T/names"

# Heaps that are nearer to each other than they usually are: four huge pages.
FIXTURE_ENV=GLIBC_TUNABLES=glibc.malloc.hugetlb=2
for kind in ring-wild ring-astray ring-closed; do
	start_fixture heap_damaged "$kind"
	hs -p "$PID" --json --limit 0 chunks used
	jq -r '.rows[] | "\(.addr) \(.size)"' "$T/out" | sort >"$T/used"
	sorted kept >"$T/kept"
	is "small heaps, $kind: the other blocks are there" \
		"$(comm -13 "$T/used" "$T/kept" | head -n 5)" ""
	exec 9>&-
	wait "$PID" || check "small heaps, $kind: ended" false
done
FIXTURE_ENV=

# What is told of one.
start_fixture heap_damaged overflow-text
hs -p "$PID" --json defects
is "the block before is named" "$(jq -c '.rows[0] |
	[.before_state, .overflow, .wrote, .kind]' "$T/out")" \
	'["used","probably","text","size"]'
at=$(jq -r '.rows[0].addr' "$T/out")
hs -p "$PID" defects "$at"
check "in words" grep -q 'probably wrote past its end' "$T/out"
check "with the text" grep -q 'text: " too long for' "$T/out"
hs -p "$PID" defects 0x1000
is "no defect there" "$status" 2
stop_fixture
start_fixture heap_damaged overflow-pointer
hs -p "$PID" --json defects
check "a pointer is named" jq -e '.rows[0] | .wrote == "pointer" and
	(.wrote_text | contains("abort"))' "$T/out"
stop_fixture
start_fixture heap_damaged overflow-pattern
hs -p "$PID" --json defects
is "a pattern is told" "$(jq -r '.rows[0].wrote_text' "$T/out")" \
	"0xdeadbeef over and over"
stop_fixture
start_fixture one_block
hs -p "$PID" --json defects
is "nothing is damaged" "$(jq -c '[.complete, .rows]' "$T/out") $status" \
	"[true,[]] 0"
stop_fixture
done_testing

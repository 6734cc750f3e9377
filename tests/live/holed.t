#!/bin/sh
# Blocks in which the program itself has mapped something else, or unmapped
# pages: their sizes are right, what is behind them is walked, and what lies in
# them is told; in a core, too.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
# shellcheck source=tests/lib/walked.sh
. "$top_srcdir/tests/lib/walked.sh"
need_ptrace
need jq

holes() { # of the fixture: "ADDR BYTES BLOCK", sorted
	awk '$1 == "hole" { print $2, $3, $4 }' "$T/manifest" | sort
}
told() { # of the warnings of what was asked last, the same
	jq -r '.warnings[] | capture("^memory inside a block that is not " +
		"malloc.s: (?<bytes>0x[0-9a-f]+) bytes at (?<addr>0x[0-9a-f]+)" +
		" in the block (?<block>0x[0-9a-f]+)") |
		"\(.addr) \(.bytes) \(.block)"' "$T/out" |
		while read -r addr bytes block; do
			echo "$addr $((bytes)) $block"
		done | sort
}
asked() { # WHAT OPTION...
	asked_what=$1
	shift
	hs "$@" --json heap
	is "$asked_what: complete" "$(jq -c .complete "$T/out") $status" \
		"true 0"
	is "$asked_what: told" "$(told)" "$(holes)"
	case $asked_what in
	brk*) is "$asked_what: brk ends with the top" \
		"$(jq -c '.totals.malloc_trim.top_stays' "$T/out")" false ;;
	esac
	hs "$@" --json --limit 0 chunks used
	jq -r '.rows[] | "\(.addr) \(.size)"' "$T/out" | sort >"$T/used"
}
shape() { # NAME
	shape=$1${arch+ $arch}
	RECORD=$T/record
	FIXTURE_ENV="LD_PRELOAD=$recorder RECORD=$RECORD"
	start_fixture heap_holed "$1"
	check "$shape: there are holes" test "$(holes | wc -l)" -ge 1
	exact "$shape" "$PID" "$RECORD"
	asked "$shape" -p "$PID"
	cp "$T/used" "$T/used.live"
	for what in shared file private nothing; do
		at=$(awk -v what=$what '$1 == "hole" && $5 == what {
			print $2; exit }' "$T/manifest")
		[ -n "$at" ] || continue
		case $what in
		shared) words='/dev/zero.*; not copied' ;;
		file) words='/memfd:sizes.*; not copied' ;;
		private) words='/memfd:sizes.*; copied' ;;
		nothing) words='not mapped$' ;;
		esac
		hs -p "$PID" --json heap
		# shellcheck disable=SC2016 # they are jq's
		check "$shape: named: $what" jq -e --arg at "$at" \
			--arg words "$words" '.warnings[] |
			select(contains($at)) | test($words)' "$T/out"
	done
	gcore_of "$PID" "$T/core"
	asked "$shape in a core" -c "$T/core"
	check "$shape in a core: the same blocks" cmp "$T/used" "$T/used.live"
	rm -f "$T/core"
	stop_fixture
}
all() {
	for name in brk arena mappings aligned segments; do
		shape "$name"
	done
}
recorder=$top_builddir/tests/lib/recorder.so
all

FIXTURE_ENV=
start_fixture heap_holed unproven
hs -p "$PID" --json heap
is "unproven: incomplete" "$(jq -c .complete "$T/out") $status" "false 6"
at=$(holes | cut -d' ' -f1)
hs -p "$PID" --json defects
# shellcheck disable=SC2016 # it is jq's
check "unproven: unexplained, and what lies there is named" jq -e \
	--arg at "$at" '.rows[0].text | contains($at) and
	contains("not mapped")' "$T/out"
stop_fixture

if [ -x "$top_builddir/tests/fixtures32/heap_holed" ]; then
	FIXTURES=$top_builddir/tests/fixtures32 arch=i386
	recorder=$FIXTURES/recorder.so
	all
else
	skip "i386" "the compiler here makes no 32-bit programs (-m32)"
fi
done_testing

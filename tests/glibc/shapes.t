#!/bin/sh
# Heaps of unusual shapes: each against the recorder of live allocations and
# against the program's own mallinfo, live and on a copy, as in the matrix; what
# depends on the glibc on the others, too.  Then what large ones cost the target.
#
# Alone: MATRIX="own sid" sh tests/glibc/shapes.t.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need_ptrace
need jq

arch=amd64
suites=${MATRIX:-own bullseye trixie sid experimental}
# shellcheck source=tests/glibc/rows.sh
. "$top_srcdir/tests/glibc/rows.sh"
simple='heap_brk heap_pages heap_many heap_orphans heap_holed' with=''
fetch_suites

for suite in $suites; do
	column "$suite" || continue
	rows "$suite" heap_brk foreign walls no-data options
	rows "$suite" heap_holed arena mappings aligned
	rows "$suite" heap_pages merged stale
	rows "$suite" heap_many holes
	rows "$suite" heap_orphans forked-twice forked-in-midst
	row_seen=--no-files
	rows "$suite no files" heap_brk options
	row_seen=
	[ "$suite" = own ] || continue
	rows own heap_brk first-big edges foreign-first no-space huge
	with_heapscope=1
	rows own heap_pages perturbed-stale advised named given-stacks \
		coroutine mappings
	rows own heap_many arenas threads again starved
	with_heapscope=
	rows own heap_orphans forked
done

all='own bullseye trixie sid experimental'
tuned "$all" arena_max=300 heap_many+arenas
tuned "$all" tcache_count=0 heap_brk+first-big
tuned "own sid" tcache_count=1 heap_orphans+forked-twice
tuned "sid experimental" tcache_max=1000000 heap_pages+merged \
	heap_pages+stale heap_orphans+forked-twice
tuned "own sid" hugetlb=1 heap_brk+foreign heap_many+holes
tuned "own sid" hugetlb=2 heap_holed+brk heap_holed+arena
tuned "own trixie sid" hugetlb=2 heap_brk+edges heap_many+holes \
	heap_pages+stale heap_orphans+forked
tuned "own" arena_test=1 heap_many+again
tuned "own" mmap_max=0 heap_pages+merged heap_brk+no-data
tuned "own" trim_threshold=4096 heap_many+holes
tuned "trixie sid" "tcache_count=3:glibc.mem.decorate_maps=1" \
	heap_pages+merged heap_many+arenas heap_brk+walls
tuned "own sid" "tcache_count=3:glibc.pthread.rseq=0" heap_pages+given-stacks
tuned "own sid" "tcache_count=3:glibc.pthread.stack_hugetlb=0" \
	heap_many+threads

# No address is random: brk begins right behind the program.
column own
if setarch -R true 2>"$T/why"; then
	row_through='setarch -R'
	rows "own not random" heap_brk foreign walls
	rows "own not random" heap_many holes
	row_through=
else
	skip "not random" "$(head -n 1 "$T/why")"
fi

# No malloc yet.
FIXTURE_ENV=
start_fixture heap_shapes nothing
hs -p "$PID" heap
is "no malloc yet: all is known" "$status" 0
check "no malloc yet: it is said" grep -q "malloc was never called" "$T/out"
hs -p "$PID" --json heap
is "no malloc yet: nothing is there" "$(jq -c '[.complete,
	.totals.used_count, .totals.system_bytes]' "$T/out")" '[true,0,0]'
stop_fixture
FIXTURE_ENV=GLIBC_TUNABLES=glibc.malloc.tcache_count=0
start_fixture heap_brk first-mmapped
hs -p "$PID" --json heap
is "mapped blocks and no arena yet: all is known" \
	"$(jq -c '[.complete, .totals.used_count >= 2]' "$T/out") $status" \
	"[true,true] 0"
stop_fixture

# In the window of vfork() two processes have one heap: the child tells it, the
# parent cannot be stopped.
FIXTURE_ENV=
start_fixture heap_orphans vfork
child=$(sed -n 's/^child //p' "$T/manifest")
hs -p "$child" --json heap
is "vfork: the child tells the heap of both" \
	"$(jq -r '.totals.mallinfo2 | [.[]] | @text' "$T/out") $status" \
	"[$(ten_numbers <"$T/manifest" | tr ' ' ,)] 0"
hs -p "$PID" heap
check "vfork: the parent is named, and what it waits for" \
	grep -q "$PID.*vfork" "$T/err"
exec 9>&-
wait "$PID"

# Gigabytes that nobody touched stay so, and are not copied.
anonymous() {
	awk '/^Anonymous:/ { n += $2 } END { print n }' "/proc/$PID/smaps"
}
untouched() { # FIXTURE
	FIXTURE_ENV=
	start_fixture "$1" huge
	if grep -q '^refused' "$T/manifest"; then
		skip "$1 huge" "this machine does not give 8 GB"
		stop_fixture
		return 0
	fi
	anonymous >"$T/before"
	hs -p "$PID" --json -e snapshot -e 'chunks size>=8G' -e snapshots
	anonymous >"$T/after"
	is "$1 huge: it is listed" "$(jq -c 'select(.command | test("chunks"))
		| [.rows[].size >= 8589934592]' "$T/out")" "[true]"
	check "$1 huge: less than 64 MiB is kept" jq -es '[.[] |
		select(.command == "snapshots") | .rows[].content_bytes] |
		length > 0 and max < 67108864' "$T/out"
	is "$1 huge: the target has no page more" "$(cat "$T/after")" \
		"$(cat "$T/before")"
	stop_fixture
}
untouched heap_brk
untouched heap_pages

# Five million chunks: none more, none less.
used_count() {
	hs -p "$PID" --json heap
	jq .totals.used_count "$T/out"
}
FIXTURE_ENV=
start_fixture heap_many chunks
used_before=$(used_count)
fixture_say go made
is "five million chunks: all are counted" \
	"$(($(used_count) - used_before))" \
	"$(sed -n 's/^made //p' "$T/manifest")"
is "five million chunks: mallinfo, all fields" \
	"$(jq -r '.totals.mallinfo2 | [.[]] | @text' "$T/out")" \
	"[$(ten_numbers <"$T/manifest" | tr ' ' ,)]"
stop_fixture
done_testing

#!/bin/sh
# The walk against what a recorder of live allocations knows and what the
# program's own mallinfo2() says, for every shape of heap we can make; live and
# on a copy of the same stop; with and without debug files.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
# shellcheck source=tests/lib/walked.sh
. "$top_srcdir/tests/lib/walked.sh"
need_ptrace

lib=$top_builddir/tests/lib
mkdir "$T/nodebug"

dump() { # OUTPUT ARG...
	dump_out=$1
	shift
	"$lib/heapdump" "$@" "$TARGET" >"$T/$dump_out" 2>&1
}
rows() { # FILE
	grep -E '^(arena|chunk|region|tcache|mallinfo2) ' "$1"
}
begin() { # FIXTURE SHAPE: TARGET, RECORD
	RECORD=$T/record.$2
	FIXTURE_ENV="LD_PRELOAD=$lib/recorder.so RECORD=$RECORD ${TUNE-}"
	start_fixture "$1" "$2"
	TARGET=$PID
	if [ "$2" = forked ]; then
		wait_until grep -q '^child' "$T/manifest" ||
			bail "no child"
		TARGET=$(awk '/^child/ { print $2 }' "$T/manifest")
		RECORD=$RECORD.$TARGET
	fi
}
shape() { # FIXTURE SHAPE
	begin "$1" "$2"
	exact "$1 $2" "$TARGET" "$RECORD"
	dump plain --debug-dir "$T/nodebug"
	check "$1 $2: no debug symbols were used" grep -q \
		'^check SKIPPED main_arena by debug symbols' "$T/plain"
	rows "$T/walk" >"$T/rows"
	rows "$T/plain" >"$T/rows.plain"
	check "$1 $2: the same without debug files" \
		cmp "$T/rows" "$T/rows.plain"
	rm -f "$T"/record.*
	stop_fixture
}

for name in single storm mmapped perturbed trimmed foreign-sbrk sbrk-first \
	no-brk forked library; do
	shape heap_shapes "$name"
done
for name in cross-free few-arenas many-heaps exited forked; do
	shape heap_arenas "$name"
done

# What an administrator may have set.
for tune in hugetlb=2 hugetlb=1 tcache_count=0 tcache_count=100 \
	perturb=85 mxfast=0; do
	TUNE=GLIBC_TUNABLES=glibc.malloc.$tune
	shape heap_arenas cross-free
	shape heap_shapes mmapped
done
TUNE=

# No libc.so, no exported function, no recorder either.
for how in -static -static-pie; do
	# shellcheck disable=SC2086 # words
	if ! $HS_CC $how -O0 -pthread -I"$top_srcdir" -o "$T/static" \
		"$top_srcdir/tests/fixtures/heap_arenas.c" 2>/dev/null; then
		skip "$how" "no static libc to link with"
		continue
	fi
	strip "$T/static"
	rm -f "$T/in" "$T/manifest"
	mkfifo "$T/in"
	"$T/static" cross-free <"$T/in" >"$T/manifest" &
	TARGET=$!
	kill_at_exit "$TARGET"
	exec 8>"$T/in"
	wait_until grep -q ^ready "$T/manifest" || bail "static fixture"
	sound "$how" "$TARGET"
	exec 8>&-
	wait "$TARGET"
done

# All witnesses that can speak do, and agree.
begin heap_shapes single
dump walk
for witness in 'main_arena by file image' \
	'main_arena by disassembly of mallinfo2' \
	'main_arena by disassembly of malloc_trim' \
	'main_arena by run-time signature' 'mp_ by file image' \
	'mp_ by disassembly of mallinfo2' 'mp_ by run-time signature' \
	"libc's thread-local block" 'tcache by disassembly of malloc' \
	'tcache by scan of thread-local blocks'; do
	check "$witness" grep -q "^check OK $witness " "$T/walk"
done
# Nobody could open libc's file: the code and the memory tell.
grep '^chunk ' "$T/walk" >"$T/rows"
dump nofiles --no-files
grep '^chunk ' "$T/nofiles" >"$T/rows.nofiles"
check "without files: says so" grep -q \
	'^check SKIPPED main_arena by file image .*cannot be read' "$T/nofiles"
check "without files: the same chunks" cmp "$T/rows" "$T/rows.nofiles"
stop_fixture

# A program that never allocated has a heap all the same: an empty one.
begin heap_shapes nothing
dump walk
is "never used: one arena, not initialised" \
	"$(grep ^arena "$T/walk" | cut -d' ' -f2,4,5)" "0 main uninitialised"
is "never used: nothing fails" "$(differences)" ""
dump nofiles --no-files
is "never used, without files: the same arena" \
	"$(grep ^arena "$T/nofiles")" "$(grep ^arena "$T/walk")"
is "never used: no chunk" "$(grep '^chunks' "$T/walk")" "chunks 0"
stop_fixture

# Stopped in the middle of malloc again and again: it ends, and whatever does
# not add up is put down to that, not to damage.
begin heap_arenas never-quiet
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	dump walk --quiet
	grep -E '^(error|defect|arena|check)' "$T/walk"
done >"$T/all"
is "never quiet: only what is busy is doubtful" \
	"$(grep -E '^(error|defect)' "$T/all" | grep -v '^defect busy' | head)" ""
is "never quiet: walked each time" \
	"$(grep -c '^check .* arenas walked to their top' "$T/all")" 20
stop_fixture
done_testing

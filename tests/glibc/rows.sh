# shellcheck shell=sh disable=SC2034,SC2154
# Sourced after tap.sh by the matrices, one of which there is for each
# architecture: rows of "this fixture, on this glibc, in this way".  Before:
#
#   arch            as Debian's archive names it: amd64, i386
#   suites          the columns: "own", or Debian's name of a suite
#
# Then
#
#   fetch_suites                    at once; why not is told by column
#   column SUITE [quiet]            sets FIXTURES; false, and a skip, if none
#   row NAME TUNABLES FIXTURE [SHAPE]   with_heapscope=1: and what the tool
#                   says; with_core=1: and what it says of a core;
#                   row_through: a command that starts it;
#                   row_seen: an option of heapdump
#   rows NAME FIXTURE SHAPE...
#   matrix          what every glibc is asked, in every column
#   show_cores      a table of what with_core=1 compared
#   checked SUITE, restless SUITE
#   tuned SUITES TUNABLES FIXTURE[+SHAPE]...
# shellcheck source=tests/lib/walked.sh
. "$top_srcdir/tests/lib/walked.sh"
cache=$top_builddir/glibc
lib=$top_builddir/tests/lib
# For this system's own glibc they are built anyway.
case $arch in
i386)
	arch_flags=' -m32'
	own_fixtures=$top_builddir/tests/fixtures32
	recorder=$own_fixtures/recorder.so
	;;
*)
	arch_flags=
	own_fixtures=$top_builddir/tests/fixtures
	recorder=$lib/recorder.so
	;;
esac
mkdir -p "$cache"
simple='heap_single heap_threads heap_aligned heap_realloc heap_fork'
simple="$simple heap_dlopen heap_every"
with="storm heap_shapes heap_arenas heap_plugin.so allocating.so"
with="$with heap_copies heap_copies_in.so"

column() { # SUITE: FIXTURES, or a skip and false
	FIXTURES=$cache/$1-$arch/fixtures
	if [ "$1" = own ]; then
		FIXTURES=$own_fixtures
		return 0
	fi
	if [ -s "$T/why.$1" ]; then
		[ -n "${2-}" ] || skip "$1" "$(head -n 1 "$T/why.$1")"
		return 1
	fi
	# shellcheck disable=SC2086 # words
	HS_CC="${HS_CC:-cc}$arch_flags" sh "$top_srcdir/tests/glibc/build.sh" \
		"$top_srcdir" "$cache/$1-$arch" $simple $with >"$T/build" 2>&1 || {
		sed 's/^/# /' "$T/build"
		skip "$1" "the compiler here cannot link against it"
		return 1
	}
}
# Of the copies of malloc in namespaces of their own.
other_numbers() {
	sed -n 's/^other [0-9 ]*mallinfo2 //p' | tr -d '{}":a-z' | tr , ' ' |
		sort
}
row() { # NAME TUNABLES FIXTURE [SHAPE]
	row_name=$1
	RECORD=$T/record
	FIXTURE_ENV="LD_PRELOAD=$recorder RECORD=$RECORD"
	[ -z "$2" ] || FIXTURE_ENV="$FIXTURE_ENV GLIBC_TUNABLES=$2"
	[ -z "${row_through-}" ] || FIXTURE_ENV="$row_through env $FIXTURE_ENV"
	shift 2
	start_fixture "$@"
	TARGET=$PID
	# A child that says who it is has a record of its own.
	case "$*" in
	*fork*)
		wait_until grep -q '^child' "$T/manifest" || bail "no child"
		TARGET=$(awk '/^child/ { print $2 }' "$T/manifest")
		RECORD=$RECORD.$TARGET
		;;
	esac
	# shellcheck disable=SC2086 # a word or none
	exact "$row_name $*" "$TARGET" "$RECORD" ${row_seen-}
	is "$row_name $*: mallinfo of other copies of malloc" \
		"$(other_numbers <"$T/walk")" "$(other_numbers <"$T/manifest")"
	if [ -n "$with_heapscope" ]; then
		ask_heapscope "$row_name $*"
	fi
	[ -z "$with_core" ] || ask_core "$row_name" "$*"
	exec 9>&-
	wait "$PID"
	rm -f "$T"/record*
}
rows() { # NAME FIXTURE SHAPE...
	rows_name=$1 rows_fixture=$2
	shift 2
	for shape in "$@"; do
		row "$rows_name" "" "$rows_fixture" "$shape"
	done
}
# What the tool itself says of the fixture that runs.
with_heapscope=
ask_heapscope() {
	hs -p "$PID" --json heap
	is "$1: heap is complete" "$(jq -c .complete "$T/out") $status" \
		"true 0"
	# Stacks have guard pages inside of their mapping since 2.42, which
	# kernels tell since 6.15.
	case $(uname -r) in
	6.13* | 6.14*) skip "$1: no warning" "this kernel hides guards" ;;
	*) is "$1: no warning" "$(jq -c .warnings "$T/out")" "[]" ;;
	esac
	is "$1: heap has the same numbers" \
		"$(jq -c '.totals.mallinfo2 | [.arena, .ordblks, .smblks,
		.hblks, .hblkhd, .usmblks, .fsmblks, .uordblks, .fordblks,
		.keepcost]' "$T/out")" \
		"[$(ten_numbers <"$T/manifest" | tr ' ' ,)]"
	hs -p "$PID" --json verify
	is "$1: nothing fails" "$(jq -c '[.rows[] |
		select(.result == "failed" or .section == "defects")]' \
		"$T/out") $status" "[] 0"
	hs -p "$PID" --json threads
	is "$1: every thread is shown" "$(jq '.rows | length' "$T/out")" \
		"$(task_count)"
}

# A core of the same moment, asked with all files at hand and with none, must
# give the answers that the running process gave.
with_core=
FIXTURE_DIR=$T/cores
mkdir "$FIXTURE_DIR"
# What it answers, without what may differ: a content and a type may be told by
# the name of a symbol, and what of the other memory is stack by unwinding;
# which pages were touched a core does not know.  What holds a block is asked by
# ask_held(): the recorder's list names them all, and lies in a shared mapping
# of a file that is deleted, which a core has and takes for private memory.
# The chunks, of which there are many, as CSV; of their answers in JSON, that they
# are complete and the totals.
asked() { # HEAPSCOPE'S OPTIONS
	hs "$@" --json -e heap -e threads -e 'set limit 1' -e 'chunks used' \
		-e 'chunks cached' -e 'set limit 0' -e 'set format csv' \
		-e 'chunks used' -e 'chunks cached'
	sed -n -E '/^\{/!d
		s/"target":.*"complete"/"complete"/
		s/"warnings":.*"columns"/"columns"/
		s/"title":"[^"]*",//
		s/,"other_memory":\{[^}]*\}//
		s/,"touched_bytes":[^,}]*//
		/"command":"chunks/s/,"rows":.*,"totals"/,"totals"/
		/"command":"threads"/!p' "$T/out"
	sed '/^{/d' "$T/out" | cut -d , -f 1-6
	grep '"command":"threads"' "$T/out" | jq -c '[.complete, (.rows[] |
		[.tid, .arena, .cached_count, .cached_bytes, .tcache, .pc])]'
	echo "status $status"
}
ask_core() { # COLUMN, FIXTURE
	mkdir -p "$T/no-files"
	asked -p "$TARGET" >"$T/live"
	core=$T/core
	case $2 in
	heap_single | heap_aligned) gcore_of "$TARGET" "$core" ;;
	*) core_of "$TARGET" "$core" ;;
	esac
	asked -c "$core" >"$T/files"
	asked -c "$core" --sysroot "$T/no-files" --debug-dir "$T/no-files" \
		>"$T/no-symbols"
	is "$1 $2: a core says the same" "$(diff "$T/live" "$T/files" |
		cut -c1-300)" ""
	is "$1 $2: a core without symbols says the same" \
		"$(diff "$T/live" "$T/no-symbols" | cut -c1-300)" ""
	{
		printf '# %-13s%-25s' "$1" "$2"
		head -n 1 "$T/live" | jq -rj 'select(.command == "heap").totals |
			"\(.used_count) chunks"'
		same "$T/files"
		same "$T/no-symbols"
		echo
	} >>"$T/table"
	rm -f "$core"
}
# What holds each block, where no recorder is: the same in a core.
held() { # HEAPSCOPE'S OPTIONS
	hs "$@" --json --limit 0 chunks used
	jq -c '.rows[] | [.addr, .leak]' "$T/out"
}
ask_held() { # COLUMN FIXTURE [SHAPE]
	held_what="$*"
	shift
	FIXTURE_ENV=
	start_fixture "$@"
	held -p "$PID" >"$T/live"
	core=$T/core
	core_of "$PID" "$core"
	held -c "$core" >"$T/files"
	held -c "$core" --sysroot "$T/no-files" --debug-dir "$T/no-files" \
		>"$T/no-symbols"
	check "$held_what: there are blocks" test -s "$T/live"
	is "$held_what: held by the same in a core" \
		"$(diff "$T/live" "$T/files" | head -n 4)" ""
	is "$held_what: held by the same in a core without symbols" \
		"$(diff "$T/live" "$T/no-symbols" | head -n 4)" ""
	exec 9>&-
	wait "$PID"
	rm -f "$core"
}
same() {
	if cmp -s "$T/live" "$1"; then
		printf '%14s' equal
	else
		printf '%14s' DIFFERENT
	fi
}
show_cores() {
	echo "# glibc        fixture                  live              core" \
		"   no symbols"
	cat "$T/table"
}

# The checking malloc: libc's own up to 2.33, then another library's.
checked() { # SUITE
	debug=$(dirname "$FIXTURES")/lib/libc_malloc_debug.so.0
	FIXTURE_ENV="MALLOC_CHECK_=3"
	[ "$1" != own ] || debug=libc_malloc_debug.so.0
	[ "$1" = bullseye ] || FIXTURE_ENV="$FIXTURE_ENV LD_PRELOAD=$debug"
	# Both of its kinds of memory: the totals are those of its own counters.
	for checked_fixture in heap_threads heap_aligned; do
		start_fixture "$checked_fixture"
		sound "$1 MALLOC_CHECK_ $checked_fixture" "$PID"
		exec 9>&-
		wait "$PID"
	done
}
# Stopped inside malloc again and again: see tests/live/storm.t.
restless() { # SUITE
	FIXTURE_ENV="nice -n 19"
	for restless_how in "" churn; do
		# shellcheck disable=SC2086 # a word or none
		start_fixture storm $restless_how
		"$lib/storm" "$PID" "$(sed -n 's/^ledger //p' "$T/manifest")" \
			50 --go "$T/ctl" --attempts 2 >"$T/judged" 2>&1
		grep '^snapshots' "$T/judged" | sed 's/^/# /'
		is "$1 storm $restless_how: each snapshot is exact, or marked" \
			"$(grep -v '^snapshots 50 ' "$T/judged" |
				head -n 60)" ""
		exec 9>&-
		wait "$PID"
	done
}

matrix() {
	for suite in $suites; do
		column "$suite" || continue
		with_core=1
		for fixture in $simple; do
			with_heapscope=
			[ "$fixture" != heap_threads ] || with_heapscope=1
			row "$suite" "" "$fixture"
		done
		with_heapscope=
		rows "$suite" heap_shapes mmapped trimmed foreign-sbrk no-brk
		rows "$suite" heap_arenas cross-free many-heaps exited forked
		row "$suite" "" heap_copies
		with_core=
		ask_held "$suite" heap_arenas exited
		ask_held "$suite" heap_copies
		checked "$suite"
		restless "$suite"
	done
}

fetch_suites() {
	for suite in $suites; do
		[ "$suite" = own ] || sh "$top_srcdir/tests/glibc/fetch.sh" \
			"$cache" "$suite" "$arch" >"$T/why.$suite" 2>&1 &
		fetching="${fetching-} $!"
	done
	# shellcheck disable=SC2086 # words
	wait $fetching
}

# TUNABLES FIXTURE[+SHAPE]...: on the suites that have what they change.
tuned() { # SUITES TUNABLES FIXTURE...
	tuned_on=$1 tuned_how=$2
	shift 2
	for suite in $suites; do
		case " $tuned_on " in
		*" $suite "*) ;;
		*) continue ;;
		esac
		column "$suite" quiet || continue
		for fixture in "$@"; do
			row "$suite $tuned_how" "glibc.malloc.$tuned_how" \
				"${fixture%%+*}" "${fixture#*+}"
		done
	done
}

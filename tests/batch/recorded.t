# shellcheck shell=sh
# The set of used chunks is what the program allocated and did not free, told by
# a recorder preloaded into it, and one tcache struct a thread: address by
# address.  And the totals are those of the program's own mallinfo2().
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need_ptrace
need python3 jq

recorder=$top_builddir/tests/lib/recorder.so

# The recorded process: the fixture, or the child that it names.
start_recorded() {
	FIXTURE_ENV="RECORD=$T/record LD_PRELOAD=$recorder"
	start_fixture "$1"
	FIXTURE_ENV=
	target=$(sed -n 's/^child //p' "$T/manifest")
	if [ -n "$target" ]; then
		record=$T/record.$target
	else
		target=$PID
		record=$T/record
	fi
}

list() { # FILE COMMAND...
	list_to=$1
	shift
	hs -p "$target" --json --limit 0 "$@"
	cp "$T/out" "$T/$list_to"
	[ "$status" -eq 0 ] || hs_said
	[ "$status" -eq 0 ]
}

same_set() {
	list chunks chunks used && list threads threads || return 1
	python3 "$top_srcdir/tests/lib/compare_recorded.py" "$record" \
		"$T/chunks" "$T/threads"
}

for fixture in heap_single heap_threads heap_aligned heap_realloc heap_fork \
	heap_dlopen
do
	start_recorded "$fixture"
	check "$fixture: used chunks are the recorded ones" same_set
	check "$fixture: heap" list heap heap
	sed -n 's/^mallinfo2 //p' "$T/manifest" | tail -n 1 >"$T/own"
	is "$fixture: mallinfo2, all ten fields" \
		"$(jq -cS .totals.mallinfo2 "$T/heap")" "$(jq -cS . "$T/own")"
	is "$fixture: heap's used is the sum of chunks" \
		"$(jq -c '[.totals.used_count, .totals.used_bytes]' "$T/heap")" \
		"$(jq -c '[(.rows | length), ([.rows[].chunk_size] | add)]' \
			"$T/chunks")"
	is "$fixture: nothing is in doubt" "$(jq -c '[.complete, .warnings]' \
		"$T/heap")" '[true,[]]'
	check "$fixture: verify" list verify verify
	is "$fixture: no check failed" \
		"$(jq -c '[.rows[] | select(.result == "failed")]' \
			"$T/verify")" '[]'
	stop_fixture
done
done_testing

# shellcheck shell=sh
# Sourced after tap.sh: fixtures with the recorder of live allocations preloaded.
#
#   start_recorded NAME   RECORDED_ENV: further NAME=VALUE words for it
#   list FILE COMMAND...  the answer of one command, in $T/FILE
#   same_set              used chunks are the recorded ones, and tcache structs
#   check_recorded WHAT   all of it: the set, the totals, every check
recorder=$top_builddir/tests/lib/recorder.so

# The recorded process: the fixture, or the child that it names.
start_recorded() {
	FIXTURE_ENV="RECORD=$T/record LD_PRELOAD=$recorder ${RECORDED_ENV-}"
	start_fixture "$1"
	# shellcheck disable=SC2034 # of tap.sh
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

check_recorded() {
	check "$1: used chunks are the recorded ones" same_set
	check "$1: heap" list heap heap
	sed -n 's/^mallinfo2 //p' "$T/manifest" | tail -n 1 >"$T/own"
	is "$1: mallinfo2, all ten fields" \
		"$(jq -cS .totals.mallinfo2 "$T/heap")" "$(jq -cS . "$T/own")"
	is "$1: heap's used is the sum of chunks" \
		"$(jq -c '[.totals.used_count, .totals.used_bytes]' "$T/heap")" \
		"$(jq -c '[(.rows | length), ([.rows[].chunk_size] | add)]' \
			"$T/chunks")"
	is "$1: nothing is in doubt" "$(jq -c '[.complete, .warnings]' \
		"$T/heap")" '[true,[]]'
	check "$1: verify" list verify verify
	is "$1: no check failed" \
		"$(jq -c '[.rows[] | select(.result == "failed")]' \
			"$T/verify")" '[]'
}

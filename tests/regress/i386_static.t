#!/bin/sh
# In a static i386 program malloc's code lies among the rest of libc's: threads
# that wait elsewhere in it are not inside malloc.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need_ptrace
need jq
need_m32

for kind in static static-pie; do
	pie=-fPIE
	[ "$kind" = static-pie ] || pie=-fno-PIE
	# shellcheck disable=SC2086 # words
	if ! ${HS_CC:-cc} -m32 -std=gnu17 -O0 -g -pthread "-$kind" $pie \
		-I"$top_srcdir" -o "$T/$kind" \
		"$top_srcdir/tests/fixtures/call_tree.c" >"$T/cc" 2>&1; then
		skip "$kind" "the compiler here cannot link $kind"
		continue
	fi
	FIXTURES=$T
	start_fixture "$kind"
	hs -p "$PID" --json heap
	is "$kind: nobody is inside malloc" \
		"$status $(jq -c .warnings "$T/out")" "0 []"
	stop_fixture
done
done_testing

#!/bin/sh
# What a libc calls itself decides nothing: the same libc under another version,
# and under none, has the same heap.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
# shellcheck source=tests/lib/recorded.sh
. "$top_srcdir/tests/lib/recorded.sh"
need_ptrace
need jq

own=$(ldd "$top_builddir/tests/fixtures/heap_single" |
	awk '$1 == "libc.so.6" { print $3 }')
[ -n "$own" ] || skip_all "the fixtures have no libc.so.6"
grep -aq 'GNU C Library (.* version 2\.[0-9][0-9]\.' "$own" ||
	skip_all "libc does not say what it is"

# calls_itself WHAT SED-SCRIPT VERSION: the bytes stay where they are.
calls_itself() {
	rm -rf "${T:?}/lib"
	mkdir "$T/lib"
	LC_ALL=C sed "$2" "$own" >"$T/lib/libc.so.6"
	is "$1: a copy of the same length" "$(wc -c <"$T/lib/libc.so.6")" \
		"$(wc -c <"$own")"
	RECORDED_ENV="LD_LIBRARY_PATH=$T/lib"
	start_recorded heap_threads
	check_recorded "$1"
	is "$1: told as it is" "$(jq -r '.target.glibc // ""' "$T/heap")" "$3"
	stop_fixture
}
calls_itself "another version" \
	's/\(GNU C Library (.* version \)2\.[0-9][0-9]\./\12.12./' 2.12
calls_itself "no version" 's/GNU C Library (/gnu c library (/' ""
done_testing

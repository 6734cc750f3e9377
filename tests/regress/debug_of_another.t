#!/bin/sh
# A debug file of another build is not used, and that is said with whatever
# shows names, in text and in JSON; the names are those of the program itself.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need_ptrace
need jq objcopy readelf

other=$top_builddir/tests/fixtures/one_block
mkdir "$T/bin" "$T/debug"
cp "$top_builddir/tests/fixtures/heap_threads" "$T/bin"
FIXTURES=$T/bin
said() { # WHAT WORDS
	for command in bt threads verify "symbol main"; do
		# shellcheck disable=SC2086 # words
		hs --json --debug-dir "$T/debug" -p "$PID" $command
		is "$1: $command: done" "$status" 0
		# shellcheck disable=SC2016 # it is for jq
		check "$1: $command: a warning says so" jq -e --arg words "$2" \
			'.warnings | any(test($words))' "$T/out"
	done
	hs --debug-dir "$T/debug" -p "$PID" bt
	check "$1: as text" grep -q "warning: .*$2" "$T/err"
	check "$1: the names are its own" grep -q "main" "$T/out"
}

id=$(readelf -n "$T/bin/heap_threads" | sed -n 's/.*Build ID: //p')
if [ -n "$id" ]; then
	folder=$T/debug/.build-id/$(echo "$id" | cut -c 1-2)
	mkdir -p "$folder"
	cp "$other" "$folder/$(echo "$id" | cut -c 3-).debug"
	start_fixture heap_threads
	said "by build-id" "of another build .build-id differs.: not used"
	stop_fixture
	rm -r "$T/debug/.build-id"
else
	skip "by build-id" "the compiler here gives programs none"
fi

cp "$top_builddir/tests/fixtures/heap_threads" "$T/debug/its.debug"
objcopy --add-gnu-debuglink="$T/debug/its.debug" "$T/bin/heap_threads"
cp "$other" "$T/bin/its.debug"
start_fixture heap_threads
said "by debuglink" "of another build .* differs.: not used"
cp "$T/debug/its.debug" "$T/bin/its.debug"
hs --json --debug-dir "$T/debug" -p "$PID" bt
is "its own is used" "$(jq -c .warnings "$T/out")" "[]"
stop_fixture
done_testing

#!/bin/sh
# A library's file emptied, cut or filled with another program's bytes while it
# runs: the stop ended the process, and what was said was that no heap of
# glibc's malloc had been found.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need_ptrace

libc=$(ldd "$top_builddir/tests/fixtures/heap_threads" |
	awk '$1 == "libc.so.6" { print $3 }')
[ -n "$libc" ] || skip_all "the fixtures have no libc.so.6"
mkdir "$T/lib"
copy=$T/lib/libc.so.6

begin() {
	rm -f "$copy"
	cp "$libc" "$copy"
	FIXTURE_ENV="LD_LIBRARY_PATH=$T/lib"
	start_fixture heap_threads
}
refused() { # WHAT SAID
	for command in heap threads snapshot; do
		hs -p "$PID" "$command"
		is "$1: $command" "$status" 5
		check "$1: $command names the file" grep -q \
			"process $PID cannot be stopped .*$copy was $2" "$T/err"
	done
	hs -p "$PID" maps
	is "$1: maps work" "$status" 0
	check "$1: it was not stopped" unharmed
	kill -KILL "$PID"
	exec 9>&-
	wait "$PID" 2>/dev/null
}

begin
: >"$copy"
refused "emptied" "made shorter after it had been loaded"
begin
dd if=/dev/null of="$copy" bs=1 seek="$(($(wc -c <"$libc") / 3))" 2>"$T/dd"
refused "cut" "made shorter after it had been loaded"
begin
cat "$HS" "$libc" >"$copy"
refused "another program" "written into after it had been loaded"
begin
tr '\0-\377' x <"$libc" >"$T/text"
cat "$T/text" "$T/text" >"$copy"
refused "no program" "written into after it had been loaded"

begin
hs -p "$PID" heap
is "left alone: its heap" "$status" 0
stop_fixture
done_testing

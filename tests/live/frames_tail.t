#!/bin/sh
# Functions that ended in tail calls, what only a caller knows of arguments,
# values that are in no memory, lines of several rows: as gdb tells them.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
# shellcheck source=tests/lib/gdb_frames.sh
. "$top_srcdir/tests/lib/gdb_frames.sh"
# shellcheck disable=SC2034 # start_fixture looks there
FIXTURES=$T
cc=${HS_CC:-cc}

for version in 4 5; do
	"$cc" -O2 -gdwarf-$version -o "$T/frames_tail" \
		"$top_srcdir/tests/fixtures/frames_tail.c" 2>"$T/cc" ||
		bail "$cc: $(head -n 1 "$T/cc")"
	: >"$T/all"
	start_fixture frames_tail
	for stop in 1 2 3 4 5 6 7; do
		[ "$stop" = 1 ] || fixture_say "" at
		gdb_says
		same_stop "DWARF $version, stop $stop" -p "$PID"
		cat "$T/gdb" "$T/gdb.args" >>"$T/all"
		[ "$stop" != 1 ] || cp "$T/ours" "$T/first"
		[ "$stop" != 1 ] || cp "$T/ours.args" "$T/first.args"
	done
	if ! grep -q "tail call" "$T/all"; then
		skip "DWARF $version" "$cc here tells nothing of calls"
		stop_fixture
		continue
	fi
	check "all three tail calls of the first stop are there" \
		test "$(grep -c 'tail call' "$T/first")" = 3
	check "with what they were given" \
		grep -q " third	.*gone=gone@entry=41" "$T/first.args"
	stop_fixture
done

start_fixture frames_tail
gdb_says
tail=$(awk '/\tframes_tail.c.* tail call/ { print $2; exit }' "$T/gdb")
if [ "$tail" ]; then
	hs --json -p "$PID" -e "frame $tail" -e 'print number' -e "print \$pc"
	LC_ALL=C gdb -nx -batch -iex 'set debuginfod enabled off' -p "$PID" \
		-ex "frame $tail" -ex 'print number' -ex "print \$pc" \
		2>/dev/null |
		sed -n 's/^\$[0-9]* = \(([^)]*) \)*//p' >"$T/wanted"
	is "print in the frame of a tail call" "$(jq -s -r '.[1:3][].rows[0].value
		' "$T/out" | sed 's/^([^)]*) //')" "$(cat "$T/wanted")"
else
	skip "print in the frame of a tail call" "$cc here tells nothing of calls"
fi
stop_fixture

# Several rows of one address: the last that begins a statement counts.
cat >"$T/rows.c" <<'SOURCE'
#include <stdio.h>
static int stop_here(void)
{
	puts("ready 1");
	fflush(stdout);
	return getchar();
}
int main(int argc, char **argv)
{
	return stop_here() + argc + !argv;
}
SOURCE
"$cc" -O0 -g -S -o "$T/rows.s" "$T/rows.c"
sed 's/^\tcall\(q\)*\tstop_here$/\t.loc 1 9 1 is_stmt 1\n\t.loc 1 4 1 is_stmt 0\n&\n\t.loc 1 10 1 is_stmt 1/
	' "$T/rows.s" >"$T/rows2.s"
if cmp -s "$T/rows.s" "$T/rows2.s" ||
	! "$cc" -o "$T/frames_rows" "$T/rows2.s" 2>"$T/cc"; then
	skip "rows of one address" "$cc writes other assembly"
else
	start_fixture frames_rows
	gdb_says
	check "gdb says line 9" grep -q " main	rows.c:9" "$T/gdb"
	same_stop "rows of one address" -p "$PID"
	stop_fixture
fi
done_testing

#!/bin/sh
# The functions on the stack, those inlined included, as gdb tells them: at six
# stops of one program, compiled in several ways.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need_ptrace
need gdb gcore jq
gdb -q -batch -nx -ex 'py print(1)' 2>/dev/null | grep -qx 1 ||
	skip_all "this gdb has no Python"

FIXTURES=$T
source=$top_srcdir/tests/fixtures/frames.c
build() { # COMPILER OPTION...
	"$@" -pthread -I"$top_srcdir" -o "$T/frames" "$source" 2>"$T/cc" ||
		bail "$1: $(head -n 1 "$T/cc")"
}
gdb_frames() {
	gdb -q -batch -nx -ex 'set debuginfod enabled off' -p "$PID" \
		-ex "py name = 'frames'" \
		-x "$top_srcdir/tests/lib/gdb_frames.py" 2>"$T/gdb.err" |
		sed -n 's/^frame //p'
}
our_frames() { # ARG...
	hs --json "$@" bt
	jq -r '.rows | sort_by(.tid) | .[] |
		select((.file // "") | test("/frames[.][ch]$")) |
		"\(.tid) \(.function) \(.file | sub(".*/"; "")):\(.line)" +
		(if .inlined then " inlined" else "" end)' "$T/out"
}
stops() { # WHAT
	what=$1
	start_fixture frames
	for stop in 1 2 3 4 5 6; do
		[ "$stop" = 1 ] || fixture_say "" at
		gdb_frames >"$T/gdb"
		check "$what, stop $stop: gdb tells frames" test -s "$T/gdb"
		is "$what, stop $stop: the same" \
			"$(our_frames -p "$PID")" "$(cat "$T/gdb")"
		cat "$T/gdb" >>"$T/all"
	done
}

cc=${HS_CC:-cc}
for options in "-O0 -gdwarf-4" "-O2 -gdwarf-5"; do
	# shellcheck disable=SC2086 # words
	build $cc $options
	: >"$T/all"
	stops "$options"
	check "$options: something was inlined out of the header" \
		grep -q "frames_pass frames.h:.* inlined" "$T/all"
	gcore_of "$PID" "$T/core"
	is "$options: a core tells the same" "$(our_frames -c "$T/core")" \
		"$(cat "$T/gdb")"
	stop_fixture
done
done_testing

#!/bin/sh
# The functions on the stack, those inlined included, and their variables, as gdb
# tells them: at six stops of one program, compiled in several ways.
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
gdb_says() {
	gdb -q -batch -nx -ex 'set debuginfod enabled off' -p "$PID" \
		-ex "py name = 'frames'" \
		-x "$top_srcdir/tests/lib/gdb_frames.py" >"$T/gdb.out" \
		2>"$T/gdb.err"
	sed -n 's/^frame //p' "$T/gdb.out" >"$T/gdb"
	sed -n 's/^var //p' "$T/gdb.out" | sort >"$T/gdb.vars"
}
our_frames() { # ARG...
	hs --json "$@" bt
	jq -r '.rows | sort_by(.tid) | .[] |
		select((.file // "") | test("/frames[.][ch]$")) |
		"\(.tid) \(.function) \(.file | sub(".*/"; "")):\(.line)" +
		(if .inlined then " inlined" else "" end)' "$T/out"
}
# All in one snapshot: a line for each frame chooses it and asks.
our_vars() { # ARG...
	hs --json "$@" bt
	jq -r '.rows[] | select((.file // "") | test("/frames[.][ch]$")) |
		"bt \(.tid)\nframe \(.frame)\nlocals\nargs"' "$T/out" |
		uniq >"$T/lines"
	awk '{ if (/^bt/) b = $0; else if (/^frame/) f = b "\n" $0
		else if (!((f, $0) in seen)) { seen[f, $0]; print f "\n" $0 } }' \
		"$T/lines" >"$T/script"
	hs --json "$@" -e "source $T/script"
	jq -r 'select(.command == "locals" or .command == "args") | .rows[] |
		"\(.tid) \(.function) \(.name) = \(.value)"' "$T/out" | sort
}
# gdb lists some variables of optimized functions twice, once without a value.
# Floating point arguments that only the caller knows are in vector registers.
same_vars() { # WHAT ARG...
	same=$1
	shift
	our_vars "$@" | grep -v '<optimized out>\|= <its' >"$T/vars"
	grep -v '<optimized out>' "$T/gdb.vars" >"$T/wanted"
	case $same in
	-O2*) sed -i '/ many [fg] = /d' "$T/wanted" ;;
	esac
	is "$same: the same variables" "$(cat "$T/vars")" "$(cat "$T/wanted")"
}
stops() { # WHAT
	what=$1
	start_fixture frames
	for stop in 1 2 3 4 5 6; do
		[ "$stop" = 1 ] || fixture_say "" at
		gdb_says
		check "$what, stop $stop: gdb tells frames" test -s "$T/gdb"
		is "$what, stop $stop: the same" \
			"$(our_frames -p "$PID")" "$(cat "$T/gdb")"
		check "$what, stop $stop: gdb tells variables" \
			test -s "$T/gdb.vars"
		same_vars "$what, stop $stop" -p "$PID"
		cat "$T/gdb" >>"$T/all"
	done
}

cc=${HS_CC:-cc}
for options in "-O0 -gdwarf-4" "-O2 -gdwarf-5" "-O2 -gdwarf-4"; do
	# shellcheck disable=SC2086 # words
	build $cc $options
	: >"$T/all"
	stops "$options"
	check "$options: something was inlined out of the header" \
		grep -q "frames_pass frames.h:.* inlined" "$T/all"
	hs --json -p "$PID" "bt $PID"
	deep=$(jq -s '.[0].rows | map(select(.function == "main"))[0].frame' "$T/out")
	hs --json -p "$PID" -e "bt $PID" -e "frame $deep" -e "print m.color" \
		-e "frame 0" -e "print m.color"
	is "$options: print takes the variables of the frame that was chosen" \
		"$(jq -s -r '.[2].rows[0].value' "$T/out")" GREEN
	check "$options: and no others" test "$status" -ne 0
	gcore_of "$PID" "$T/core"
	is "$options: a core tells the same" "$(our_frames -c "$T/core")" \
		"$(cat "$T/gdb")"
	same_vars "$options, a core" -c "$T/core"
	stop_fixture
done

# Choosing a frame, and what is said where there is none or nothing is known.
# shellcheck disable=SC2086 # words
build $cc -O0
start_fixture frames
hs -p "$PID" "frame 999"
is "a frame that is not there: an error" "$status" 2
check "which tells what there is" grep -q "has frames 0 to [0-9]*; bt" "$T/err"
hs --json -p "$PID" -e "frame 2" -e up -e "down 2" -e "down 99" -e up
is "up and down" "$(jq -s -c 'map(.rows[0].frame)' "$T/out")" "[2,3,1,0,1]"
hs -p "$PID" down
check "down from the innermost" grep -q "this is the innermost frame" "$T/err"
hs --json -p "$PID" -e "frame 1" -e "info locals"
is "no debug information: no variables" "$(jq -s '.[1].rows | length' "$T/out")" 0
check "and that is said" jq -s -e '.[1].warnings |
	any(test("no debug information has the function"))' "$T/out"
stop_fixture
done_testing

#!/bin/sh
# The functions on the stack, those inlined included, their numbers and their
# variables, as gdb tells them: at ten stops of a C program and of a C++ program,
# those of libc included where its debug information is installed.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
# shellcheck source=tests/lib/gdb_frames.sh
. "$top_srcdir/tests/lib/gdb_frames.sh"

stops() { # PROGRAM, WHAT
	what=$2
	start_fixture "$1"
	for stop in 1 2 3 4 5 6 7 8 9 10; do
		[ "$stop" = 1 ] || fixture_say "" at
		gdb_says
		check "$what, stop $stop: gdb tells variables of main" \
			grep -q " main.argc = " "$T/gdb.vars"
		same_stop "$what, stop $stop" -p "$PID"
		cat "$T/gdb" >>"$T/all"
	done
	gcore_of "$PID" "$T/core"
	same_stop "$what, a core" -c "$T/core"
}

FIXTURES=$T
cc=${HS_CC:-cc}
for options in "-O0 -gdwarf-4" "-O2 -gdwarf-5"; do
	# shellcheck disable=SC2086 # words
	$cc $options -pthread -I"$top_srcdir" -o "$T/frames" \
		"$top_srcdir/tests/fixtures/frames.c" 2>"$T/cc" ||
		bail "$cc: $(head -n 1 "$T/cc")"
	: >"$T/all"
	stops frames "C $options"
	check "C $options: something was inlined out of the header" \
		grep -q "frames_pass.frames.h:.* inlined" "$T/all"
	hs --json -p "$PID" "bt $PID"
	deep=$(jq -s '.[0].rows | map(select(.function == "main"))[0].frame' "$T/out")
	hs --json -p "$PID" -e "frame $deep" -e "print m.color" \
		-e "frame 0" -e "print m.color"
	is "$options: print takes the variables of the frame that was chosen" \
		"$(jq -s -r '.[1].rows[0].value' "$T/out")" GREEN
	check "$options: and no others" test "$status" -ne 0
	stop_fixture
	# shellcheck disable=SC2086 # words
	c++ -std=c++17 $options -o "$T/frames_cxx" \
		"$top_srcdir/tests/fixtures/frames_cxx.cc" 2>"$T/cc" || {
		skip "C++ $options" "c++ makes no programs here"
		continue
	}
	stops frames_cxx "C++ $options"
	stop_fixture
done

# Choosing a frame, and what is said where there is none or nothing is known.
# shellcheck disable=SC2086 # words
$cc -O0 -g -pthread -I"$top_srcdir" -o "$T/frames" \
	"$top_srcdir/tests/fixtures/frames.c"
start_fixture frames
hs -p "$PID" "frame 999"
is "a frame that is not there: an error" "$status" 2
check "which tells what there is" grep -q "has frames 0 to [0-9]*; bt" "$T/err"
hs --json -p "$PID" -e "frame 2" -e up -e "down 2" -e "down 99" -e up
is "up and down" "$(jq -s -c 'map(.rows[0].frame)' "$T/out")" "[2,3,1,0,1]"
hs --json -p "$PID" -e bt -e "bt full"
jq -s -r '.[0].rows[] | "\(.tid) \(.frame) \(.function) \(.args)"' \
	"$T/out" >"$T/bt"
is "bt full has every frame of bt" "$(jq -s -r '.[1].rows[] |
	"\(.tid) \(.frame) \(.function) \(.args)"' "$T/out" | uniq)" \
	"$(cat "$T/bt")"
gdb -nx -batch -iex 'set debuginfod enabled off' -p "$PID" \
	-ex 'set backtrace past-main on' -ex 'set backtrace past-entry on' \
	-ex 'bt full' 2>/dev/null >"$T/gdb.full"
is "where there is no variable it is said why, as gdb does" "$(jq -s -r \
	--argjson tid "$PID" '.[1].rows[] | select(.none and .tid == $tid) |
	"\(.frame) \(.none)"' "$T/out")" \
	"$(awk '/^#/ { frame = substr($1, 2) }
		/^No locals/ { print frame, $0 }
		/^No symbol table info/ { print frame, "No debug information." }
		' "$T/gdb.full")"
check "there are such frames" grep -q '^No locals' "$T/gdb.full"
hs -p "$PID" "bt full"
is "and below every heading there is something" "$(awk '
	/^thread / { at = $0 }
	at && /^$/ { print at }
	!/^thread / { at = "" }' "$T/out")" ""
hs --json -p "$PID" "bt full"
none=$(jq "first(.rows[] | select(.none == \"No locals.\") | .frame)" "$T/out")
hs -p "$PID" -e "bt $PID" -e "frame $none" -e "locals"
is "nor does locals say nothing" "$(tail -n 1 "$T/out")" "  none"
hs --json -p "$PID" -e bt -e "bt full"
jq -r '.rows[] | select(.name) | "\(.tid) \(.frame)"' "$T/out" 2>/dev/null |
	uniq >"$T/framed"
awk '{ print "bt " $1 "\nframe " $2 "\nlocals" }' "$T/framed" >"$T/script"
cp "$T/out" "$T/full"
hs --json -p "$PID" -e "source $T/script"
is "and the variables of each" "$(jq -s -c '.[1].rows | map(select(.name) |
	[.tid, .frame, .name, .type, .value, .address])' "$T/full")" \
	"$(jq -s -c 'map(select(.command == "locals") | .rows[] |
	[.tid, .frame, .name, .type, .value, .address])' "$T/out")"
hs -p "$PID" down
check "down from the innermost" grep -q "this is the innermost frame" "$T/err"
hs --json -p "$PID" bt
last=$(jq '.rows[-1].frame' "$T/out")
hs --json -p "$PID" -e "frame $last" -e "info locals"
is "no debug information: no variables" "$(jq -s '.[1].rows | length' "$T/out")" 0
check "and that is said" jq -s -e '.[1].warnings |
	any(test("no debug information has the function"))' "$T/out"
hs --json -p "$PID" -e 'frame 3' -e "print \$sp" -e "print \$rax"
is "registers are the frame's" "$(jq -s -r '.[1].rows[0].value' "$T/out" |
	sed 's/.* //')" "$(gdb -nx -batch -iex 'set debuginfod enabled off' \
	-p "$PID" -ex 'frame 3' -ex "print \$sp" 2>/dev/null |
	sed -n 's/^.* = (void [*]) //p')"
check "one that was not saved is not made up" \
	grep -q 'rax was not saved' "$T/err"
# The lines of what is on the stack, and of functions, begin and end where gdb
# says; its file is as the compiler was given it.
hs --json -p "$PID" bt
jq -r '.rows[] | select(.file and .tail_call != true) | "info line *\(.pc)"' \
	"$T/out" | sort -u | grep -v ' [*]0x7f' >"$T/at.lines"
printf 'info line %s\n' main stop frames_deep outer >>"$T/at.lines"
LC_ALL=C gdb -nx -batch -iex 'set debuginfod enabled off' -p "$PID" \
	-x "$T/at.lines" 2>/dev/null | grep '^Line [0-9]' >"$T/gdb.lines"
hs -p "$PID" -e "source $T/at.lines"
grep '^Line [0-9]' "$T/out" >"$T/our.lines"
bare_lines() { # without folders, and names, whose offsets gdb has in decimals
	sed 's|"[^"]*/|"|; s/ <[^>]*>//g' "$1"
}
is "info line says what gdb says" "$(bare_lines "$T/our.lines")" \
	"$(bare_lines "$T/gdb.lines")"
check "there are such" grep -q ' <main> and ends at 0x' "$T/our.lines"
hs -p "$PID" "info line _start"
check "no line, no answer" grep -q 'no source line of 0x[0-9a-f]* is known' \
	"$T/err"

# A thread that came later may have a lower number than the first one.
free_below() {
	echo $((PID - 200)) 2>/dev/null >/proc/sys/kernel/ns_last_pid
}
for stop in 2 3 4 5; do fixture_say "" at; done
if free_below 2>/dev/null; then
	fixture_say "" at
	main=$(hs --json -p "$PID" bt
		jq ".rows | map(select(.tid == $PID and .function == \"main\"))[0].frame" "$T/out")
	hs --json -p "$PID" -e "frame $main" -e 'print m.color'
	is "the frame chosen is of the first thread, whatever the numbers" \
		"$(jq -s -r '.[1].rows[0].value' "$T/out")" GREEN
else
	skip "a thread with a lower number" "only root says which comes next"
fi
stop_fixture
done_testing

#!/bin/sh
# Variables that debug information calculates in integers and floating-point
# numbers of their types (DWARF 5, 2.5.1.6; GNU's operations of DWARF 4): as gdb
# tells them.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
# shellcheck source=tests/lib/gdb_frames.sh
. "$top_srcdir/tests/lib/gdb_frames.sh"
# shellcheck disable=SC2034 # start_fixture looks there
FIXTURES=$T
cc=${HS_CC:-cc}

for version in 4 5; do
	"$cc" -O2 -gdwarf-$version -o "$T/frames_typed" \
		"$top_srcdir/tests/fixtures/frames_typed.c" 2>"$T/cc" ||
		bail "$cc: $(head -n 1 "$T/cc")"
	start_fixture frames_typed
	for stop in 1 2; do
		[ "$stop" = 1 ] || fixture_say "" at
		gdb_says
		same_stop "DWARF $version, stop $stop" -p "$PID"
		# Of what gdb calculates nothing is missing here.
		is "DWARF $version, stop $stop: as many are gone" \
			"$(grep -c 'optimized out' "$T/ours.vars")" \
			"$(grep -c 'optimized out' "$T/gdb.vars")"
		grep -v 'optimized out' "$T/gdb.vars" | grep -v ' main	' \
			>"$T/known"
		check "DWARF $version, stop $stop: there are such variables" \
			test "$(grep -c . "$T/known")" -ge 6
	done
	stop_fixture
done

"$cc" -O2 -gdwarf-5 -dA -S -o "$T/sized.s" \
	"$top_srcdir/tests/fixtures/frames_typed.c" 2>"$T/cc"
# Starts the fixture with that changed, and asks for all variables.
damaged() { # SED SCRIPT, WHAT
	sed "$1" "$T/sized.s" >"$T/damaged.s"
	if cmp -s "$T/sized.s" "$T/damaged.s" ||
		! "$cc" -o "$T/frames_damaged" "$T/damaged.s" 2>"$T/cc"; then
		skip "$2" "$cc writes other assembly"
		return 1
	fi
	start_fixture frames_damaged
	hs --json -p "$PID" -e 'bt full'
}
# Base types of no size that a number can have: said, not calculated with.
if damaged '/DW_TAG_base_type/{n;s/0x4\t/0xd0\t/;}' "types of other sizes"; then
	is "types of other sizes: bt full ends well" "$status" 0
	is "and has no value that is calculated with them" "$(jq -r '.rows[] |
		select(.name == "divided") | .value' "$T/out")" \
		"<larger than what its location has>"
	stop_fixture
fi

# What cannot be understood is not said to be optimized out.
not_understood() { # SED SCRIPT, WHAT, VARIABLE, WHAT IS SAID OF IT
	damaged "$1" "$2" || return 0
	is "$2: said in place of the value" "$(jq -r --arg name "$3" '.rows[] |
		select(.name == $name and (.function | startswith("integers"))) |
		.value' "$T/out")" "<$4>"
	frame=$(jq 'first(.rows[] | select(.function == "integers") |
		.frame)' "$T/out")
	hs -p "$PID" -e "frame $frame" -e "print $3"
	check "$2: said by print" grep -qF "$3 has no value here: $4" "$T/err"
	stop_fixture
}
not_understood '/DW_OP_shr$/s/0x25/0x97/' "an operation" shifted \
	"location not understood: DW_OP_push_object_address"
not_understood '/DW_OP_not$/s/0x20/0xe8/' "an operation of nobody's" turned \
	"location not understood: an operation that DWARF 5 does not have"
not_understood '/DW_LLE_offset_pair/s/0x4/0x3f/' "a damaged list" divided \
	"its list of locations is damaged or missing"
done_testing

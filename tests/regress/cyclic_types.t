#!/bin/sh
# Debug information in which types consist of themselves, and the next DIE is
# one before: each is told as far as it goes, and the command ends.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
# shellcheck source=tests/lib/odd_units.sh
. "$top_srcdir/tests/lib/odd_units.sh"
# One variable of each kind of type, all of them at "first".
cat >"$T/unit.s" <<'END'
	.include "odd.s"
	abbrev 3, 0x26, 0, 0x49, 0x13
	abbrev 4, 0x0f, 0, 0x49, 0x13, 0x0b, 0x0b
	abbrev 5, 0x16, 0, 0x03, 0x08, 0x49, 0x13
	abbrev 6, 0x15, 1, 0x49, 0x13, 0x27, 0x19
	abbrev 7, 0x05, 0, 0x49, 0x13
	abbrev 8, 0x13, 1, 0x03, 0x08, 0x0b, 0x0b
	abbrev 9, 0x0d, 0, 0x03, 0x08, 0x49, 0x13, 0x38, 0x0b
	abbrev 10, 0x01, 1, 0x49, 0x13
	abbrev 11, 0x21, 0, 0x2f, 0x0b
	abbrev 12, 0x13, 1, 0x0b, 0x0b
	abbrev 14, 0x13, 1, 0x03, 0x08, 0x0b, 0x0b, 0x01, 0x13
	abbrev 13, 0x1c, 0, 0x49, 0x13, 0x38, 0x0b

	unit 12
	variable a_const, .Lconst
	variable a_pointer, .Lpointer
	variable a_typedef, .Ltypedef
	variable a_function, .Lpointer_function
	variable a_struct, .Lstruct
	variable an_array, .Larray
	variable nameless, .Lnameless
	variable a_class, .Lclass
	variable two, .Ltwo
.Lconst: .uleb128 3
	.long .Lconst - .Lunit
.Lpointer: .uleb128 4
	.long .Lpointer - .Lunit
	.byte 8
.Ltypedef: .uleb128 5
	.string "again"
	.long .Ltypedef - .Lunit
.Lfunction: .uleb128 6
	.long .Lpointer_function - .Lunit
	.rept 3
	.uleb128 7
	.long .Lpointer_function - .Lunit
	.endr
	.byte 0
.Lpointer_function: .uleb128 4
	.long .Lfunction - .Lunit
	.byte 8
.Lstruct: .uleb128 8
	.string "itself"
	.byte 16
	.rept 3
	.uleb128 9
	.string "m"
	.long .Lstruct - .Lunit
	.byte 0
	.endr
	.byte 0
.Larray: .uleb128 10
	.long .Larray - .Lunit
	.uleb128 11
	.byte 2
	.byte 0
.Lnameless: .uleb128 12
	.byte 16
	.rept 3
	.uleb128 9
	.string "n"
	.long .Lnameless - .Lunit
	.byte 0
	.endr
	.byte 0
.Lclass: .uleb128 8
	.string "own_base"
	.byte 16
	.rept 2
	.uleb128 13
	.long .Lclass - .Lunit
	.byte 0
	.endr
	.byte 0
.Ltwo:	.uleb128 3
	.long .Ltwo_volatile - .Lunit
.Ltwo_volatile: .uleb128 5
	.string "back"
	.long .Ltwo - .Lunit
	.uleb128 14
	.string "sibling_of_the_first"
	.byte 8
	.long .Lconst - .Lunit
	.byte 0
	end
END
odd_program "$T/unit.s"
start_fixture odd
ends() { # COMMAND
	status=0
	timeout 60 "$HS" -p "$PID" -e "$1" >"$T/out" 2>"$T/err" </dev/null ||
		status=$?
	check "$1: ends ($status), with something said" \
		test "$status" -le 5 -a -s "$T/out" -o "$status" -le 5 \
		-a -s "$T/err"
}
for variable in a_const a_pointer a_typedef a_function a_struct an_array \
	nameless a_class two; do
	ends "whatis $variable"
	ends "ptype $variable"
	ends "print $variable"
	ends "print sizeof($variable)"
done
ends "print a_struct.x"
ends "print nameless.x"
ends "print a_class.x"
ends "types"
ends "chunk first"
stop_fixture
done_testing

#!/bin/sh
# Debug information whose entries lie in one another, are nested without end or
# stand for one another: each command ends, and that it is damaged is said.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
# shellcheck source=tests/lib/odd_units.sh
. "$top_srcdir/tests/lib/odd_units.sh"
# A unit of C++ that has the code of main.
cat >"$T/head.s" <<'END'
	.include "odd.s"
	abbrev 3, 0x39, 1, 0x03, 0x08             # namespace: name alone
	abbrev 4, 0x39, 1, 0x03, 0x08, 0x01, 0x13 # name, sibling
	abbrev 5, 0x24, 0, 0x03, 0x08, 0x3e, 0x0b, 0x0b, 0x0b
	abbrev 6, 0x2e, 0, 0x03, 0x08, 0x11, 0x01, 0x12, 0x07, 0x31, 0x13
	abbrev 7, 0x13, 0, 0x03, 0x08, 0x3c, 0x19, 0x69, 0x20
	abbrev 8, 0x41, 1, 0x13, 0x0b
	abbrev 9, 0x2e, 1, 0x03, 0x08, 0x11, 0x01, 0x12, 0x07
	abbrev 10, 0x0b, 1, 0x01, 0x13            # block: sibling
.macro unit_of language
	unit \language
.Llong: .uleb128 5
	.string "long"
	.byte 5, 8
.endm
END

try() { # WHAT, the unit's assembler code in $T/unit.s
	odd_program "$T/unit.s"
	start_fixture odd
	for command in 'print first' 'whatis itself' bt types; do
		ends=0
		timeout 60 "$HS" -p "$PID" -e "$command" >"$T/out" 2>"$T/err" \
			</dev/null || ends=$?
		check "$1: $command ends ($ends)" test "$ends" -lt 100
		check "$1: $command says something" test -s "$T/out" -o -s "$T/err"
	done
	stop_fixture
}
says_damage() { # WHAT
	start_fixture odd
	for command in 'whatis nowhere::at_all' types; do
		timeout 60 "$HS" -p "$PID" -e "$command" >"$T/out" 2>"$T/err" \
			</dev/null
		check "$1: $command says that it is damaged" \
			grep -q "debug information is damaged" "$T/err"
	done
	stop_fixture
}

# The next of each is what is in it.
{
	printf '.include "head.s"\n\tunit_of 4\n\tvariable itself, .Llong\n'
	i=0
	while [ "$i" -lt 60 ]; do
		printf '.Ln%d: .uleb128 4\n.string "n"\n.long .Ln%d - .Lunit\n' \
			"$i" $((i + 1))
		i=$((i + 1))
	done
	printf '.Ln60: .byte 0\n\tend\n'
} >"$T/unit.s"
try "namespaces in one another"
says_damage "namespaces in one another"

# The same of blocks of a function.
{
	printf '.include "head.s"\n\tunit_of 12\n\tvariable itself, .Llong\n'
	printf '\t.uleb128 9\n\t.string "main"\n\t.quad main, 64\n'
	i=0
	while [ "$i" -lt 60 ]; do
		printf '.Ln%d: .uleb128 10\n.long .Ln%d - .Lunit\n' \
			"$i" $((i + 1))
		i=$((i + 1))
	done
	printf '.Ln60: .byte 0\n.byte 0\n\tend\n'
} >"$T/unit.s"
try "blocks in one another"

{
	printf '.include "head.s"\n\tunit_of 4\n\tvariable itself, .Llong\n'
	printf '\t.rept 100000\n\t.uleb128 3\n\t.string "n"\n\t.endr\n'
	printf '\t.rept 100001\n\t.byte 0\n\t.endr\n\tend\n'
} >"$T/unit.s"
try "nested without end"
says_damage "nested without end"

{
	printf '.include "head.s"\n\tunit_of 4\n\tvariable itself, .Llong\n'
	printf '.Lcopy: .uleb128 6\n.string "main"\n.quad main, 64\n'
	printf '.long .Lcopy - .Lunit\n\tend\n'
} >"$T/unit.s"
try "a copy of itself"

{
	printf '.include "head.s"\n\tunit_of 4\n\tvariable itself, .Lsigned\n'
	printf '.Lsigned: .uleb128 7\n.string "one"\n.quad 1\n\tend\n'
	for i in 1 2; do
		printf '.section .debug_types,"",@progbits\n'
		printf '.Lt%d: .long .Le%d - .Lv%d\n' $i $i $i
		printf '.Lv%d: .short 4\n.long .debug_abbrev\n.byte 8\n' $i
		printf '.quad %d\n.long .Ld%d - .Lt%d\n' $i $i $i
		printf '.uleb128 8\n.byte 4\n.Ld%d: .uleb128 7\n' $i
		printf '.string "one"\n.quad %d\n.byte 0\n.Le%d:\n' $((3 - i)) $i
	done
} >"$T/unit.s"
try "types that stand for one another"
done_testing

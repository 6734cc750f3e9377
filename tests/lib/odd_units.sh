# shellcheck shell=sh
# Sourced after tap.sh by tests of debug information that no compiler makes: a
# program, and macros for a unit that is written in assembler code.
#
#   odd_program UNIT   builds $T/odd with that unit, whose file begins with
#                      .include "odd.s" and, in .debug_abbrev, "abbrev" of each
#                      kind of entry: code, tag, children, attributes.  Then
#                      unit LANGUAGE, and for each variable (its abbreviation is
#                      number 2: name, type, location) variable NAME, TYPE, all
#                      of them at "first"; at last, end.
need_ptrace
need timeout
[ "$(uname -m)" = x86_64 ] || skip_all "its assembler code is x86-64's"
# shellcheck disable=SC2034 # start_fixture looks there
FIXTURES=$T
cat >"$T/main.c" <<'END'
#include <stdio.h>
#include <stdlib.h>
long first, *block;
int main(void)
{
	block = malloc(400);
	first = (long)block;
	*block = (long)malloc(400);
	puts("ready");
	fflush(stdout);
	while (getchar() != EOF)
		;
	return 0;
}
END
cat >"$T/odd.s" <<'END'
	.section .debug_abbrev,"",@progbits
.macro abbrev code, tag, children, attributes:vararg
	.uleb128 \code, \tag
	.byte \children
	.uleb128 \attributes
	.byte 0, 0
.endm
	abbrev 1, 0x11, 1, 0x03, 0x08, 0x13, 0x0b, 0x11, 0x01, 0x12, 0x07
	abbrev 2, 0x34, 0, 0x03, 0x08, 0x49, 0x13, 0x02, 0x18
.macro unit language
	.byte 0
	.section .debug_info,"",@progbits
.Lunit:	.long .Lunit_end - .Lversion
.Lversion: .short 4
	.long .debug_abbrev
	.byte 8
	.uleb128 1
	.string "odd.c"
	.byte \language
	.quad main, 64
.endm
.macro variable name, type
	.uleb128 2
	.string "\name"
	.long \type - .Lunit
	.byte 9, 3
	.quad first
.endm
.macro end
	.byte 0
.Lunit_end:
	.section .note.GNU-stack,"",@progbits
.endm
END
odd_program() {
	"${HS_CC:-cc}" -Wa,-I"$T" -o "$T/odd" "$T/main.c" "$1" 2>"$T/cc" ||
		bail "$(head -n 1 "$T/cc")"
}

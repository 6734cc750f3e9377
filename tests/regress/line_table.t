#!/bin/sh
# A line table (DWARF 5) whose header names a directory that it has not, or
# claims more directories or files than it has room for, is not used, and that
# is said: libdwarf read past its directories, and took all memory there is.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need_ptrace

[ "$(uname -m)" = x86_64 ] || skip_all "its assembler code is x86-64's"
cc=${HS_CC:-cc}
FIXTURES=$T
cat >"$T/main.c" <<'END'
#include <stdio.h>
void in_unit(void (*fn)(void));
static void wait_here(void)
{
	puts("ready");
	fflush(stdout);
	while (getchar() != EOF)
		;
}
int main(void)
{
	in_unit(wait_here);
	return 0;
}
END
# DIRECTORY: of the only file; DIRECTORIES, FILES: how many the header claims.
cat >"$T/unit.s" <<'END'
	.text
	.globl in_unit
	.type in_unit, @function
in_unit:
	.cfi_startproc
	subq $8, %rsp
	.cfi_adjust_cfa_offset 8
.Lcall:	call *%rdi
	addq $8, %rsp
	.cfi_adjust_cfa_offset -8
	ret
	.cfi_endproc
.Lend:	.size in_unit, .-in_unit

	.section .debug_abbrev,"",@progbits
	.uleb128 1, 0x11
	.byte 0
	.uleb128 0x03, 0x08
	.uleb128 0x10, 0x17
	.uleb128 0x11, 0x01
	.uleb128 0x12, 0x07
	.byte 0, 0, 0
	.section .debug_info,"",@progbits
	.long .Lunit_end - .Lunit
.Lunit:	.short 5
	.byte 1, 8
	.long .debug_abbrev
	.uleb128 1
	.string "odd_unit.s"
	.long .debug_line
	.quad in_unit
	.quad .Lend - in_unit
	.byte 0
.Lunit_end:

	.section .debug_line,"",@progbits
	.long .Lline_end - .Lline
.Lline:	.short 5
	.byte 8, 0
	.long .Lhead_end - .Lhead
.Lhead:	.byte 1, 1, 1, -5 & 255, 14, 13
	.byte 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1
	.byte 1
	.uleb128 1, 0x08
	.uleb128 DIRECTORIES
	.string "/first"
	.string "/second"
	.string "/third"
	.byte 2
	.uleb128 1, 0x08
	.uleb128 2, 0x0b
	.uleb128 FILES
	.string "odd_unit.s"
	.byte DIRECTORY
.Lhead_end:
	.byte 0, 9, 2
	.quad in_unit
	.byte 4, 0
	.byte 3
	.sleb128 41
	.byte 1
	.byte 2
	.uleb128 .Lend - in_unit
	.byte 0, 1, 1
.Lline_end:
	.section .note.GNU-stack,"",@progbits
END
build() { # DIRECTORY DIRECTORIES FILES
	$cc -Wa,--defsym,DIRECTORY="$1" -Wa,--defsym,DIRECTORIES="$2" \
		-Wa,--defsym,FILES="$3" -c -o "$T/unit.o" "$T/unit.s" \
		2>"$T/cc" || bail "$(head -n 1 "$T/cc")"
	$cc -o "$T/odd" "$T/main.c" "$T/unit.o" 2>"$T/cc" ||
		bail "$(head -n 1 "$T/cc")"
	start_fixture odd
	hs -p "$PID" bt
	stop_fixture
}
refused() { # WHAT
	is "$1: the stack all the same" "$status" 0
	check "$1: the function's name" grep -q ' in_unit+' "$T/out"
	check "$1: without a line" sh -c "! grep -q 'odd_unit.s:' '$T/out'"
	check "$1: a warning says so" grep -q \
		'warning: odd: odd_unit.s has a damaged line table: not used' \
		"$T/err"
}

build 2 3 1
check "a whole one is used" grep -q 'in_unit.* odd_unit.s:42' "$T/out"
build 3 3 1
refused "a directory behind the last"
build 200 3 1
refused "a directory far behind the last"
build 2 0xfffffffff 1
refused "more directories than bytes"
build 2 3 0xfffffffff
refused "more files than bytes"
done_testing

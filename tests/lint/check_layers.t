#!/bin/sh
# check-layers finds what it is there to find.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"

mkdir -p "$T/src/base" "$T/src/malloc" "$T/src/unwind" "$T/src/symbols" \
	"$T/src/target" "$T/ui"
lint() {
	"$top_srcdir/tests/lint/check-layers" "$T" >"$T/out"
}
# finds WHAT FILE TEXT-OF-THE-COMPLAINT CONTENT
finds() {
	printf '%s\n' "$4" >"$T/$2"
	if lint; then
		check "$1" false
	else
		check "$1" grep -q "^$2:[0-9]*: .*$3" "$T/out"
	fi
	rm "$T/$2"
}
passes() { # WHAT FILE CONTENT
	printf '%s\n' "$3" >"$T/$2"
	check "$1" lint
	rm "$T/$2"
}
lines() { # N
	awk -v n="$1" 'BEGIN { for (i = 0; i < n; i++) print "\tx();" }'
}

cat >"$T/src/malloc/good.c" <<'EOT'
#include "malloc/good.h"
#include <stdio.h>
#include "base/error.h"
#include "symbols/symbols.h"
/* on exit (of the process) */
static void f(void)
{
	pthread_exit(NULL);
}
EOT
check "a good file passes" lint

finds "a lower rank may not include a higher" src/malloc/a.c \
	"malloc may not include ui" '#include "ui/screen.h"'
finds "nor one of the same rank" src/unwind/a.c \
	"unwind may not include symbols" '#include "symbols/symbols.h"'
finds "a path is written from src" src/malloc/a.c "no rank for good.h" \
	'#include "good.h"'
finds "capstone has one home" src/malloc/a.c "may include <capstone" \
	'#include <capstone.h>'
finds "libdwarf has" src/symbols/elf.c "may include" '# include <libdwarf.h>'
finds "ptrace has" src/symbols/a.c "may include" '#include <sys/ptrace.h>'
finds "curses has" ui/screen.c "may include" '#include <curses.h>'
finds "jansson has" ui/screen.c "may include" '#include <jansson.h>'
finds "readline has" ui/screen.c "may include" \
	'#include <readline/readline.h>'
finds "only main ends the program" src/target/live.c "may end" '	exit(1);'
finds "in whatever way" src/target/live.c "may end" '	_exit (1);'
finds "61 lines are too long a function" src/base/a.c "61 lines" \
	"int f(void)
{
$(lines 61)
}"
passes "60 are not" src/base/a.c "int f(void)
{
$(lines 60)
}"
finds "801 lines are too long a file" src/base/a.c "800 lines" "$(lines 801)"
passes "800 are not" src/base/a.c "$(lines 800)"
done_testing

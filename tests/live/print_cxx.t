#!/bin/sh
# Types of a C++ program, as gdb's ptype begins them, and variables of namespaces
# and classes.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need_ptrace
need gdb c++

cat >"$T/derived.cc" <<'END'
#include <cstdio>
struct A { virtual ~A() {} int a = 1; };
struct B { long b = 2; };
struct C : A, B { int c = 3; };
struct D : virtual A, protected B { int d = 4; };
class E : B, public A { int e = 5; };
A g_a;
C g_c;
D g_d;
E g_e;
namespace red { int head = 1; }
namespace blue {
long head = 2;
namespace deep { short head = 3; static __thread char local = 'l'; }
struct S { static int count; };
}
int blue::S::count = 4;
struct T { static long count; };
long T::count = 5;
int main()
{
	printf("ready\n");
	fflush(stdout);
	getchar();
	blue::deep::local++;
}
END
c++ -g -o "$T/derived" "$T/derived.cc" 2>"$T/log" ||
	skip_all "c++ makes no programs here"
FIXTURES=$T start_fixture derived
# "class C : public A, public B {": the keyword is gdb's alone.
for name in g_a g_c g_d g_e; do
	LC_ALL=C gdb -nx -batch -iex 'set debuginfod enabled off' \
		-ex "ptype $name" "$T/derived" >"$T/gdbs" 2>/dev/null
	hs -p "$PID" "ptype $name"
	is "ptype $name has the bases that gdb tells" \
		"$(sed -n '1s/^type = //p' "$T/out")" \
		"$(sed -nE '1s/^type = (class|struct) //p' "$T/gdbs")"
done
for name in red::head blue::head blue::deep::head blue::S::count T::count; do
	LC_ALL=C gdb -nx -batch -iex 'set debuginfod enabled off' \
		-ex "print $name" -ex "whatis $name" "$T/derived" 2>/dev/null |
		sed 's/^\$[0-9]* = //' >"$T/gdbs"
	hs -p "$PID" -e "print $name" -e "whatis $name"
	is "$name is gdb's" "$(grep -v '^$' "$T/out")" "$(cat "$T/gdbs")"
done
hs -p "$PID" 'print head'
check "a name that several have is said to be one of several" \
	grep -q "several variables of derived are called head.*derived.cc" \
	"$T/err"
hs -p "$PID" 'print red::head'
is "and one of a namespace is not" "$(cat "$T/err")" ""
hs -p "$PID" 'print blue::deep::local'
is "a thread-local variable of a namespace" "$(sed -n '$p' "$T/out")" "108 'l'"
stop_fixture
done_testing

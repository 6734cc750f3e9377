#!/bin/sh
# Types of a C++ program, as gdb's ptype begins them, and variables of namespaces
# and classes.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
# shellcheck source=tests/lib/asks.sh
. "$top_srcdir/tests/lib/asks.sh"
need_ptrace
need gdb jq c++

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

# gdb 13 is wrong on a reference to a class with a virtual base (it reads where
# the base would lie in an object of that class alone), so none is printed whole.
cat >"$T/values" <<'END'
g_box
&g_box
g_box.inner
g_box.kind
g_box.value
*g_alias.next
g_alias
g_alias.inner.at
*g_alias.inner.at
g_box_box
g_map
g_map.key
g_map.value
g_outer.nested
g_outer.nested.deeper
g_outer.hidden.h
g_both
g_both_at
*g_both_at
g_both_at->base
g_both.base
g_both.left
g_both_at->right
g_base_at
*g_base_at
g_base_at->base
g_left_ref.left
g_left_ref.base
g_plain2
g_plain2.base
g_plain2.color
g_plain2_at
*g_plain2_at
g_color
g_color_odd
g_plain
g_int
g_ref
&g_ref
g_ref + 1
g_rref
g_cref
g_fn
*g_fn
g_bool
g_c16
g_c32
g_wc
g_nullptr
g_conc
g_abs
*g_abs
g_ops
g_ops.n
g_lambda
g_unnamed
g_refs
g_refs.r
g_refs.s
ns::plain
&ns::plain
ns::hidden_in_ns
ns::inner::plain
ns::inner::node
ns::v1::versioned
ns::Base::count
ns::Base::fixed
ns::Base::ratio
&ns::Base::count
g_both.count
g_both_at->count
g_plain2.fixed
ns::Box<int>::made
ns::Box<char>::made
ns::Box<int>::Full
ns::Color::Red
ns::Color::Green
ns::one
ns::two
(ns::Box<int> *)&g_box
*(ns::Box<int> *)&g_box
*(struct ns::Box<int> *)&g_box
(ns::Box<ns::Box<char> > *)&g_box_box
*(ns::Map<int, char const*, 3> *)&g_map
(ns::Map<int, const char *, 3> *)&g_map
((ns::Box<int>*)&g_box)->value
(ns::Outer::Nested *)&g_outer.nested
*(ns::Outer::Nested::Deeper *)&g_outer.nested.deeper
(ns::Box<int>::Inner *)&g_box.inner
*(ns::inner::Node *)&ns::inner::node
(ns::Base *)g_both_at
(ns::Left *)g_both_at
(ns::Right *)g_both_at
*(ns::Right *)g_both_at
*(ns::Plain2 *)g_plain2_at
(ns::Color)5
(ns::Color)1
(int)ns::Color::Green
(ns::Plain)2
(alias_t *)&g_box
*(alias_t *)&g_box
(bool)3
true
false
sizeof(ns::Box<int>)
sizeof(ns::Both)
sizeof(ns::Outer::Nested)
sizeof(alias_t)
main::main_static
'ns::twice(int)'
ns::Outer::method
'typed_names.cc'::g_int
'ns::plain'
'ns::Box<int>::made'
::g_int
::ns::plain
static_cast<long>(g_int)
reinterpret_cast<long>(g_both_at)
reinterpret_cast<int*>(g_both_at)
static_cast<ns::Base*>(g_both_at)
const_cast<int*>(&g_int)
g_string._M_dataplus._M_p
g_string._M_string_length
g_string
g_vector._M_impl._M_start
*g_vector._M_impl._M_start@3
g_vector._M_impl._M_finish - g_vector._M_impl._M_start
g_vector
&g_string
sizeof(std::string)
(std::string*)&g_string
*(std::string*)&g_string
(std::vector<int, std::allocator<int> > *)&g_vector
g_both.ns::Base::base
END
printf '%s\n' argc local ref lambda anonymous anon '&local' 'local.inner.at' \
	'*local.next' 'ref.base' '(ns::Base *)&ref' >"$T/in_main"
printf '%s\n' captured other n __closure '*__closure' 'captured + 1' \
	'&captured' >"$T/in_lambda"
check "there are fifty expressions" test "$(wc -l <"$T/values")" -ge 50
in_frame() { # FUNCTION, HOW FAR IN
	hs --json -p "$PID" "bt $PID"
	us_first="bt $PID
frame $(jq "first(.rows[] | select(.function | test(\"^$1\\\\b\"))).frame - $2" \
		"$T/out")"
	gdb_first="frame function $1
down $2"
}
for flags in "-gdwarf-5" "-gdwarf-4 -fdebug-types-section"; do
	# shellcheck disable=SC2086 # words
	c++ -std=c++17 -O0 $flags -o "$T/typed_names" \
		"$top_srcdir/tests/fixtures/typed_names.cc" 2>"$T/log" ||
		bail "c++: $(head -n 1 "$T/log")"
	FIXTURES=$T start_fixture typed_names
	from="-p $PID"
	gdb_first="set language c++"
	us_first=
	case $flags in
	*types*) # a class of std in a type unit of its own loses its std::
		sed -i '/g_string\|g_vector._M_impl._M_start$/d' "$T/values" ;;
	esac
	ask_gdb print "$T/values" "$T/gdbs"
	same "$flags" print "$T/values"
	in_frame main 0
	ask_gdb print "$T/in_main" "$T/gdbs"
	same "$flags, in main" print "$T/in_main"
	in_frame main 1
	ask_gdb print "$T/in_lambda" "$T/gdbs"
	same "$flags, in the lambda" print "$T/in_lambda"
	[ "$flags" = "-gdwarf-5" ] || {
		stop_fixture
		continue
	}
	hs -p "$PID" 'print g_left_ref.base'
	is "a virtual base is where the whole object has it" "$(cat "$T/out")" 1
	hs -p "$PID" 'print (ns::Both *) g_base_at'
	check "where nobody can tell, no address is made up" \
		grep -q "down from a virtual base" "$T/err"
	hs -p "$PID" -e 'whatis Both' -e 'print versioned'
	is "a name of one namespace needs none" \
		"$(grep -v '^$\|^as it' "$T/out" | tr '\n' ' ')" "type = ns::Both 30 "
	hs -p "$PID" 'ptype Node'
	check "one of several is an error" test "$status" -ne 0
	check "which lists them" grep -q \
		"ns::inner::Node (.*names.cc), other::Node (.*names.cc)" "$T/err"
	stop_fixture
done
# Pointers to members, casts to const, parts of registers.
cat >"$T/members.cc" <<'END'
#include <cstdio>
namespace n { struct V { virtual ~V() {} virtual void w() {} int i; }; }
struct A {
	int x; long y;
	virtual ~A() {}
	virtual void v() {}
	void f() {}
	int f(int i) { return i; }
};
struct B { int z; };
struct C : B, A { void g() {} };
void (A::*pf)() = &A::f;
int (A::*pfi)(int) = &A::f;
void (A::*pv)() = &A::v;
void (C::*pc)() = &C::g;
void (C::*pa)() = &A::f;
void (n::V::*pw)() = &n::V::w;
void (A::*pn)() = nullptr;
int A::*pd = &A::x;
long A::*pd2 = &A::y;
int A::*pd0 = nullptr;
int C::*pcx = &C::x;
int n::V::*pni = &n::V::i;
struct H { void (A::*f)(); int A::*d; } h = {&A::f, &A::x};
char letters[8] = "abc";
int main()
{
	A a; C c; n::V v;
	a.v(); a.f(); a.f(1); c.g(); v.w();
	printf("ready\n");
	fflush(stdout);
	getchar();
}
END
c++ -g -o "$T/members" "$T/members.cc"
FIXTURES=$T start_fixture members
cat >"$T/asked" <<'END'
print pf
print pfi
print pv
print pc
print pa
print pw
print pn
print pd
print pd2
print pd0
print pcx
print pni
print h
print sizeof(pf)
print (const char *) letters
print (const int *) 0
print (const volatile long *) letters
print (char * const) letters
print (A const * const *) 0
whatis pf
whatis pd
whatis pni
whatis h
whatis (const char *) letters
whatis (const volatile int *) 0
whatis (char * const) letters
whatis (char const * const) letters
whatis (volatile short) 1
print sizeof(int[3]) + sizeof(int[5]) + sizeof(int[3][5]) + sizeof(int[5][3])
print $eax
print $rax
print $ebx
print $bx
print $bl
print $bh
print $esi
print $sil
print $r12d
print $r12w
print $r12l
print $bp
print $eflags
print/x $eflags
print $eflags + 1
whatis $eflags
whatis $eflags & 1
END
LC_ALL=C gdb -nx -batch -iex 'set debuginfod enabled off' -p "$PID" \
	-ex 'set language c++' -x "$T/asked" 2>"$T/gdb.err" | sed -n 's/^\$[0-9]* = //p
	s/^type = /type = /p' >"$T/gdbs"
hs -p "$PID" -e "source $T/asked"
grep -v '^$\|^as it ' "$T/out" >"$T/ours"
is "pointers to members, const and parts of registers are gdb's" \
	"$(diff "$T/gdbs" "$T/ours")" ""
check "all were told" test "$(wc -l <"$T/gdbs")" = "$(wc -l <"$T/asked")"
stop_fixture
done_testing

#!/bin/sh
# Values and types as gdb prints them: gdb itself is asked the same, of programs
# whose debug information is in one form or another.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
# shellcheck source=tests/lib/asks.sh
. "$top_srcdir/tests/lib/asks.sh"
need_ptrace
need gdb gcore jq cc
source=$top_srcdir/tests/fixtures/typed.c

cat >"$T/values" <<'END'
g_list
*g_list
*g_list->next
g_list->name
g_server
g_server.clients
*g_server.clients
g_server.clients->where
g_server.clients->where[1].x
g_server.clients.next.fd
g_server.by_fd
g_server.by_fd[0]@2
g_server.stats
g_server.secret
&g_server.clients
&g_server
g_tree->key
*g_tree
g_tree->left->weight
g_variant
g_variant[1].u.text
g_bits
g_bits.c
g_bits.e
g_bits.wide
g_handler
*g_handler
main
&main
on_event
s_table
*s_table.bucket[3]@1
s_names
s_names[1]
*s_names@2
g_text
&g_text
g_raw
g_same
g_small
g_byte
g_short
g_unsigned
g_long
g_word
g_float
g_double
g_ldouble
g_true
g_state
g_flags
g_odd
g_matrix
g_matrix[1]
*g_matrix
&g_matrix[1][2]
g_repeat
g_points
g_payload
*(struct message *) g_payload
((struct message *)g_payload)->body
g_null
g_rows
*g_rows
g_cv
*s_message
s_message->body
BUSY
(enum state) 5
(enum flags) 3
(enum flags) 8
(enum flags) 9
sizeof(struct conn)
sizeof g_text
sizeof(int)
sizeof(int)*2
sizeof(int)-1
(long)sizeof(int)+1
sizeof(int) * 3 + 1
sizeof(struct conn) / 2
sizeof (int) & 1
sizeof (g_points) / sizeof (struct point)
1 + 2 * 3
7 / 2
-7 / 2
7 % 3
7.0 / 2
1.5f + 1
1 << 4
0xff & ~0xf
5 > 3
5 == 5 && 2 < 1
!5
g_long + 1
g_unsigned + 1
g_short * 2
'A'
'A' + 1
"abc"
g_list == g_server.clients
g_list + 1
&g_points[3] - &g_points[0]
g_points[1].x + g_points[2].y
(char) 65
(long) g_list == (long) 0
(unsigned char) 300
(short) 70000
*(int *) &g_points[1]
(struct point *) &g_points[1]
g_true ? 1 : 2
-g_float
4000000000
0x80000000
2147483648
10000000000
~0
~0u
g_bits.a + 1
g_flags & F_READ
g_flags | F_WRITE
g_state == BUSY
&g_list->name
*g_server.clients->last
&*g_list
*g_list@1
(float) 3
(double) g_float
3 > 2.5
g_server.name
*g_server.name
&g_server.count
g_server.stopping
g_variant[2].real
g_points[1]@2
(int) g_double
g_server.clients->handler
&on_event
*on_event
(void *) g_list
(long) &g_server
END
cat >"$T/types" <<'END'
g_list
*g_list
g_server
struct server
struct conn *
g_server.clients->where[1].x
g_handler
handler_t
main
&main
struct flags_word
enum state
enum flags
g_variant
struct variant
g_variant[0].u
g_bits.c
int
unsigned long
long unsigned int
word_t
opaque_t
struct message
s_names
g_matrix
g_rows
g_cv
1 + 1
1.5f + 1
'A'
"abc"
(char) 1
g_short + 1
g_server.stats
&g_server.clients
int (*)(int, char *)
char *[4]
int (*)[4]
$rsp
$pc
$rax
g_state
g_true
g_list->name
&g_list->name
*g_server.by_fd@2
g_bits
s_message->body
struct tree
size_t
unsigned char
g_list == 0
g_tree->weight * 2
END

check "there are fifty expressions" test "$(wc -l <"$T/values")" -ge 50
# binutils' dwp packs what is of DWARF 4; with DWARF 5 it crashes.
for flags in "-gdwarf-5" "-gdwarf-4 -fdebug-types-section" \
	"-gdwarf-5 -gsplit-dwarf -gz" "-gdwarf-4 -gsplit-dwarf -DPACKED"; do
	mkdir "$T/made"
	# shellcheck disable=SC2086
	(cd "$T/made" && cc -std=gnu17 -O0 $flags -o typed "$source" &&
		case $flags in
		*PACKED) dwp -e typed && rm ./*.dwo && test -s typed.dwp ;;
		esac) >"$T/log" 2>&1 || {
		skip "$flags" "cc and dwp make no such program here"
		rm -r "$T/made"
		continue
	}
	FIXTURES=$T/made
	start_fixture typed
	from="-p $PID"
	ask_gdb print "$T/values" "$T/gdbs"
	same "$flags" print "$T/values"
	if [ "$flags" = "-gdwarf-5" ]; then
		ask_gdb ptype "$T/types" "$T/gdbs"
		same "$flags" ptype "$T/types"
		ask_gdb whatis "$T/types" "$T/gdbs"
		same "$flags" whatis "$T/types"
		ask_gdb print "$T/values" "$T/gdbs"
		gcore_of "$PID" "$T/core"
		from="-c $T/core"
		same "a core" print "$T/values"
	fi
	stop_fixture
	rm -r "$T/made"
done
FIXTURES=

# What gdb has in another way, or not at all.
start_fixture typed
addr=$(awk '$2 == "t_local" { print $3 }' "$T/manifest")
hs -p "$PID" -e 'print &t_local' -e 'print t_local'
is "a thread-local variable is found" "$(grep -v '^as it\|^$' "$T/out" |
	tr '\n' ' ')" "(int *) $addr 77 "
hs -p "$PID" 'print build::s_hidden->value'
is "and one that is static in a function" "$(cat "$T/out")" 1234
hs -p "$PID" -e 'print &build::t_hidden' -e 'print build::t_hidden'
is "and one that is both" "$(sed -n '$p' "$T/out")" 89
hs -p "$PID" 'print s_names[1..2]'
is "a range of elements is an array" "$(sed 's/0x[0-9a-f]*/A/g' "$T/out")" \
	'{A "one", A "two"}'
hs -p "$PID" --json 'print g_server.count'
is "JSON has type and address" \
	"$(jq -r '.rows[0] | .type, .value, .addr' "$T/out" | tr '\n' ' ')" \
	"unsigned int 3 $(awk '$2 == "g_server" {
		printf "0x%s", substr($3, 3) }' "$T/manifest" >"$T/base"
		hs -p "$PID" 'print &g_server.count'
		sed 's/.*(unsigned int \*) \(0x[0-9a-f]*\).*/\1/' "$T/out") "
hs -p "$PID" -e 'x/s g_tree->key' -e 'x/dw &g_server.count'
is "x follows a pointer, and takes an address" \
	"$(sed -n 's/.*"root".*/root/p; s/.* \([0-9]*\)$/\1/p' "$T/out" |
		tr '\n' ' ')" "root 3 "
for list in g_list g_server.clients; do
	hs -p "$PID" -e "print/x $list" -e "print *$list"
	sed -n '2s/^{\(.*\)}$/\1/p' "$T/out" >"$T/wanted"
	hs -p "$PID" --json "chunk $(sed -n 1p "$T/out")"
	is "chunk has the members of *$list by name" \
		"$(jq -r '[.rows[] | select(.section == "its members").what] |
			join(", ")' "$T/out")" "$(cat "$T/wanted")"
done
refused() { # EXPRESSION, WHAT IS SAID
	hs -p "$PID" "print $1"
	check "$1 is refused" test "$status" -ne 0
	check "... for its reason" grep -q "$2" "$T/err"
}
refused 'on_event(1, "x")' "no code ever runs"
refused 'g_list = 0' "nothing is written to the process: = would"
refused 'g_list->nobody' "struct node has no member nobody"
refused '*g_server.secret' "struct opaque is declared"
refused '*g_payload' "cast it"
refused 'nobody' "no variable, function or symbol nobody"
refused '(struct nobody *) 0' "struct nobody"
refused '*g_null' "cannot read"
refused '1 +' "a value is wanted"
refused 'g_list)' "the end of the expression is wanted"
refused '1 / 0' "division by zero"
refused '&g_bits.a' "bit-field has no address"
stop_fixture

mkdir "$T/moved"
(cd "$T/moved" && cc -g -gsplit-dwarf -o typed "$source" && rm ./*.dwo)
FIXTURES=$T/moved
start_fixture typed
hs -p "$PID" 'print (struct conn *) 0'
check "a split unit that is not there is said to be missing" \
	grep -q "typed: .*\.dwo is not there" "$T/err"
stop_fixture
if command -v dwz >/dev/null; then
	mkdir "$T/shared"
	(cd "$T/shared" && cc -g -gdwarf-4 -o typed "$source" && cp typed other &&
		dwz -m common.debug typed other) 2>"$T/log"
	FIXTURES=$T/shared
	start_fixture typed
	from="-p $PID"
	ask_gdb print "$T/values" "$T/gdbs"
	same "dwz" print "$T/values"
	stop_fixture
else
	skip "debug information shared by dwz" "dwz is not installed"
fi

strip -o "$T/typed" "$top_builddir/tests/fixtures/typed"
FIXTURES=$T
start_fixture typed
hs -p "$PID" 'print (struct conn *) 0'
check "without debug information it says what to do" \
	grep -q "dbgsym.*--debug-dir" "$T/err"
stop_fixture
done_testing

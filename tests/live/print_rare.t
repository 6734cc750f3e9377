#!/bin/sh
# Values of rare kinds and the formats of print/F, as gdb prints them: wide
# characters, 128 bits, arrays of a length known at run time, names of one file.
# gdb is asked in the C locale: characters beyond ASCII are numbers there.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
# shellcheck source=tests/lib/asks.sh
. "$top_srcdir/tests/lib/asks.sh"
need_ptrace
need gdb gcore jq cc

cat >"$T/values" <<'END'
g_wide
g_wide[5]
&g_wide
*g_wide@3
g_u16
g_u32
g_wide_at
g_u16_at
g_u32_at
*g_wide_at
g_wide_char
g_u16_char
g_u32_char
g_utf8
g_octal
g_latin
g_bytes
g_signed
g_runs
g_nine
g_eleven
g_zeros
g_half
g_full
g_texts
g_texts[1]
g_ints
g_nines
g_tens
g_many
g_pairs
g_pair
g_doubles
g_square
g_i128
g_i128_low
g_u128
g_floats
g_inf
g_nan
g_tiny
g_whole
g_third
g_complex
g_vec
g_fruit
g_gap
g_fruits
g_none
g_union
g_outer
*g_outer.pair
g_outer.names[0]
*g_outer.names@2
g_outer.names[0]@2
*g_flexible
g_flexible->item
g_flexible->item[0]@3
g_flexible->item[1]
g_call
*g_call
&g_call
g_calls
g_calls[0]
*g_calls[0]
s_twice
&s_twice
*s_twice
g_void
g_int_at
*g_int_at
g_int_at_at
**g_int_at_at
g_volatile
&g_volatile
g_const
g_const_at
g_pair_at
*g_pair_at
g_pair_at[-2]
g_row_at
*g_row_at
(*g_row_at)[3]
g_row_at[0][11]
walk::calls
main::calls
'typed_rare.c'::g_i
'typed_rare.c'::s_twice
&'typed_rare.c'::g_i
row
text
table
table[1]
table[1][2]
&row
&table
*row@2
row[1]@3
sizeof row
sizeof(table)
sizeof table[0]
n
L'x'
u'x'
U'x'
L"wide"
u"wide"
U"wide"
'\0'
'\n'
'\''
'\\'
'\377'
'\x41'
'\101'
"a\tb\n\"c\""
"one" "two"
sizeof("abc")
sizeof(int[10])
sizeof(struct pair)
sizeof(struct pair[3])
sizeof(g_ints)/sizeof(g_ints[0])
(char)65
(unsigned char)65
(signed char)-1
(short)65
(float)1/3
(double)1/3
1.0/3
10/3.0
1e10
1.5e-5
1.f
100L
100UL
100ULL
0x10
010
1u - 2
-5 % 3
5 & 3 | 4
1 << 31
1L << 40
~5
!g_i
!0
-g_ui
-g_c
+g_c
g_c + 1
g_uc + 1
g_c == 'A'
g_uc == 200
g_flag
!g_flag
g_flag + 1
g_u8
g_i8
g_sc
g_uc
(int)g_fruit
(enum fruit)3
(enum fruit)8
(enum fruit)0
(enum gap)4
g_fruit == PEAR
g_fruit + 1
PEAR
PEAR | PLUM
APPLE + 1
sizeof(__int128)
(__int128)5
g_pair.a + g_pair.b
&g_pair
&g_pair.b
&g_pairs[3].b
g_pairs[3]
&g_pairs[3] - &g_pairs[1]
&g_pairs[1] == g_pair_at
g_pair_at + 1
g_pair_at - 1
g_pair_at - g_pairs
*(struct pair *)g_outer.opaque
((struct pair *)g_outer.opaque)->a
(*(struct pair (*)[2])&g_pair_at[0])
(long)&g_pair
(void *)&g_pair
(char *)g_void
*(char *)g_void@4
*(unsigned char *)g_void@4
{int}&g_seven
{struct pair}&g_pair
{short}&g_pair@2
*&g_seven
&*g_int_at
&g_ints
&g_ints[1]
*&g_ints
g_ints[0]@3
g_square[1]
g_square[1][2]@3
&g_square[1]
*g_square
**g_square
&g_texts[1]
&g_texts
g_argv[0]
&g_argv
g_union.f
g_union.c
g_outer.x
g_outer.named
g_outer.named.c
g_outer.call
*g_outer.call
g_bits.a + g_bits.b
g_bits.d
1 == 1.0
1 ? 2 : 3
1, 2
(1, 2)
5 > 3 && 2 > 1
g_null == 0
!g_null
g_seven ? g_i : g_l
g_floats[0] + g_floats[3]
g_floats[0] * 2
g_floats[0] == 0.1
g_inf - g_inf
-g_inf
g_nan == g_nan
g_third * 3
g_whole + 1
(int)g_floats[1]
(int)2.9
(long)-2.9
(unsigned char)300.0
g_ui + 1
g_ui * 2
g_ui > -1
g_l > g_ui
g_s * g_s
g_s / 2
g_s >> 1
g_i >> 1
g_ui >> 1
(unsigned)g_i >> 28
(unsigned long)g_i
(unsigned short)g_i
(long)g_ui
g_i < 0
(unsigned)g_i < 0
*main
walk
(long)main
main + 1
(char)g_i
g_vec[1]
sizeof g_bits
sizeof(long double)
sizeof 'a'
sizeof(1.0f)
sizeof(g_long)
(long)sizeof(g_long)
&g_null
*g_argv
*g_argv@1
**g_argv
g_argv[0][0]
g_argv[0][0]@3
*g_argv[0]@5
(unsigned long long)-1
(long long)5
(long int)5
(unsigned)5
(short unsigned int)5
(int *)0
(char *)0
(struct pair *)0
(void *)0
(int **)&g_int_at
(int (*)(int))0
(const char *)g_texts[0]
(unsigned char *)g_texts[0]
(uint8_t *)g_texts[0]
(wchar_t *)g_wide
(wchar_t)65
(char16_t)65
(uint8_t)65
(int8_t)65
U"\x1f600abc1"
L"\x4e2dzz"
END
cat >"$T/formats" <<'END'
/x g_i
/x g_l
/x g_s
/x g_c
/x g_uc
/x g_flag
/x g_fruit
/x g_ints
/x g_pair
/x g_floats
/x g_inf
/x g_doubles
/x g_i128
/x g_u128
/x g_i128_low
/x g_bits
/x g_texts
/x g_outer.pair
/x g_call
/x "abc"
/x -1
/x 1.5
/d g_ui
/d g_uc
/d g_c
/d 'A'
/d g_flag
/d g_fruit
/d g_pair_at
/d g_bytes
/d 3000000000
/u g_i
/u g_s
/u g_c
/u g_sc
/u g_pair
/u g_signed
/o g_i
/o g_seven
/o 0
/o g_bytes
/t g_seven
/t 0
/t g_s
/t g_i
/t g_bits
/t g_i128_low
/c g_c
/c g_seven
/c 65
/c 321
/c g_ints
/c g_bytes
/c g_i
/c g_texts
/c g_uc
/c g_ui
/c g_pair
/a &g_seven
/a g_call
/a g_i
/a 5
/a g_ints
/a (long)main + 4
/a g_pair_at
/f g_i
/f g_l
/f g_seven
/f 1
/f g_s
/f g_c
/f 3.5
/f g_ints
/f g_floats
/f g_union.i
/f 0x3fc00000
/f 0x3ff8000000000000
/f g_pair
/f g_i128
/f g_int_at
/s g_texts
/s g_long
/s g_bytes
/s g_c
/s g_i
/s g_argv[0]
/s g_signed
/s g_u8
/s (unsigned char*)g_texts[0]
/s g_wide
/s g_int_at
/z g_seven
/z g_i
/z g_s
/z g_c
/z g_pair
/z g_int_at
/z g_u128
/x g_vec
/x g_union
/x g_complex
/d g_null
/x g_wide
/x g_wide_at
/c g_wide_char
/d g_wide_char
/x g_nan
/x g_third
/d g_floats
/u g_floats
/c 65.5
/t 5.5
/o 8.5
/z 1.5
/a 1.5
/x (char)-1
/o (char)-1
/t (char)5
/x (short)-1
/d (unsigned char)200
/u (signed char)-1
/x sizeof(int)
/x &g_pair
/x *g_pair_at
/x g_pairs
/x g_zeros
/x g_half
/d g_half
/c g_half
/x g_outer
/x table
/x row
END

for flags in "-O0 -gdwarf-5" "-O0 -gdwarf-4"; do
	# shellcheck disable=SC2086 # words
	cc -std=gnu17 $flags -o "$T/typed_rare" \
		"$top_srcdir/tests/fixtures/typed_rare.c" 2>"$T/log" ||
		bail "cc: $(head -n 1 "$T/log")"
	FIXTURES=$T start_fixture typed_rare
	from="-p $PID"
	hs --json -p "$PID" "bt $PID"
	walk=$(jq '.rows[] | select(.function == "walk").frame' "$T/out")
	gdb_first="frame function walk"
	us_first="bt $PID
frame $walk"
	ask_gdb print "$T/values" "$T/gdbs"
	same "$flags" print "$T/values"
	ask_gdb print "$T/formats" "$T/gdbs"
	same "$flags" print "$T/formats"
	if [ "$flags" = "-O0 -gdwarf-5" ]; then
		gcore_of "$PID" "$T/core"
		from="-c $T/core"
		us_first="bt $PID
frame $walk"
		same "a core" print "$T/formats"
	fi
	hs -p "$PID" 'print g_i128 + 1'
	check "128 bits are not computed with" \
		grep -q "more than 8 bytes are only printed" "$T/err"
	hs -p "$PID" "print 'nobody.c'::g_i"
	check "a file that is not there is named" \
		grep -q "g_i of a source file nobody.c" "$T/err"
	stop_fixture
done
done_testing

#include <stdio.h>
#include <string.h>

#include "command/expr_impl.h"
#include "tests/lib/hs_test.h"

static struct token first(const char *text)
{
	struct token t;
	struct error err;

	OK(lex(&text, &t, &err));
	return t;
}

TEST(a_number_has_the_type_that_c_gives_it)
{
	static const struct {
		const char *text, *type;
		uint64_t value;
	} want[] = {
		{"2147483647", "int", 2147483647},
		{"2147483648", "long", 2147483648},
		{"0x80000000", "unsigned int", 0x80000000},
		{"017", "int", 15},
		{"5u", "unsigned int", 5},
		{"5ul", "unsigned long", 5},
		{"5L", "long", 5},
		{"0xffffffffffffffff", "unsigned long", UINT64_MAX},
	};

	for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
		struct token t = first(want[i].text);

		ck_assert_int_eq(t.kind, T_NUMBER);
		ck_assert_str_eq(t.type, want[i].type);
		ck_assert_uint_eq(t.number, want[i].value);
	}
	ck_assert_str_eq(first("1.5").type, "double");
	ck_assert_str_eq(first("1e3f").type, "float");
	ck_assert(first(".5").real == 0.5L);
}

TEST(a_range_is_no_fraction)
{
	const char *text = "1..3";
	struct token t;
	struct error err;

	OK(lex(&text, &t, &err));
	ck_assert_int_eq(t.kind, T_NUMBER);
	OK(lex(&text, &t, &err));
	ck_assert_int_eq(t.op, OP_DOTS);
	OK(lex(&text, &t, &err));
	ck_assert_uint_eq(t.number, 3);
	OK(lex(&text, &t, &err));
	ck_assert_int_eq(t.kind, T_END);
}

TEST(the_longest_operator_is_taken)
{
	static const struct {
		const char *text;
		int op;
	} want[] = {{"->x", OP_ARROW}, {"-x", '-'},	{">>=", OP_ASSIGN},
		    {">>1", OP_SHR},   {">=1", OP_GE},	{"==1", OP_EQ},
		    {"=1", OP_ASSIGN}, {"&&a", OP_AND}, {"&a", '&'},
		    {"++a", OP_ASSIGN}};

	for (size_t i = 0; i < sizeof want / sizeof *want; i++)
		ck_assert_int_eq(first(want[i].text).op, want[i].op);
}

TEST(escapes_are_undone)
{
	struct token t = first("\"a\\n\\\"\\101\\x42\\\\\"");

	ck_assert_int_eq(t.kind, T_STRING);
	ck_assert_str_eq((const char *)t.string, "a\n\"AB\\");
	ck_assert_uint_eq(first("'\\0'").number, 0);
	ck_assert_int_eq((int64_t)first("'\\377'").number, -1);
}

TEST(a_quoted_name_is_no_character)
{
	struct token t = first("'a.c'::b::c+1");

	ck_assert_int_eq(t.kind, T_QUOTED);
	ck_assert_str_eq((const char *)t.string, "a.c");
	ck_assert_str_eq(t.member, "b::c+1");
	t = first("'ns::f(int)'");
	ck_assert_int_eq(t.kind, T_QUOTED);
	ck_assert_str_eq((const char *)t.string, "ns::f(int)");
	ck_assert_ptr_null(t.member);
}

TEST(what_is_no_token_is_refused)
{
	static const char *const bad[] = {"12ab",
					  "0x1g",
					  "L'ab'",
					  "\"open",
					  "'",
					  "1.5x",
					  "99999999999999999999999",
					  "a\\b"};
	struct token t;
	struct error err;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		const char *text = bad[i];
		int ret = lex(&text, &t, &err);

		while (!ret && t.kind != T_END)
			ret = lex(&text, &t, &err);
		ck_assert_msg(ret == -1, "%s", bad[i]);
		ck_assert_int_eq(err.code, ERR_USAGE);
	}
}

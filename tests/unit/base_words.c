#include "base/words.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "tests/lib/hs_test.h"

static struct error err;

/* The words as one text: <word>@offset each, ! where quoted. */
static void splits_to(const char *line, const char *wanted)
{
	struct words words;
	struct strbuf got = {0};

	OK(words_split(&words, line, &err));
	for (size_t i = 0; i < words.count; i++)
		strbuf_addf(&got, "<%s>@%zu%s", words.word[i], words.at[i],
			    words.quoted[i] ? "!" : "");
	ck_assert_str_eq(strbuf_str(&got), wanted);
	ck_assert_ptr_null(words.word[words.count]);
	strbuf_deinit(&got);
	words_deinit(&words);
}

TEST(blanks_separate)
{
	splits_to("", "");
	splits_to("   \t ", "");
	splits_to("heap", "<heap>@0");
	splits_to("  chunks\tsize>=1k \n", "<chunks>@2<size>=1k>@9");
	splits_to("a b c d e f", "<a>@0<b>@2<c>@4<d>@6<e>@8<f>@10");
}

TEST(quotes_hold_words_together)
{
	splits_to("content=\"a b\" c", "<content=a b>@0!<c>@14");
	splits_to("'a \"b\" \\' x", "<a \"b\" \\>@0!<x>@10");
	splits_to("\"a \\\"b\\\\ \\n\"", "<a \"b\\ \\n>@0!");
	splits_to("''", "<>@0!");
	splits_to("x '' y", "<x>@0<>@2!<y>@5");
	splits_to("a\\ b c\\\"", "<a b>@0!<c\">@5!");
	splits_to("a'b'\"c\"d", "<abcd>@0!");
}

TEST(nothing_else_is_special)
{
	splits_to("shell ls *.c | wc # x",
		  "<shell>@0<ls>@6<*.c>@9<|>@13<wc>@15<#>@18<x>@20");
}

TEST(the_rest_of_the_line_is_where_the_offset_says)
{
	const char *line = "shell echo  \"a  b\" | wc  ";
	struct words words;

	OK(words_split(&words, line, &err));
	ck_assert_str_eq(line + words.at[1], "echo  \"a  b\" | wc  ");
	ck_assert_uint_eq(words.length, strlen(line) - 2);
	words_deinit(&words);
}

TEST(what_is_not_closed_is_a_usage_error_that_says_so)
{
	struct words words;

	FAILS(ERR_USAGE, words_split(&words, "a \"b c", &err));
	ck_assert_ptr_nonnull(strstr(err.msg, "\" is not closed"));
	FAILS(ERR_USAGE, words_split(&words, "a 'b c", &err));
	ck_assert_ptr_nonnull(strstr(err.msg, "' is not closed"));
	FAILS(ERR_USAGE, words_split(&words, "a \"b\\\"", &err));
	FAILS(ERR_USAGE, words_split(&words, "a \\", &err));
	words_deinit(&words);
	words_deinit(NULL);
}

/* Every string over a few letters: no crash, no overrun (ASan looks). */
TEST(all_short_lines_are_split_or_refused)
{
	static const char letters[] = "a '\"\\";
	char line[8];

	for (int n = 0; n < 5 * 5 * 5 * 5 * 5 * 5; n++) {
		struct words words;
		int rest = n;

		for (int i = 0; i < 6; i++, rest /= 5)
			line[i] = letters[rest % 5];
		line[6] = '\0';

		AUTO_FREE char *copy = xstrdup(line);

		if (!words_split(&words, copy, &err))
			words_deinit(&words);
	}
}

TEST(what_is_appended_comes_back_as_one_word)
{
	static const char *const word[] = {
		"",   "a",	  "a b", "type=thread 1 \"x\" TLS",
		"\\", "a\\\"b\\", "it's"};

	for (size_t i = 0; i < sizeof word / sizeof *word; i++) {
		char line[64] = "chunks ", full[64] = "chunks ";
		struct words words;

		ck_assert(words_append(line, sizeof line, word[i]));
		OK(words_split(&words, line, &err));
		ck_assert_uint_eq(words.count, 2);
		ck_assert_str_eq(words.word[1], word[i]);
		words_deinit(&words);
		ck_assert(
			!words_append(full, 8 + strlen(word[i]) + 1, word[i]));
		ck_assert_str_eq(full, "chunks ");
	}
}

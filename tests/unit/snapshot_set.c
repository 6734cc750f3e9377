#include "snapshot/set.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/words.h"
#include "target/pagemap.h"
#include "tests/lib/builder.h"
#include "tests/lib/hs_test.h"

static struct error err;

static struct snapshot *made(void)
{
	struct builder b = {0};
	struct snapshot *s;
	uint64_t addr;

	builder_map(&b, 0x10000, 0x30000, "rw-p", 0, "[heap]");
	builder_map(&b, 0x50000, 0x52000, "rw-p", 0, "");
	builder_heap(&b, 0, 0x10000, 0x30000);
	addr = builder_chunk(&b, 32, CHUNK_USED); /* 0 */
	builder_text(&b, addr, "GET /index");
	builder_chunk(&b, 64, CHUNK_USED);	      /* 1 */
	builder_chunk(&b, 64, CHUNK_FREE);	      /* 2 */
	builder_chunk(&b, 64, CHUNK_CACHED);	      /* 3 */
	builder_chunk(&b, 1024, CHUNK_USED);	      /* 4 */
	addr = builder_chunk(&b, 0x8000, CHUNK_USED); /* 5 */
	builder_text(&b, addr + 0x7000, "needle (x)");
	builder_chunk(&b, 0x1000, CHUNK_TOP); /* 6 */
	builder_mmapped(&b, 0x50000, 0x2000); /* 7 */
	s = builder_snapshot(&b);
	builder_deinit(&b);
	return s;
}

/* "0 1 5": what the set has; bits: a string of indices that are new. */
static const char *chosen(const char *text, const char *fresh)
{
	static char buf[100];
	struct snapshot *s = made();
	struct words words;
	struct bitmap bits;
	struct set *set;
	uint32_t *index, count;

	buf[0] = '\0';
	OK(words_split(&words, text, &err));
	OK(set_parse((const char *const *)words.word, words.count, "used", &set,
		     &err));
	OK(bitmap_init(&bits, s->chunk_count, "test", &err));
	for (; fresh && *fresh; fresh++)
		bitmap_set(&bits, (uint64_t)(*fresh - '0'));
	OK(set_select(set, s, fresh ? &bits : NULL, &index, &count, &err));
	for (uint32_t i = 0; i < count; i++)
		sprintf(buf + strlen(buf), "%s%u", i ? " " : "", index[i]);
	free(index);
	bitmap_deinit(&bits);
	set_destroy(set);
	words_deinit(&words);
	snapshot_destroy(s);
	return buf;
}

TEST(sets_have_what_they_say)
{
	static const char *const wanted[][2] = {
		{"", "0 1 4 5 7"},
		{"used", "0 1 4 5 7"},
		{"all", "0 1 2 3 4 5 6 7"},
		{"free", "2"},
		{"cached", "3"},
		{"top", "6"},
		{"mmapped", "7"},
		{"state=free", "2"},
		{"class=64", "1 2 3"},
		{"used and class=64", "1"},
		{"used class=64", "1"},
		{"size=56", "1 2 3"},
		{"size>=1k", "5 6 7"},
		{"class>=1k", "4 5 6 7"},
		{"class<=64", "0 1 2 3"},
		{"size<56", "0"},
		{"size>0x38 used", "4 5 7"},
		{"arena=0 used", "0 1 4 5"},
		{"arena=mmapped", "7"},
		{"not used", "2 3 6"},
		{"not (used or free)", "3 6"},
		{"free or cached and class=64", "2 3"},
		{"(free or cached) and class=32", ""},
		{"( ( free ) )", "2"},
		{"not not free", "2"},
		{"content=\"GET /\"", "0"},
		{"content=needle", "5"},
		{"content=\"needle (x)\"", "5"},
		{"(content=\"needle (x)\" or free)", "2 5"},
		{"class=64 not free not cached", "1"},
	};

	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
		ck_assert_msg(!strcmp(chosen(wanted[i][0], NULL), wanted[i][1]),
			      "%s: %s, not %s", wanted[i][0],
			      chosen(wanted[i][0], NULL), wanted[i][1]);
}

/* Contents that came in two pieces, side by side. */
TEST(text_across_two_pieces_of_contents_is_found)
{
	static const char text[] = "across the edge";
	struct snapshot s = {.word = 8};
	struct chunk chunk[2] = {
		{.addr = 0x10010, .size = 0x3ff8},
		{.addr = 0x14020, .size = 24},
	};
	const char *words[] = {"content=across the edge"};
	struct set *set;

	s.chunk = chunk;
	s.chunk_count = 2;
	OK(set_parse(words, 1, NULL, &set, &err));
	for (uint64_t at = 0x11ff0; at <= 0x12000; at++) {
		uint8_t bytes[0x8000] = "";

		memcpy(bytes + (at - 0x10000), text, sizeof text - 1);
		s.contents = image_create();
		OK(image_add(s.contents, 0x12000, bytes + 0x2000, 0x3000,
			     &err));
		OK(image_add(s.contents, 0x10000, bytes, 0x2000, &err));
		ck_assert(set_has(set, &s, NULL, 0));
		ck_assert(!set_has(set, &s, NULL, 1));
		image_destroy(s.contents);
	}
	set_destroy(set);
}

static ssize_t text_read(struct target *target, uint64_t addr, void *buf,
			 size_t len)
{
	(void)target, (void)addr;
	memset(buf, 'x', len);
	return (ssize_t)len;
}

/* The last page of what is asked for is the only one ever touched. */
static size_t last_run(struct target *target, uint64_t start, uint64_t end,
		       struct page_run *run, size_t max, uint64_t *walked)
{
	(void)target, (void)start, (void)max;
	*walked = end;
	run[0] = (struct page_run){end - 4096, end};
	return 1;
}

TEST(text_is_looked_for_behind_pages_never_touched)
{
	static const struct target_ops ops = {
		.kind = "fake", .read = text_read, .touched_runs = last_run};
	struct target fake = {.ops = &ops, .page_size = 4096, .word = 8};
	struct chunk chunk[2] = {
		{.addr = 0x10000, .size = 0x4000},
		{.addr = 0x10000, .size = 0x3000},
	};
	struct snapshot s = {.word = 8, .chunk = chunk, .chunk_count = 2};
	const char *words[] = {"content=xxxx"};
	struct set *set;

	s.contents = image_create();
	OK(image_copy(s.contents, &fake, 0x10000, 0x14000, true, UINT64_MAX,
		      &err));
	OK(set_parse(words, 1, NULL, &set, &err));
	ck_assert(set_has(set, &s, NULL, 0));
	ck_assert(!set_has(set, &s, NULL, 1));
	image_destroy(s.contents);
	set_destroy(set);
}

TEST(new_and_gone_ask_the_diff)
{
	ck_assert_str_eq(chosen("new", "14"), "1 4");
	ck_assert_str_eq(chosen("gone", "14"), "1 4");
	ck_assert_str_eq(chosen("new and class=64", "14"), "1");
	ck_assert_str_eq(chosen("used not new", "14"), "0 5 7");
	ck_assert_str_eq(chosen("new", NULL), "");
}

static struct set *parse(const char *text)
{
	struct words words;
	struct set *set;

	OK(words_split(&words, text, &err));
	OK(set_parse((const char *const *)words.word, words.count, "used", &set,
		     &err));
	words_deinit(&words);
	return set;
}

TEST(a_set_says_what_it_needs)
{
	struct set *set = parse("new and class=64");

	ck_assert(set_needs_diff(set));
	ck_assert(!set_wants_gone(set));
	ck_assert(!set_needs_contents(set));
	set_destroy(set);
	set = parse("not gone");
	ck_assert(set_needs_diff(set));
	ck_assert(set_wants_gone(set));
	set_destroy(set);
	set = parse("content=x");
	ck_assert(!set_needs_diff(set));
	ck_assert(set_needs_contents(set));
	set_destroy(set);
	set_destroy(NULL);
}

TEST(the_text_of_a_set_parses_to_the_same_text)
{
	static const char *const text[][2] = {
		{"new class=64", "new and class=64"},
		{"(used or free) and not size>=1k",
		 "(used or free) and not size>=1k"},
		{"", "used"},
		{"content=\"a b\"", "'content=a b'"},
	};

	for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
		struct set *set = parse(text[i][0]), *again;

		ck_assert_str_eq(set_text(set), text[i][1]);
		again = parse(set_text(set));
		ck_assert_str_eq(set_text(again), text[i][1]);
		set_destroy(again);
		set_destroy(set);
	}
}

static void refused(const char *text, const char *what)
{
	struct words words;
	struct set *set = NULL;

	OK(words_split(&words, text, &err));
	FAILS(ERR_USAGE, set_parse((const char *const *)words.word, words.count,
				   "used", &set, &err));
	ck_assert_ptr_null(set);
	ck_assert_msg(strstr(err.msg, what), "%s: %s", text, err.msg);
	words_deinit(&words);
}

TEST(nonsense_is_refused_with_the_reason)
{
	char deep[400] = "";

	refused("usd", "usd");
	refused("used and", "more is wanted");
	refused("and used", "\"and\"");
	refused("or", "\"or\"");
	refused("not", "more is wanted");
	refused("(used", "parenthesis");
	refused("used)", ")");
	refused("()", "parenthesis");
	refused("size=", "size=");
	refused("size=x", "size=x");
	refused("size>=12q", "size>=12q");
	refused("foo=3", "foo=3");
	refused("arena>=3", "arena>=3");
	refused("state=new", "state=new");
	refused("state=bad", "bad");
	refused("content=", "content");
	refused("new or gone", "different");
	for (int i = 0; i < 70; i++)
		strcat(deep, "not ");
	strcat(deep, "used");
	refused(deep, "nested");
}

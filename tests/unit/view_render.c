/* Views as text, JSON and CSV. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/interrupt.h"
#include "tests/lib/hs_test.h"
#include "view/render.h"
#include "view/views.h"

static struct error err;
static char *text;
static size_t length;

static const char *const names[] = {"plain", "a \"quoted\", name",
				    "line\nbreak \033[0m \377"};

static void name_cell(const struct view *view, uint32_t row, struct value *out)
{
	(void)view;
	*out = value_text(names[row]);
}

static void size_cell(const struct view *view, uint32_t row, struct value *out)
{
	(void)view;
	if (row != 1)
		*out = value_u(V_BYTES, 2048 * (row + 1));
}

static void addr_cell(const struct view *view, uint32_t row, struct value *out)
{
	(void)view;
	*out = value_u(V_ADDR, 0xabc + row);
}

static const struct column columns[] = {
	{"name", "NAME", "", V_TEXT, .cell = name_cell, .stretch = true},
	{"size", "SIZE", "", V_BYTES, .cell = size_cell},
	{"addr", "ADDRESS", "", V_ADDR, .cell = addr_cell, .json_only = true},
};

static const struct view_ops ops = {
	.name = "test",
	.column = columns,
	.column_count = 3,
	.default_sort = -1,
	.section = -1,
};

static struct view *make(void)
{
	struct view *view;

	OK(view_create(&ops, 3, NULL, &view, &err));
	snprintf(view->title, sizeof(view->title), "three rows");
	view_total(view, NULL, "size", "in all", value_u(V_BYTES, 8192));
	view_total(view, "group", "inner", "inner", value_u(V_COUNT, 1));
	return view;
}

static const char *rendered(const struct view *view, struct render_opts opts)
{
	FILE *out = open_memstream(&text, &length);

	OK(render(view, &opts, out, &err));
	fclose(out);
	return text;
}

TEST(one_thing_is_told_in_the_singular)
{
	struct total total = {NULL, "used", "chunks used", value_u(V_COUNT, 1)};
	char buf[100];

	view_total_text(&total, false, buf, sizeof(buf));
	ck_assert_str_eq(buf, "1 chunk used");
	total.value.u = 2;
	view_total_text(&total, false, buf, sizeof(buf));
	ck_assert_str_eq(buf, "2 chunks used");
	total = (struct total){NULL, "c", "classes", value_u(V_COUNT, 1)};
	view_total_text(&total, false, buf, sizeof(buf));
	ck_assert_str_eq(buf, "1 class");
	total = (struct total){"mallinfo2", "o", "ordblks",
			       value_u(V_COUNT, 1)};
	view_total_text(&total, false, buf, sizeof(buf));
	ck_assert_str_eq(buf, "1 ordblks");
	total = (struct total){NULL, "b", "bytes", value_u(V_BYTES, 1)};
	view_total_text(&total, true, buf, sizeof(buf));
	ck_assert_str_eq(buf, "1 bytes");
}

TEST(text_has_title_heading_rows_and_totals)
{
	struct view *view = make();

	ck_assert_str_eq(rendered(view, (struct render_opts){0}),
			 "three rows\n"
			 "NAME                           SIZE\n"
			 "plain                       2.0 KiB\n"
			 "a \"quoted\", name                  -\n"
			 "line\\x0abreak \\x1b[0m \\xff  6.0 KiB\n"
			 "total: 8.0 KiB in all\n"
			 "group: 1 inner\n");
	free(text);
	view_destroy(view);
}

TEST(a_narrow_terminal_cuts_the_column_that_stretches)
{
	struct view *view = make();

	rendered(view, (struct render_opts){.width = 24});
	for (const char *line = text; *line; line = strchr(line, '\n') + 1)
		ck_assert_uint_le(strcspn(line, "\n"), 24);
	ck_assert(strstr(text, "a \"quoted\", ..."));
	ck_assert(strstr(text, "2.0 KiB\n"));
	free(text);
	view_destroy(view);
}

static const char evidence[] =
	"found by three ways that know nothing of each other, at 0x7fc60";

static void evidence_cell(const struct view *view, uint32_t row,
			  struct value *out)
{
	(void)view;
	*out = value_text(row == 1 ? "short" : evidence);
}

static const struct column wrapped[] = {
	{"name", "NAME", "", V_TEXT, .cell = name_cell, .stretch = true},
	{"text", "EVIDENCE", "", V_TEXT, .cell = evidence_cell, .wrap = true},
};

static const struct view_ops wrapped_ops = {
	.name = "test",
	.column = wrapped,
	.column_count = 2,
	.default_sort = -1,
	.section = -1,
};

/* Every word of it in its order, whatever stands between. */
static bool has_all_evidence(const char *in)
{
	char copy[sizeof(evidence)], *rest = copy, *word;

	memcpy(copy, evidence, sizeof(copy));
	while ((word = strsep(&rest, " "))) {
		in = in ? strstr(in, word) : NULL;
		if (!in)
			return false;
		in += strlen(word);
	}
	return true;
}

TEST(evidence_is_wrapped_and_never_cut)
{
	for (unsigned width = 20; width < 120; width++) {
		char *line, *rest;
		const char *s;
		struct view *view;

		OK(view_create(&wrapped_ops, 3, NULL, &view, &err));
		s = rendered(view, (struct render_opts){.width = width});
		ck_assert_msg(has_all_evidence(s), "width %u: %s", width, s);
		ck_assert_ptr_null(strstr(s, "ways tha "));
		rest = text;
		while (width >= 34 && (line = strsep(&rest, "\n")))
			ck_assert_msg(view_width(line) <= width, "%u: %s",
				      width, line);
		view_destroy(view);
		free(text);
	}
}

TEST(a_long_title_is_broken_at_blanks)
{
	struct view *view = make();

	snprintf(view->title, sizeof(view->title),
		 "a title that is wider than twenty-four columns are");
	rendered(view, (struct render_opts){.width = 24});
	ck_assert_int_eq(strncmp(text,
				 "a title that is wider\n"
				 "  than twenty-four\n"
				 "  columns are\n",
				 54),
			 0);
	free(text);
	view_destroy(view);
}

TEST(a_limit_is_said)
{
	struct view *view = make();

	rendered(view, (struct render_opts){.limit = 1});
	ck_assert(strstr(text, "... 1 of 3 rows; --limit 0 shows all\n"));
	ck_assert(!strstr(text, "quoted"));
	free(text);
	view_destroy(view);
}

TEST(json_is_one_line_with_everything_in_it)
{
	struct view *view = make();

	view_warn(view, "first");
	view_warn(view, "second \"thing\"");
	view->complete = false;
	ck_assert_str_eq(
		rendered(view, (struct render_opts){.format = RENDER_JSON,
						    .command = "test \"me\"",
						    .target_kind = "live",
						    .exe = "/bin/\377",
						    .pid = 7}),
		"{\"heapscope\":\"" PACKAGE_VERSION "\","
		"\"command\":\"test \\\"me\\\"\","
		"\"target\":{\"kind\":\"live\",\"pid\":7,"
		"\"exe\":\"/bin/\\\\xff\",\"glibc\":null},"
		"\"title\":\"three rows\",\"complete\":false,"
		"\"warnings\":[\"first\",\"second \\\"thing\\\"\"],"
		"\"columns\":[{\"key\":\"name\",\"title\":\"NAME\","
		"\"kind\":\"text\"},{\"key\":\"size\",\"title\":\"SIZE\","
		"\"kind\":\"bytes\"},{\"key\":\"addr\",\"title\":\"ADDRESS\","
		"\"kind\":\"addr\"}],\"row_count\":3,\"rows\":["
		"{\"name\":\"plain\",\"size\":2048,\"addr\":\"0xabc\"},"
		"{\"name\":\"a \\\"quoted\\\", name\",\"size\":null,"
		"\"addr\":\"0xabd\"},"
		"{\"name\":\"line\\nbreak \\u001B[0m \\\\xff\",\"size\":6144,"
		"\"addr\":\"0xabe\"}],"
		"\"totals\":{\"size\":8192,\"group\":{\"inner\":1}}}\n");
	free(text);
	view_destroy(view);
}

TEST(csv_quotes_what_must_be_and_leaves_nothing_empty)
{
	struct view *view = make();

	ck_assert_str_eq(
		rendered(view, (struct render_opts){.format = RENDER_CSV}),
		"name,size,addr\r\n"
		"plain,2048,0xabc\r\n"
		"\"a \"\"quoted\"\", name\",,0xabd\r\n"
		"\"line\nbreak \033[0m \377\",6144,0xabe\r\n");
	free(text);
	view_destroy(view);
}

TEST(an_error_in_json_has_code_and_message)
{
	struct render_opts opts = {.format = RENDER_JSON, .command = "x 8"};
	struct error fault;
	FILE *out = open_memstream(&text, &length);

	error_at(&fault, ERR_FAULT, 8, "cannot read");
	render_json_error(&fault, &opts, out);
	fclose(out);
	ck_assert_str_eq(text, "{\"heapscope\":\"" PACKAGE_VERSION "\","
			       "\"command\":\"x 8\",\"complete\":false,"
			       "\"error\":{\"code\":\"fault\","
			       "\"message\":\"cannot read\","
			       "\"addr\":\"0x8\"}}\n");
	free(text);
}

TEST(a_stream_that_takes_nothing_is_an_error)
{
	struct render_opts opts = {.format = RENDER_JSON};
	struct view *view = make();
	FILE *out = fopen("/dev/full", "w");

	if (!out)
		SKIP("no /dev/full");
	FAILS(ERR_SYSTEM, render(view, &opts, out, &err));
	fclose(out);
	view_destroy(view);
}

TEST(a_render_obeys_an_interrupt)
{
	struct render_opts opts = {.format = RENDER_JSON};
	struct view *view = make();
	FILE *out = open_memstream(&text, &length);

	interrupt_raise();
	FAILS(ERR_INTERRUPTED, render(view, &opts, out, &err));
	fclose(out);
	free(text);
	view_destroy(view);
}

TEST(sentences_are_lines_without_a_heading)
{
	struct view *view;

	OK(view_text("", "one\n\nthree", &view, &err));
	ck_assert_uint_eq(view->row_count, 3);
	ck_assert_str_eq(rendered(view, (struct render_opts){0}),
			 "one\n\nthree\n");
	free(text);
	view_destroy(view);
	OK(view_text("", "", &view, &err));
	ck_assert_str_eq(rendered(view, (struct render_opts){0}), "");
	free(text);
	view_destroy(view);
}

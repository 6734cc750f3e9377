#include "symbols/symbols_types.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "tests/lib/fixture.h"
#include "tests/lib/hs_test.h"

struct typed {
	struct fixture f;
	struct target *target;
	struct symbols *symbols;
};

static void start(struct typed *t)
{
	struct error err;

	fixture_start(&t->f, "typed", NULL, NULL);
	OK(target_open_live(t->f.pid, NULL, &t->target, &err));
	OK(symbols_open(t->target, NULL, &t->symbols, &err));
}

static void end(struct typed *t)
{
	symbols_close(t->symbols);
	target_close(t->target);
	fixture_end(&t->f);
}

static struct type *find(struct typed *t, const char *name)
{
	struct error err;
	struct type *type;

	OK(symbols_type_find(t->symbols, name, &type, &err));
	return type;
}

static const char *name_of(struct type *type)
{
	static struct strbuf text;

	strbuf_reset(&text);
	type_name(type, &text);
	return strbuf_str(&text);
}

/* Calls fn for each line of the fixture that begins with word. */
static unsigned each_line(struct typed *t, const char *word,
			  void (*fn)(struct typed *, const char *))
{
	char *save = NULL;
	AUTO_FREE char *said = xstrdup(t->f.said);
	unsigned count = 0;

	for (char *line = strtok_r(said, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		if (strncmp(line, word, strlen(word)))
			continue;
		fn(t, line);
		count++;
	}
	return count;
}

static void is_member(struct typed *t, const char *line)
{
	char of[40], name[40], full[60];
	unsigned long offset;
	struct member m;

	ck_assert_int_eq(
		sscanf(line, "member %39s %39s %lu", of, name, &offset), 3);
	snprintf(full, sizeof full, "struct %s", of);
	ck_assert_msg(type_member(find(t, full), name, &m), "%s", line);
	ck_assert_uint_eq(m.offset, offset);
}

TEST(members_are_where_the_compiler_put_them)
{
	struct typed t;

	start(&t);
	ck_assert_uint_ge(each_line(&t, "member ", is_member), 9);
	end(&t);
}

enum { ALL_MAX = 20000 }; /* with those of libraries */

struct all {
	struct global found[ALL_MAX];
	unsigned count;
};

static int keep(void *ctx, const struct global *g)
{
	struct all *all = ctx;

	ck_assert_uint_lt(all->count, ALL_MAX);
	all->found[all->count++] = *g;
	return 0;
}

static struct all all;

static void is_global(struct typed *t, const char *line)
{
	char name[40];
	uint64_t addr, size;
	bool found = false;

	(void)t;
	ck_assert_int_eq(sscanf(line, "global %39s %" SCNx64 " %" SCNu64, name,
				&addr, &size),
			 3);
	for (unsigned i = 0; i < all.count; i++) {
		const struct global *g = &all.found[i];

		if (strcmp(g->name, name))
			continue;
		found = true;
		ck_assert_uint_eq(type_size(g->type), size);
		if (g->thread_local)
			ck_assert_str_eq(name, "t_local");
		else
			ck_assert_uint_eq(g->addr, addr);
		if (!strcmp(name, "s_hidden"))
			ck_assert_str_eq(g->function, "build");
	}
	ck_assert_msg(found, "%s", line);
}

TEST(every_variable_with_a_fixed_address_is_told)
{
	struct typed t;
	struct error err;
	struct global g;

	start(&t);
	all.count = 0;
	OK(symbols_global_each(t.symbols, NULL, keep, &all, &err));
	ck_assert_uint_ge(each_line(&t, "global ", is_global), 8);
	ck_assert(symbols_global_find(t.symbols, "g_list", &g));
	ck_assert_str_eq(name_of(g.type), "struct node *");

	struct global at;

	ck_assert(symbols_global_at(t.symbols, g.addr + 7, &at));
	ck_assert_str_eq(at.name, "g_list");
	ck_assert(!symbols_global_find(t.symbols, "no_such_variable", &g));
	end(&t);
}

TEST(types_are_named_as_c_names_them)
{
	static const char *const want[][2] = {
		{"g_server", "struct server"},
		{"g_variant", "struct variant [3]"},
		{"g_handler", "handler_t"},
		{"s_names", "const char * const[4]"},
		{"g_matrix", "int [2][3]"},
		{"g_rows", "int (*)[3]"},
		{"g_payload", "void *"},
		{"g_cv", "const volatile int"},
		{"g_word", "word_t"},
	};
	struct typed t;
	struct global g;

	start(&t);
	for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
		ck_assert(symbols_global_find(t.symbols, want[i][0], &g));
		ck_assert_str_eq(name_of(g.type), want[i][1]);
	}
	ck_assert(symbols_global_find(t.symbols, "g_handler", &g));
	ck_assert_str_eq(name_of(type_strip(g.type)),
			 "int (*)(int, const char *)");
	ck_assert_str_eq(name_of(find(&t, "long unsigned")), "unsigned long");
	ck_assert(find(&t, "struct opaque")->is_declaration);
	end(&t);
}

TEST(a_type_that_is_not_there_is_said_to_be_missing)
{
	struct typed t;
	struct error err;
	struct type *type;

	start(&t);
	ck_assert_int_eq(
		symbols_type_find(t.symbols, "struct nobody", &type, &err), -1);
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
	end(&t);
}

TEST(bit_fields_have_their_place)
{
	struct typed t;
	struct member m;

	start(&t);
	ck_assert(type_member(find(&t, "struct flags_word"), "c", &m));
	ck_assert_uint_eq(m.bit_size, 4);
	ck_assert_uint_eq(m.offset * 8 + m.bit_offset, 8);
	end(&t);
}

/* --- locals: of the fixture's own frames, as the kernel stopped it */

struct locals {
	struct typed *t;
	char text[400];
};

static bool read_memory(void *ctx, uint64_t addr, void *buf, size_t len)
{
	struct typed *t = ctx;
	struct error err;

	return !target_read(t->target, addr, buf, len, &err);
}

static int note_local(void *ctx, const struct local *local)
{
	struct locals *l = ctx;
	size_t len = strlen(l->text);

	if (local->where.kind == LOCATION_MEMORY)
		snprintf(l->text + len, sizeof l->text - len,
			 "local %s 0x%" PRIx64 "\n", local->name,
			 local->where.addr);
	return 0;
}

/* The frame of serve(): its frame pointer leads to it, at -O0. */
static void find_frame(struct typed *t, struct frame_state *frame)
{
	struct symbol serve;
	struct error err;
	uint64_t pair[2];
	const struct thread_regs *regs = &t->target->thread[0].regs;
	uint64_t sp = regs->r[REG_RSP_], word;

	OK(symbols_find(t->symbols, "serve", &serve, &err));
	for (unsigned i = 0; i < 4096; i++, sp += 8) {
		if (target_read(t->target, sp, &word, 8, &err))
			break;
		if (word < serve.addr || word >= serve.addr + serve.size)
			continue;
		/* a call returned to: its caller's frame is that of serve */
		frame->pc = word - 1;
		for (uint64_t at = sp; at < sp + 1024; at += 8) {
			OK(target_read(t->target, at, pair, 16, &err));
			struct symbol s;

			if (symbols_at(t->symbols, pair[1], &s) &&
			    !strcmp(s.name, "main") && pair[0] > at) {
				frame->cfa = at + 16;
				frame->reg[REG_RBP_] = at;
				frame->has_reg = 1u << REG_RBP_;
				return;
			}
		}
	}
	ck_abort_msg("no frame of serve()");
}

static struct locals heard;

static void is_local(struct typed *t, const char *line)
{
	(void)t;
	ck_assert_msg(strstr(heard.text, line) != NULL, "%s in %s", line,
		      heard.text);
}

TEST(locals_are_where_the_program_says)
{
	struct typed t;
	struct error err;
	struct frame_state frame = {.read = read_memory, .ctx = &t};

	start(&t);
	OK(target_stop(t.target, &err));
	find_frame(&t, &frame);
	heard = (struct locals){.t = &t};
	OK(symbols_local_each(t.symbols, &frame, note_local, &heard));
	ck_assert_uint_eq(each_line(&t, "local ", is_local), 3);
	OK(target_resume(t.target, &err));
	end(&t);
}

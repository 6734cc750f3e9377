/* The graph that a session keeps. */
#include "command/session_graph.h"

#include <string.h>

#include "tests/lib/builder.h"
#include "tests/lib/hs_test.h"
#include "view/views.h"

static struct error err;

#define HEAP  UINT64_C(0x600000)
#define STACK UINT64_C(0x7f8000000000)

/* A list of n chunks, held by a register. */
static struct snapshot *list_of(unsigned n, const char *name)
{
	struct builder b = {0};
	struct snapshot *snap;
	uint64_t last = 0;

	builder_map(&b, HEAP, HEAP + 0x20000, "rw-p", 0, "[heap]");
	builder_map(&b, STACK, STACK + 0x10000, "rw-p", 0, "");
	builder_heap(&b, 0, HEAP, HEAP + 0x20000);
	for (unsigned i = 0; i < n; i++) {
		uint64_t addr = builder_chunk(&b, 32, CHUNK_USED);

		builder_put(&b, addr, last);
		last = addr;
	}
	builder_thread(&b, 1, "t", STACK + 0x2000, STACK + 0xf000);
	builder_put(&b, STACK + 0x2800, last);
	snap = builder_snapshot(&b);
	snprintf(snap->name, sizeof(snap->name), "%s", name);
	builder_deinit(&b);
	return snap;
}

static void begin(struct session *s)
{
	*s = (struct session){0};
	s->snapshot[s->snapshot_count++] = list_of(100, "a");
	s->snapshot[s->snapshot_count++] = list_of(7, "b");
	s->current = s->snapshot[1];
}

static const struct graph *graph_of(struct session *s, struct graph_opts opts)
{
	const struct graph *g;

	OK(session_graph(s, &opts, &g, &err));
	ck_assert_ptr_eq(g->snap, s->current);
	return g;
}

static uint64_t edges(const struct graph *g)
{
	return g->out.first[g->out.nodes];
}

TEST(it_is_made_once)
{
	struct graph_opts opts = {0}, all = {.classes = ROOTS_ALL};
	const struct graph *g;
	struct session s;
	uint64_t *first;

	begin(&s);
	ck_assert_uint_eq(session_graph_bytes(&s, s.current), 0);
	g = graph_of(&s, opts);
	first = g->out.first;
	ck_assert_uint_eq(edges(g), 6);
	ck_assert_uint_eq(g->roots, 1);
	ck_assert_uint_gt(session_graph_bytes(&s, s.current), 6 * 4 + 8 * 8);
	ck_assert_uint_eq(session_graph_bytes(&s, s.snapshot[0]), 0);
	/* All classes are what none means. */
	ck_assert_ptr_eq(graph_of(&s, all)->out.first, first);
	session_use(&s, s.current);
	ck_assert_uint_gt(session_graph_bytes(&s, s.current), 0);
	session_close(&s);
	ck_assert_ptr_null(s.graph);
}

TEST(other_options_make_another)
{
	struct graph_opts all = {0}, some = {.classes = 1u << ROOT_GLOBAL};
	struct graph_opts exact = {.interior = INTERIOR_NO}, only = {0};
	struct bitmap none;
	struct session s;

	begin(&s);
	OK(bitmap_init(&none, s.current->chunk_count, "none", &err));
	only.only = &none;
	ck_assert_uint_eq(graph_of(&s, all)->roots, 1);
	ck_assert_uint_eq(graph_of(&s, some)->roots, 0);
	ck_assert_uint_eq(graph_of(&s, exact)->roots, 1);
	ck_assert_uint_eq(edges(graph_of(&s, only)), 0);
	ck_assert_uint_eq(edges(graph_of(&s, all)), 6);
	bitmap_deinit(&none);
	session_close(&s);
}

TEST(it_goes_with_what_it_is_of)
{
	struct graph_opts opts = {0};
	struct session s;

	begin(&s);
	graph_of(&s, opts);
	session_use(&s, s.snapshot[0]);
	ck_assert_ptr_null(s.graph);
	ck_assert_uint_eq(edges(graph_of(&s, opts)), 99);
	OK(session_drop(&s, "b", &err));
	ck_assert_ptr_nonnull(s.graph);
	OK(session_drop(&s, "a", &err));
	ck_assert_ptr_null(s.graph);
	session_close(&s);

	begin(&s);
	graph_of(&s, opts);
	session_detach(&s);
	ck_assert_ptr_null(s.graph);
	session_close(&s);
}

TEST(without_contents_there_is_none)
{
	struct graph_opts opts = {0};
	const struct graph *g;
	struct session s;

	begin(&s);
	snapshot_drop_contents(s.current);
	FAILS(ERR_UNSUPPORTED, session_graph(&s, &opts, &g, &err));
	ck_assert_ptr_null(s.graph);
	s.current = NULL;
	FAILS(ERR_UNSUPPORTED, session_graph(&s, &opts, &g, &err));
	session_close(&s);
}

TEST(snapshots_tells_what_it_takes)
{
	struct graph_opts opts = {0};
	struct value before, after;
	struct session s;
	struct view *view;
	uint64_t bytes;

	begin(&s);
	graph_of(&s, opts);
	bytes = session_graph_bytes(&s, s.current);
	for (int round = 0; round < 2; round++) {
		const struct column *c;

		OK(view_snapshots((const struct snapshot *const *)s.snapshot,
				  s.snapshot_count, s.current,
				  round ? bytes : 0, &view, &err));
		c = view->ops->column;
		while (strcmp(c->key, "table_bytes") != 0)
			c++;
		c->cell(view, 1, round ? &after : &before);
		view_destroy(view);
	}
	ck_assert_uint_eq(after.u - before.u, bytes);
	session_close(&s);
}

#include "command/session_retained.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "command/session_graph.h"

_Static_assert(sizeof(((struct session *)0)->retained) ==
		       RETAINED_TREES * sizeof(struct retained *),
	       "one of each tree");

static void drop(struct session *session, enum retained_tree tree)
{
	retained_deinit(session->retained[tree]);
	free(session->retained[tree]);
	session->retained[tree] = NULL;
}

int session_retained(struct session *session, const struct retained_opts *want,
		     const struct retained **out, struct error *err)
{
	struct retained *made = session->retained[want->tree];
	struct graph_opts opts = {0};
	const struct graph *graph;

	if (made && made->snap == session->current &&
	    made->opts.by == want->by && made->opts.lasting == want->lasting) {
		*out = made;
		return 0;
	}
	drop(session, want->tree);
	if (session_graph(session, &opts, &graph, err))
		return -1;
	made = xcalloc(1, sizeof(*made));
	if (retained_make(graph, session->symbols, want, made, err)) {
		free(made);
		return -1;
	}
	session->retained[want->tree] = made;
	*out = made;
	return 0;
}

void session_drop_retained(struct session *session)
{
	for (enum retained_tree t = 0; t < RETAINED_TREES; t++)
		drop(session, t);
}

static uint64_t bytes_of(const struct retained *r)
{
	return sizeof(*r) +
	       (uint64_t)r->nodes * (sizeof(*r->holder) + sizeof(*r->bytes) +
				     sizeof(*r->count)) +
	       r->owners.count *
		       (sizeof(*r->owners.owner) + sizeof(*r->owners.inside)) +
	       r->owners.rows.first[r->owners.count] *
		       sizeof(*r->owners.rows.to) +
	       r->lost.bits / 8;
}

uint64_t session_retained_bytes(const struct session *session,
				const struct snapshot *snap)
{
	uint64_t sum = 0;

	for (enum retained_tree t = 0; t < RETAINED_TREES; t++)
		if (session->retained[t] && session->retained[t]->snap == snap)
			sum += bytes_of(session->retained[t]);
	return sum;
}

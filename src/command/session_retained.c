#include "command/session_retained.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "command/session_graph.h"

int session_retained(struct session *session, const struct retained_opts *want,
		     const struct retained **out, struct error *err)
{
	struct graph_opts opts = {0};
	const struct graph *graph;
	struct retained *made;

	if (session->retained && session->retained->snap == session->current &&
	    session->retained->opts.by == want->by &&
	    session->retained->opts.lasting == want->lasting) {
		*out = session->retained;
		return 0;
	}
	session_drop_retained(session);
	if (session_graph(session, &opts, &graph, err))
		return -1;
	made = xcalloc(1, sizeof(*made));
	if (retained_make(graph, session->symbols, want, made, err)) {
		free(made);
		return -1;
	}
	session->retained = made;
	*out = made;
	return 0;
}

void session_drop_retained(struct session *session)
{
	retained_deinit(session->retained);
	free(session->retained);
	session->retained = NULL;
}

uint64_t session_retained_bytes(const struct session *session,
				const struct snapshot *snap)
{
	const struct retained *r = session->retained;

	if (!r || r->snap != snap)
		return 0;
	return sizeof(*r) +
	       (uint64_t)r->nodes * (sizeof(*r->holder) + sizeof(*r->bytes) +
				     sizeof(*r->count)) +
	       r->owners.count * sizeof(*r->owners.owner) +
	       r->owners.rows.first[r->owners.count] *
		       sizeof(*r->owners.rows.to) +
	       r->lost.bits / 8;
}

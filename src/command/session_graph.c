#include "command/session_graph.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/log.h"
#include "command/session_retained.h"

/* What session->graph is: the graph, and what it answers. */
struct session_graph {
	struct graph graph;
	struct graph_opts opts;
};

static unsigned classes_of(const struct graph_opts *opts)
{
	return opts->classes ? opts->classes : ROOTS_ALL;
}

static bool is_it(const struct session_graph *kept, const struct snapshot *snap,
		  const struct graph_opts *opts)
{
	return kept && kept->graph.snap == snap && !kept->opts.only &&
	       !opts->only && kept->opts.interior == opts->interior &&
	       classes_of(&kept->opts) == classes_of(opts);
}

int session_graph(struct session *session, const struct graph_opts *opts,
		  const struct graph **out, struct error *err)
{
	struct session_graph *made;

	if (!session->current)
		return error_set(err, ERR_UNSUPPORTED, "there is no snapshot");
	if (is_it(session->graph, session->current, opts)) {
		*out = &session->graph->graph;
		return 0;
	}
	session_drop_graph(session);
	made = xcalloc(1, sizeof(*made));
	made->opts = *opts;
	if (graph_build(session->current, opts, &made->graph, err)) {
		free(made);
		return -1;
	}
	session->graph = made;
	*out = &made->graph;
	log_info("graph of snapshot %s: %llu bytes", session->current->name,
		 (unsigned long long)session_graph_bytes(session,
							 session->current));
	return 0;
}

void session_drop_graph(struct session *session)
{
	session_drop_retained(session);
	if (!session->graph)
		return;
	graph_deinit(&session->graph->graph);
	free(session->graph);
	session->graph = NULL;
}

uint64_t session_graph_bytes(const struct session *session,
			     const struct snapshot *snap)
{
	const struct graph *g;

	if (!session->graph || session->graph->graph.snap != snap)
		return 0;
	g = &session->graph->graph;
	return session_retained_bytes(session, snap) + sizeof(*session->graph) +
	       ((uint64_t)g->out.nodes + 1) * sizeof(*g->out.first) +
	       g->out.first[g->out.nodes] * sizeof(*g->out.to) +
	       g->roots * sizeof(*g->root);
}

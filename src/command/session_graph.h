/*
 * Who points at whom in the current snapshot, made when it is first asked for
 * and kept for the questions that follow (refs, path, leaks, retained).
 */
#ifndef COMMAND_SESSION_GRAPH_H
#define COMMAND_SESSION_GRAPH_H

#include "analysis/graph.h"
#include "command/session.h"

/*
 * The graph of the current snapshot.  The one that is kept, if it was made of
 * that snapshot with the same interior and classes; else it is made anew.  With
 * opts->only (which must stay as long as the graph) it is always made anew.
 *
 * *out is the session's: good until the next command, so that views copy what
 * they show.  ERR_UNSUPPORTED without contents or a snapshot, ERR_INTERRUPTED
 * on ^C, ERR_NO_MEMORY; nothing is kept then.
 */
int session_graph(struct session *session, const struct graph_opts *opts,
		  const struct graph **out, struct error *err) MUST_CHECK;

/* Forgets it: the snapshot or its contents are about to go, or the memory is
 * wanted for something else. */
void session_drop_graph(struct session *session);

/* Our memory that the graph of snap takes, and what is retained in it, bytes; 0
 * if none is kept. */
uint64_t session_graph_bytes(const struct session *session,
			     const struct snapshot *snap);

#endif

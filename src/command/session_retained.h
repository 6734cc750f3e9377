/* What is retained in the current snapshot, made when it is first asked for
 * and kept as the graph is (session_graph.h). */
#ifndef COMMAND_SESSION_RETAINED_H
#define COMMAND_SESSION_RETAINED_H

#include "analysis/retained.h"
#include "command/session.h"

/* *out is the session's: good until the next command.  One is kept of each
 * tree, that of the owners asked for last.  Errors as of session_graph(). */
int session_retained(struct session *session, const struct retained_opts *want,
		     const struct retained **out, struct error *err) MUST_CHECK;
void session_drop_retained(struct session *session);
/* Our memory that it takes for snap, bytes; 0 if none is kept. */
uint64_t session_retained_bytes(const struct session *session,
				const struct snapshot *snap);

#endif

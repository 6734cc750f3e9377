/* The leaks of the current snapshot, made when they are first asked for and
 * kept as the graph is (session_graph.h). */
#ifndef COMMAND_SESSION_LEAKS_H
#define COMMAND_SESSION_LEAKS_H

#include "command/session.h"

/*
 * Of the current snapshot, unless session->leaks are just those.  ERR_USAGE
 * without its contents, ERR_INTERRUPTED on ^C, ERR_NO_MEMORY; none are kept
 * then.
 */
int session_leaks(struct session *session, const struct reach_opts *opts,
		  struct error *err) MUST_CHECK;
void session_drop_leaks(struct session *session);

#endif

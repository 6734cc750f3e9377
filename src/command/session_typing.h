/* What the chunks of the current snapshot are, made when it is first asked for
 * and kept as the graph is (session_graph.h). */
#ifndef COMMAND_SESSION_TYPING_H
#define COMMAND_SESSION_TYPING_H

#include "analysis/typing.h"
#include "command/session.h"

/*
 * Of the current snapshot; *out is the session's, good until the snapshot is
 * not the current one any more.  ERR_UNSUPPORTED without its contents,
 * ERR_INTERRUPTED on ^C, ERR_NO_MEMORY; nothing is kept then.
 */
int session_typing(struct session *session, const struct typing **out,
		   struct error *err) MUST_CHECK;
void session_drop_typing(struct session *session);

#endif

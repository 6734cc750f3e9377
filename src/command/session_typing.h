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

/*
 * With "set types on" the blocks of the current snapshot are named by their
 * types from now on, in every table: a command that needs the heap calls this
 * first, so that what ran before makes no difference.  Without memory for that
 * it is 0, and why->code is ERR_NO_MEMORY; else ERR_NONE.
 */
int session_name_types(struct session *session, struct error *why,
		       struct error *err) MUST_CHECK;
/* "set types": names of the other kind are forgotten. */
void session_use_types(struct session *session, bool on);

/*
 * With "set types on" a snapshot whose bytes are about to go leaves its types
 * behind, the names alone: diff --by=type asks for those of gone chunks.
 * Without memory for that it is done without (0).
 */
int session_keep_types(struct session *session, struct error *err) MUST_CHECK;
/* What was kept of snap; NULL: nothing was. */
const struct typing *session_earlier_types(const struct session *session,
					   const struct snapshot *snap);
/* Those of snap, or (NULL) all. */
void session_forget_types(struct session *session, const struct snapshot *snap);

#endif

#include "command/session_leaks.h"

void session_drop_leaks(struct session *session)
{
	if (!session->leaks)
		return;
	leaks_destroy(session->leaks);
	session->leaks = NULL;
	session->generation++;
}

int session_leaks(struct session *session, const struct reach_opts *opts,
		  struct error *err)
{
	const struct leaks *known = session->leaks;

	if (known && known->snap == session->current &&
	    known->opts.interior == opts->interior &&
	    known->opts.classes == opts->classes)
		return 0;
	session_drop_leaks(session);
	if (!session->current->contents)
		return error_set(err, ERR_USAGE,
				 "the bytes of snapshot %s are not kept (any "
				 "more), and what holds a block is read from "
				 "them: take a new one",
				 session->current->name);
	return leaks_make(session->current, opts, &session->leaks, err);
}

#include "command/session_typing.h"

#include "base/log.h"

int session_typing(struct session *session, const struct typing **out,
		   struct error *err)
{
	if (!session->current)
		return error_set(err, ERR_UNSUPPORTED, "there is no snapshot");
	if (!session->typing || session->typing->snap != session->current) {
		session_drop_typing(session);
		if (typing_make(session->current, session->symbols,
				&session->typing, err))
			return -1;
		session->current->typing = session->typing;
		log_info("types of snapshot %s: %llu bytes",
			 session->current->name,
			 (unsigned long long)typing_bytes(session->typing));
	}
	*out = session->typing;
	return 0;
}

void session_drop_typing(struct session *session)
{
	if (!session->typing)
		return;
	for (uint32_t i = 0; i < session->snapshot_count; i++)
		if (session->snapshot[i]->typing == session->typing)
			session->snapshot[i]->typing = NULL;
	typing_destroy(session->typing);
	session->typing = NULL;
	session->generation++;
}

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
		log_info("types of snapshot %s: %llu bytes",
			 session->current->name,
			 (unsigned long long)typing_bytes(session->typing));
	}
	*out = session->typing;
	return 0;
}

int session_name_types(struct session *session, struct error *why,
		       struct error *err)
{
	struct snapshot *snap = session->current;
	const struct typing *typing;

	why->code = ERR_NONE;
	if (!session->opts.types || !snap || !snap->contents)
		return 0;
	if (!session_typing(session, &typing, why)) {
		snap->typing = typing;
		return 0;
	}
	if (why->code == ERR_NO_MEMORY)
		return 0;
	*err = *why;
	return -1;
}

int session_keep_types(struct session *session, struct error *err)
{
	struct snapshot *snap = session->current;
	const struct typing *typing;

	if (!session->opts.types || !session->allocator || !snap ||
	    !snap->contents || session_earlier_types(session, snap))
		return 0;
	if (session_typing(session, &typing, err)) {
		if (err->code != ERR_NO_MEMORY)
			return -1;
		log_info("no types of snapshot %s: %s", snap->name, err->msg);
		return 0;
	}
	typing_keep_names(session->typing);
	session->earlier[session->earlier_count++] = session->typing;
	session->typing = NULL;
	snap->typing = NULL;
	session->generation++;
	return 0;
}

const struct typing *session_earlier_types(const struct session *session,
					   const struct snapshot *snap)
{
	for (uint32_t i = 0; i < session->earlier_count; i++)
		if (session->earlier[i]->snap == snap)
			return session->earlier[i];
	return NULL;
}

void session_forget_types(struct session *session, const struct snapshot *snap)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < session->earlier_count; i++)
		if (snap && session->earlier[i]->snap != snap)
			session->earlier[n++] = session->earlier[i];
		else
			typing_destroy(session->earlier[i]);
	session->earlier_count = n;
}

void session_use_types(struct session *session, bool on)
{
	session->opts.types = on;
	for (uint32_t i = 0; i < session->snapshot_count; i++)
		session->snapshot[i]->typing = NULL;
	if (!on)
		session_forget_types(session, NULL);
	session->generation++;
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

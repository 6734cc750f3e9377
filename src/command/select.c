#include "command/select.h"
#include "command/session_leaks.h"
#include "command/session_typing.h"

#include <stdlib.h>

static int choose_snapshot(struct session *session, struct selection *s,
			   struct error *err)
{
	const struct diff *diff;

	s->snap = session->current;
	if (set_needs_diff(s->set)) {
		if (session_diff(session, NULL, NULL, err))
			return -1;
		s->snap = session->diff->after;
	}
	diff = session->diff;
	if (diff && set_wants_gone(s->set)) {
		s->snap = diff->before;
		s->fresh = &diff->lost;
	} else if (diff && diff->after == s->snap) {
		s->fresh = &diff->fresh;
	}
	if (set_needs_contents(s->set) && !s->snap->contents)
		return error_set(
			err, ERR_USAGE,
			"the bytes of snapshot %s are not kept (any "
			"more), and content= looks at them: take a new "
			"one",
			s->snap->name);
	return 0;
}

static int tell_leaks(struct session *session, struct selection *s,
		      struct error *err)
{
	const struct reach_opts usual = {0};

	if (!set_needs_leaks(s->set))
		return 0;
	if (s->snap != session->current)
		return error_set(err, ERR_USAGE,
				 "leaks are known of the current snapshot "
				 "alone, %s; these chunks are of %s",
				 session->current->name, s->snap->name);
	/* As they were asked for last. */
	if (session_leaks(session,
			  session->leaks ? &session->leaks->opts : &usual, err))
		return -1;
	set_tell_leaks(s->set, session->leaks->kind);
	return 0;
}

static bool is_type(const void *ctx, uint32_t chunk, const char *name)
{
	return typing_is(ctx, chunk, name);
}

static int tell_types(struct session *session, struct selection *s,
		      struct error *err)
{
	const struct typing *typing;

	if (!set_needs_types(s->set))
		return 0;
	if (s->snap != session->current)
		return error_set(err, ERR_USAGE,
				 "types are known of the current snapshot "
				 "alone, %s; these chunks are of %s",
				 session->current->name, s->snap->name);
	if (session_typing(session, &typing, err))
		return -1;
	set_tell_types(s->set, is_type, typing);
	return 0;
}

int selection_make(struct session *session, char *const *word, size_t count,
		   const char *fallback, struct selection *out,
		   struct error *err)
{
	struct selection s = {0};

	if (set_parse((const char *const *)word, count, fallback, &s.set, err))
		return -1;
	if (choose_snapshot(session, &s, err) || tell_leaks(session, &s, err) ||
	    tell_types(session, &s, err) ||
	    set_select(s.set, s.snap, s.fresh, &s.index, &s.count, err)) {
		selection_deinit(&s);
		return -1;
	}
	*out = s;
	return 0;
}

void selection_deinit(struct selection *selection)
{
	set_destroy(selection->set);
	free(selection->index);
	*selection = (struct selection){0};
}

uint32_t *selection_take(struct selection *selection)
{
	uint32_t *index = selection->index;

	selection->index = NULL;
	return index;
}

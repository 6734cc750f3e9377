#include "command/select.h"
#include "command/session_leaks.h"
#include "command/session_typing.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/typing_similar.h"
#include "base/alloc.h"
#include "base/strbuf.h"
#include "base/words.h"
#include "view/view.h"

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

/* "type=struct client", as one word of a command line. */
static void add_quoted(struct strbuf *out, const char *type)
{
	AUTO_FREE char *word = xasprintf("type=%s", type);
	size_t cap = 2 * strlen(word) + 4;
	AUTO_FREE char *line = xcalloc(cap, 1);

	(void)words_append(line, cap, word); /* there is room for it */
	strbuf_add(out, line);
}

/* A set without chunks is an answer; that the name is nobody's is another. */
static void note_unmatched(struct selection *s, const struct typing *typing)
{
	struct strbuf sb = {0};
	const char *name, *similar[TYPING_SIMILAR_MAX];
	size_t count;

	for (size_t i = 0; (name = set_type_name(s->set, i)); i++) {
		if (!strcmp(name, typed_by_name(TYPED_NOT)) ||
		    typing_has(typing, name))
			continue;
		strbuf_addf(&sb, "%sno chunk is of a type called \"%s\"",
			    sb.len ? "\n" : "", name);
		count = typing_similar(typing, name, similar);
		for (size_t j = 0; j < count; j++) {
			strbuf_add(&sb, !j		 ? "; did you mean "
					: j + 1 == count ? " or "
							 : ", ");
			add_quoted(&sb, similar[j]);
		}
		strbuf_add(&sb, count ? "?" : "; types lists them");
	}
	s->unmatched = sb.len ? strbuf_take(&sb) : NULL;
	strbuf_deinit(&sb);
}

void selection_warn(const struct selection *selection, struct view *view)
{
	if (selection->unmatched)
		view_warn(view, "%s", selection->unmatched);
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
	note_unmatched(s, typing);
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
	free(selection->unmatched);
	*selection = (struct selection){0};
}

uint32_t *selection_take(struct selection *selection)
{
	uint32_t *index = selection->index;

	selection->index = NULL;
	return index;
}

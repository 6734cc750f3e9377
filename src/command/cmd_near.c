/* What surrounds chunks, the new ones of a class above all. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/fmt.h"
#include "command/commands.h"
#include "command/select.h"
#include "view/views.h"

/* The set that near's words mean, as words of its own. */
static int near_set(struct session *session, const struct words *words,
		    char *buf, size_t cap, uint64_t *class, struct error *err)
{
	const char *word = words->word[1];
	struct error ignored;
	struct set *set;
	uint64_t n = 0;
	uint32_t at = CHUNK_NONE;
	bool number = !parse_size(word, &n, &ignored);

	*class = 0;
	if (words->count > 2 ||
	    (!number && !strpbrk(word, "#$") &&
	     !set_parse((const char *const *)&word, 1, NULL, &set, &ignored))) {
		if (words->count == 2)
			set_destroy(set);
		return 0;
	}
	if (number)
		at = snapshot_find(session->current, n);
	/* 0x... is meant as an address, though it be in no chunk. */
	if (!number || at != CHUNK_NONE || !strncmp(word, "0x", 2)) {
		if (session_chunk(session, word, &at, err))
			return -1;
		n = snapshot_chunk_size(session->current, at);
	}
	*class = n;
	snprintf(buf, cap, "class=%" PRIu64, n);
	return 0;
}

static int select_class(struct session *session, const char *state,
			const char *class, struct selection *s,
			struct error *err)
{
	char *word[] = {(char *)state, (char *)class};

	return selection_make(session, word, 2, NULL, s, err);
}

/* Of a class: the new chunks if there are any, else the used ones. */
static int select_near(struct session *session, const char *class, uint64_t n,
		       struct selection *s, char *what, size_t cap,
		       struct error *err)
{
	bool has_diff = session->snapshot_count >= 2;
	const char *none = "";
	char count[FMT_MAX];

	if (has_diff) {
		if (select_class(session, "new", class, s, err))
			return -1;
		snprintf(what, cap, "%s new chunk%s of class %" PRIu64,
			 fmt_count(count, sizeof(count), s->count),
			 s->count == 1 ? "" : "s", n);
		if (s->count)
			return 0;
		selection_deinit(s);
		none = " (none is new)";
	}
	if (select_class(session, "used", class, s, err))
		return -1;
	snprintf(what, cap, "%s used chunk%s of class %" PRIu64 "%s",
		 fmt_count(count, sizeof(count), s->count),
		 s->count == 1 ? "" : "s", n, none);
	return 0;
}

static int near_view(struct session *session, const struct selection *s,
		     const char *what, struct view **out, struct error *err)
{
	struct near near = {0};

	if (!s->snap->contents)
		return error_set(
			err, ERR_USAGE,
			"the bytes of snapshot %s are not kept (any "
			"more), and near looks at them: take a new one",
			s->snap->name);
	if (near_make(s->snap, session->symbols, s->index, s->count, &near,
		      err))
		return -1;
	return view_near(s->snap, &near, session->symbols, what, out, err);
}

static int near_run(struct session *session, const struct words *words,
		    struct view **out, struct error *err)
{
	char class[40] = "", what[200], count[FMT_MAX];
	struct selection s;
	uint64_t n;
	int ret;

	if (words->count < 2)
		return error_set(
			err, ERR_USAGE,
			"near takes a size class, an address or a set, "
			"as in \"near 352\"");
	if (near_set(session, words, class, sizeof(class), &n, err))
		return -1;
	if (n) {
		if (select_near(session, class, n, &s, what, sizeof(what), err))
			return -1;
	} else {
		if (selection_make(session, words->word + 1, words->count - 1,
				   NULL, &s, err))
			return -1;
		snprintf(what, sizeof(what), "%s chunk%s: %.140s",
			 fmt_count(count, sizeof(count), s.count),
			 s.count == 1 ? "" : "s", set_text(s.set));
	}
	if (n && !s.count)
		ret = error_set(err, ERR_NOT_FOUND,
				"snapshot %s has no used chunk of class "
				"%" PRIu64 ": sizes lists the classes",
				session->current->name, n);
	else
		ret = near_view(session, &s, what, out, err);
	if (!ret)
		selection_warn(&s, *out);
	selection_deinit(&s);
	return ret;
}

const struct command command_entry_near = {
	.name = "near",
	.args = "SIZE|ADDR|SET",
	.summary = "what new chunks point at, who holds them, neighbours",
	.help = "SIZE is a class as sizes and diff show it; ADDR means the\n"
		"class of the chunk there. With two snapshots the new chunks "
		"of\n"
		"that class are looked at, else all used ones; the title says\n"
		"which. Equal patterns are folded into one row, commonest\n"
		"first, with an example: \"312 of 340 are held by chunks of\n"
		"class 64 at +16\" tells who forgot to free them.\n"
		"\n"
		"  near 352\n"
		"  near new class>=1k\n"
		"  near used and content=\"GET \"\n",
	.need = NEED_HEAP,
	.run = near_run,
};

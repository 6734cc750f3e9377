/* What two snapshots differ in, and what surrounds it: diff and near. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fmt.h"
#include "command/commands.h"
#include "command/select.h"
#include "view/views.h"

struct diff_args {
	enum diff_by by;
	bool chunks, all;
	const struct snapshot *before, *after;
	size_t set_at; /* first word of the SET */
};

static int take_flag(struct diff_args *args, const char *word,
		     struct error *err)
{
	if (!strcmp(word, "--chunks"))
		args->chunks = true;
	else if (!strcmp(word, "--all"))
		args->all = true;
	else if (!strcmp(word, "--by=size"))
		args->by = DIFF_BY_SIZE;
	else if (!strcmp(word, "--by=content"))
		args->by = DIFF_BY_CONTENT;
	else
		return error_set(err, ERR_USAGE,
				 "diff knows --by=size, --by=content, --chunks "
				 "and --all, not %s",
				 word);
	return 0;
}

/* Flags anywhere, then at most two names, then the SET.  Words that are left
 * are moved to the front of rest. */
static int parse_diff(struct session *session, const struct words *words,
		      struct diff_args *args, char **rest, size_t *count,
		      struct error *err)
{
	*count = 0;
	for (size_t i = 1; i < words->count; i++) {
		if (strncmp(words->word[i], "--", 2)) {
			rest[(*count)++] = words->word[i];
			continue;
		}
		if (take_flag(args, words->word[i], err))
			return -1;
	}
	if (*count > 0)
		args->before = session_find_snapshot(session, rest[0]);
	if (args->before && *count > 1)
		args->after = session_find_snapshot(session, rest[1]);
	args->set_at = args->before ? args->after ? 2 : 1 : 0;
	if (args->before && !args->after)
		args->after = session->current;
	if (args->before && args->before == args->after)
		return error_set(err, ERR_USAGE,
				 "diff of snapshot %s with itself",
				 args->before->name);
	return 0;
}

static void warn_to_view(struct view *view, const char *warning)
{
	if (!*warning)
		return;
	view_warn(view, "%s", warning);
	view->complete = false;
}

static int diff_table(struct session *session, const struct diff_args *args,
		      const struct set *set, struct view **out,
		      struct error *err)
{
	bool all = args->all || session->opts.format != RENDER_TEXT;
	struct diff_class *row;
	char warning[400] = "";
	uint32_t count;

	if (diff_classes(session->diff, args->by, set, session->symbols, &row,
			 &count, warning, sizeof(warning), err))
		return -1;
	if (view_diff(session->diff, args->by, row, count,
		      set ? set_text(set) : "", all, out, err))
		return -1;
	warn_to_view(*out, warning);
	return 0;
}

static uint32_t *choose(const struct set *set, const struct snapshot *snap,
			const struct bitmap *fresh, const uint32_t *index,
			uint32_t count, uint32_t *left, struct error *err)
{
	uint32_t *chosen = try_calloc(count, sizeof(*chosen), "chunks", err);

	*left = 0;
	for (uint32_t i = 0; chosen && i < count; i++)
		if (!set || set_has(set, snap, fresh, index[i]))
			chosen[(*left)++] = index[i];
	return chosen;
}

/* Of the kept chunks those that were judged so. */
static int choose_kept(const struct diff *diff, const struct set *set,
		       enum identity identity, uint32_t **out, uint32_t *count,
		       struct error *err)
{
	size_t cap = 0;

	for (uint32_t i = 0; i < diff->after->chunk_count; i++) {
		if (!diff_is(diff, i, identity) ||
		    (set && !set_has(set, diff->after, &diff->fresh, i)))
			continue;
		if (GROW(*out, cap, (size_t)*count + 1, "chunks", err))
			return -1;
		(*out)[(*count)++] = i;
	}
	return 0;
}

static int fill_list(const struct diff *diff, const struct set *set,
		     struct change_list *list, struct error *err)
{
	AUTO_FREE uint32_t *unknown = NULL;
	uint32_t unknown_count = 0;

	list->index[CHANGE_NEW] =
		choose(set, diff->after, &diff->fresh, diff->added,
		       diff->added_count, &list->count[CHANGE_NEW], err);
	if (!list->index[CHANGE_NEW])
		return -1;
	list->index[CHANGE_GONE] =
		choose(set, diff->before, &diff->lost, diff->removed,
		       diff->removed_count, &list->count[CHANGE_GONE], err);
	if (!list->index[CHANGE_GONE] ||
	    choose_kept(diff, set, IDENTITY_REUSED, &list->index[CHANGE_REUSED],
			&list->count[CHANGE_REUSED], err) ||
	    choose_kept(diff, set, IDENTITY_UNSURE, &list->index[CHANGE_UNSURE],
			&list->count[CHANGE_UNSURE], err) ||
	    choose_kept(diff, set, IDENTITY_UNKNOWN, &unknown, &unknown_count,
			err))
		return -1;
	list->unsure = list->count[CHANGE_UNSURE];
	list->unknown = unknown_count;
	return 0;
}

static int diff_list(struct session *session, const struct set *set, bool all,
		     struct view **out, struct error *err)
{
	struct change_list list = {0};

	if (fill_list(session->diff, set, &list, err)) {
		for (int i = 0; i < CHANGES; i++)
			free(list.index[i]);
		return -1;
	}
	/* In a live heap most are, and nothing is wrong with them. */
	if (!all)
		list.count[CHANGE_UNSURE] = 0;
	return view_changes(session->diff, &list, session->symbols, out, err);
}

static int diff_run(struct session *session, const struct words *words,
		    struct view **out, struct error *err)
{
	AUTO_FREE char **rest = xcalloc(words->count + 1, sizeof(*rest));
	struct diff_args args = {.by = DIFF_BY_SIZE};
	struct set *set = NULL;
	size_t count;
	int ret;

	if (parse_diff(session, words, &args, rest, &count, err))
		return -1;
	if (count > args.set_at &&
	    set_parse((const char *const *)rest + args.set_at,
		      count - args.set_at, NULL, &set, err)) {
		if (!args.before)
			error_wrap(err, "\"%s\" is no snapshot and no set",
				   rest[0]);
		return -1;
	}
	ret = set && set_needs_types(set)
		      ? error_set(err, ERR_USAGE,
				  "types are known of one snapshot, diff "
				  "compares two: types new")
	      : set && set_needs_leaks(set)
		      ? error_set(err, ERR_USAGE,
				  "leaks are known of one snapshot, diff "
				  "compares two: chunks new leaked, or leaks "
				  "--since")
	      : session_diff(session, args.before, args.after, err) ||
			      diff_judge(session->diff, err)
		      ? -1
		      : 0;
	if (!ret && args.chunks)
		ret = diff_list(session, set, args.all, out, err);
	else if (!ret)
		ret = diff_table(session, &args, set, out, err);
	set_destroy(set);
	return ret;
}

static size_t diff_complete(struct session *session, const char *word,
			    const char **out, size_t cap)
{
	static const char *const flag[] = {"--by=content", "--by=size",
					   "--chunks", "--all"};
	size_t n = 0;

	for (uint32_t i = 0; i < session->snapshot_count && n < cap; i++)
		if (!strncmp(session->snapshot[i]->name, word, strlen(word)))
			out[n++] = session->snapshot[i]->name;
	return command_offer(word, flag, sizeof(flag) / sizeof(*flag), out, n,
			     cap);
}

const struct command command_entry_diff = {
	.name = "diff",
	.args = "[A [B]] [SET] [--by=size|content] [--chunks] [--all]",
	.summary = "new and gone chunks of two snapshots, by size class",
	.help = "Without names: the last two. With A alone: from A to the\n"
		"current one. Largest growth comes first; classes that did "
		"not\n"
		"change are counted in the title (--all shows them).\n"
		"  --by=content  groups by the first word of the chunks: "
		"objects\n"
		"                of one C++ class, structs with one table\n"
		"  --chunks      lists the chunks one by one\n"
		"A chunk is kept if address and size are the same: so is a "
		"block\n"
		"freed and allocated again at its place. The totals say how "
		"many\n"
		"of the kept most likely are others (they were, or are, an "
		"object\n"
		"of another kind) and how many changed, as live ones do. "
		"--chunks\n"
		"lists the former, with --all the latter as well.\n"
		"\n"
		"  diff\n"
		"  diff before after size>=1k\n"
		"  diff --by=content\n"
		"\n"
		"Then: chunks new class=N, near N.\n",
	.need = NEED_DIFF,
	.run = diff_run,
	.complete = diff_complete,
};

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
		if (session_address(session, word, &n, err))
			return -1;
		at = snapshot_find(session->current, n);
		if (at == CHUNK_NONE)
			return error_set(err, ERR_NOT_FOUND,
					 "0x%" PRIx64 " is in no chunk of "
					 "snapshot %s",
					 n, session->current->name);
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

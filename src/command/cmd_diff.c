/* What two snapshots differ in. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/diff_groups.h"
#include "base/alloc.h"
#include "command/commands.h"
#include "command/select.h"
#include "command/session_retained.h"
#include "command/session_typing.h"
#include "view/views.h"

struct diff_args {
	enum diff_by by;
	bool chunks, all;
	const struct snapshot *before, *after;
	size_t set_at; /* first word of the SET */
};

static int take_by(struct diff_args *args, const char *name, struct error *err)
{
	static const char *const by[DIFF_WAYS] = {
		[DIFF_BY_SIZE] = "size",
		[DIFF_BY_CONTENT] = "content",
		[DIFF_BY_TYPE] = "type",
		[DIFF_BY_HOLDER] = "holder",
	};

	for (unsigned i = 0; i < DIFF_WAYS; i++)
		if (!strcmp(name, by[i])) {
			args->by = (enum diff_by)i;
			return 0;
		}
	return error_set(err, ERR_USAGE,
			 "diff --by= knows size, content, type and holder, not "
			 "\"%s\"",
			 name);
}

static int take_flag(struct diff_args *args, const char *word,
		     struct error *err)
{
	if (!strcmp(word, "--chunks"))
		args->chunks = true;
	else if (!strcmp(word, "--all"))
		args->all = true;
	else if (!strncmp(word, "--by=", 5))
		return take_by(args, word + 5, err);
	else
		return error_set(err, ERR_USAGE,
				 "diff knows --by=, --chunks and --all, not %s",
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

/* By type all are counted, and unknown is called so what is. */
static void warn_to_view(struct view *view, enum diff_by by,
			 const char *warning)
{
	if (!*warning)
		return;
	view_warn(view, "%s", warning);
	if (by != DIFF_BY_TYPE)
		view->complete = false;
}

/* Both speak of the later snapshot, with its bytes. */
static int need_current(const struct session *session, const char *what,
			struct error *err)
{
	if (session->diff->after == session->current)
		return 0;
	return error_set(err, ERR_USAGE,
			 "%s are known of the current snapshot alone, %s, and "
			 "this diff leads to %s: use %s, then diff %s",
			 what, session->current->name,
			 session->diff->after->name, session->diff->after->name,
			 session->diff->before->name);
}

static int rows_by_type(struct session *session, const struct set *set,
			struct diff_class **row, uint32_t *count, char *warning,
			size_t cap, struct error *err)
{
	const struct diff *diff = session->diff;
	const struct typing *after, *kept;
	struct typing *made = NULL;
	int ret;

	kept = session_earlier_types(session, diff->before);
	if (need_current(session, "types", err) ||
	    session_typing(session, &after, err) ||
	    (!kept && diff->before->contents &&
	     typing_make(diff->before, session->symbols, &made, err)))
		return -1;
	ret = diff_by_type(diff, set, after, kept ? kept : made, row, count,
			   warning, cap, err);
	typing_destroy(made);
	return ret;
}

static int rows_by_holder(struct session *session, const struct set *set,
			  struct diff_class **row, uint32_t *count,
			  struct error *err)
{
	struct retained_opts opts = {.by = OWNER_BY_SYMBOL,
				     .lasting = true,
				     .tree = RETAINED_NEAREST};
	const struct retained *r;

	if (need_current(session, "holders", err) ||
	    session_retained(session, &opts, &r, err))
		return -1;
	return diff_by_holder(session->diff, set, r, session->symbols, row,
			      count, err);
}

static int make_rows(struct session *session, enum diff_by by,
		     const struct set *set, struct diff_class **row,
		     uint32_t *count, char *warning, size_t cap,
		     struct error *err)
{
	if (by == DIFF_BY_TYPE)
		return rows_by_type(session, set, row, count, warning, cap,
				    err);
	if (by == DIFF_BY_HOLDER)
		return rows_by_holder(session, set, row, count, err);
	return diff_classes(session->diff, by, set, session->symbols, row,
			    count, warning, cap, err);
}

static int diff_table(struct session *session, const struct diff_args *args,
		      const struct set *set, struct view **out,
		      struct error *err)
{
	bool all = args->all || session->opts.format != RENDER_TEXT;
	struct diff_class *row;
	char warning[400] = "";
	uint32_t count;

	if (make_rows(session, args->by, set, &row, &count, warning,
		      sizeof(warning), err))
		return -1;
	if (view_diff(session->diff, args->by, row, count,
		      set ? set_text(set) : "", all, out, err))
		return -1;
	warn_to_view(*out, args->by, warning);
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
	static const char *const flag[] = {"--by=content", "--by=holder",
					   "--by=size",	   "--by=type",
					   "--chunks",	   "--all"};
	size_t n = 0;

	for (uint32_t i = 0; i < session->snapshot_count && n < cap; i++)
		if (!strncmp(session->snapshot[i]->name, word, strlen(word)))
			out[n++] = session->snapshot[i]->name;
	return command_offer(word, flag, sizeof(flag) / sizeof(*flag), out, n,
			     cap);
}

const struct command command_entry_diff = {
	.name = "diff",
	.args = "[A [B]] [SET] [--by=size|content|type|holder] [--chunks] "
		"[--all]",
	.summary = "new and gone chunks of two snapshots, by size class",
	.help = "Without names: the last two. With A alone: from A to the\n"
		"current one. Largest growth comes first; classes that did "
		"not\n"
		"change are counted in the title (--all shows them).\n"
		"  --by=content  groups by the first word of the chunks: "
		"objects\n"
		"                of one C++ class, structs with one table\n"
		"  --by=type     by what they are (help types); gone ones by "
		"their\n"
		"                first word, unless set types on was there\n"
		"                before the later snapshot was taken\n"
		"  --by=holder   by the variable or thread that the new and "
		"kept\n"
		"                ones are nearest to, as in retained\n"
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
		"  diff --by=type\n"
		"\n"
		"Then: chunks new class=N, near N.\n",
	.need = NEED_DIFF,
	.run = diff_run,
	.complete = diff_complete,
};

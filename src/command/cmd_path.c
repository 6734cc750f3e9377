/* Why a block is still there: path. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/names.h"
#include "base/alloc.h"
#include "base/fmt.h"
#include "command/commands.h"
#include "command/session_graph.h"
#include "command/thing.h"
#include "command/session_leaks.h"
#include "view/views.h"

struct path_args {
	const char *addr;
	struct path_opts opts;
	struct path_range *without; /* owned */
	bool excludes;
};

static int take_count(struct path_args *args, const char *word,
		      struct error *err)
{
	uint64_t n;

	if (parse_u64(word, &n, err))
		return error_wrap(err, "--all");
	if (!n || n > 1000000)
		return error_set(err, ERR_USAGE,
				 "--all takes a number of paths from 1 to "
				 "1000000, not %s",
				 word);
	args->opts.max = (uint32_t)n;
	return 0;
}

/* "0x55..+16", "symbol+8", "#2+8": one word of a holder. */
static bool names_a_word(const char *word)
{
	const char *plus = strrchr(word, '+');
	struct error ignored;
	uint64_t n;

	return plus && plus > word && !parse_u64(plus + 1, &n, &ignored);
}

static int take_exclude(struct session *session, struct path_args *args,
			const char *word, struct error *err)
{
	struct path_range *range = &args->without[args->opts.without_count];
	struct thing thing;

	args->excludes = true;
	for (int i = 0; i < ROOT_CLASSES; i++)
		if (!strcmp(word, root_class_name((enum root_class)i))) {
			args->opts.classes &= ~(1u << i);
			return 0;
		}
	if (thing_of(session, word, &thing, err))
		return -1;
	*range = (struct path_range){thing.low, thing.high};
	if (names_a_word(word)) {
		if (session_address(session, word, &range->low, err))
			return -1;
		range->high = range->low + session->current->word;
	}
	args->opts.without_count++;
	return 0;
}

static int parse(struct session *session, const struct words *words,
		 struct path_args *args, struct error *err)
{
	static const char *const flag[] = {"--all", "--exclude"};

	for (size_t i = 1; i < words->count; i++) {
		const char *word = words->word[i], *value = NULL;
		int which = -1;

		for (int f = 0; f < 2; f++) {
			size_t len = strlen(flag[f]);

			if (strncmp(word, flag[f], len) ||
			    (word[len] && word[len] != '='))
				continue;
			which = f;
			value = word[len] ? word + len + 1 : words->word[i + 1];
			i += !word[len];
		}
		if (which < 0 && !strncmp(word, "--", 2))
			return error_set(err, ERR_USAGE,
					 "path knows --all and --exclude, not "
					 "%s",
					 word);
		if (which >= 0 && (!value || i >= words->count))
			return error_set(err, ERR_USAGE, "%s takes a value",
					 flag[which]);
		if (which < 0 && args->addr)
			return error_set(err, ERR_USAGE,
					 "path takes one address");
		if (which < 0)
			args->addr = word;
		if ((which == 0 && take_count(args, value, err)) ||
		    (which == 1 && take_exclude(session, args, value, err)))
			return -1;
	}
	if (args->addr)
		return 0;
	return error_set(err, ERR_USAGE,
			 "path takes an address; help addresses says how it is "
			 "written");
}

static int target_of(struct session *session, const struct path_args *args,
		     struct thing *thing, struct error *err)
{
	const struct snapshot *snap = session->current;

	if (thing_of(session, args->addr, thing, err))
		return -1;
	if (thing->chunk == CHUNK_NONE)
		return error_set(err, ERR_NOT_FOUND,
				 "%s is no chunk: path says why a chunk is "
				 "still there",
				 thing->name);
	if (snap->chunk[thing->chunk].state != CHUNK_USED)
		return error_set(
			err, ERR_NOT_FOUND,
			"%s is not in use: refs lists who points at it",
			thing->name);
	for (size_t i = 0; i < args->opts.without_count; i++)
		if (args->without[i].low == thing->low &&
		    args->without[i].high == thing->high)
			return error_set(err, ERR_USAGE,
					 "%s cannot be left out: it is what is "
					 "looked for",
					 thing->name);
	return 0;
}

/* From words that calls which have returned left behind. */
static int warn_stale(struct session *session, const struct graph *g,
		      uint32_t target, const struct path_opts *opts,
		      struct view *view, struct error *err)
{
	struct paths stale;
	struct place place;
	char name[400];

	if (path_of_stale(g, target, opts, &stale, err))
		return -1;
	if (stale.count) {
		place = name_place_of_ref(g->snap, &stale.path[0].root);
		name_format(g->snap, session->symbols, &place, name,
			    sizeof(name));
		view_warn(view,
			  "only words left behind by calls that have returned "
			  "lead to it, the shortest path in %" PRIu32
			  " step%s from 0x%" PRIx64 ": %s; the program can "
			  "hardly use it any more",
			  stale.path[0].count,
			  stale.path[0].count == 1 ? "" : "s",
			  stale.path[0].root.from, name);
	}
	paths_deinit(&stale);
	return 0;
}

/* What nothing reaches: as what leaks counts it. */
static int warn_kind(struct session *session, const struct thing *thing,
		     struct view *view, struct error *err)
{
	struct reach_opts opts = {0};
	const struct leaks *leaks;
	enum leak_kind kind;
	uint32_t leader;

	if (session_leaks(session, &opts, err))
		return -1;
	leaks = session->leaks;
	if (!leaks->kind[thing->chunk])
		return 0;
	kind = (enum leak_kind)(leaks->kind[thing->chunk] - 1);
	leader = leaks->leader[thing->chunk];
	if (kind == LEAK_DEFINITE)
		view_warn(view, "no root leads to it: leaked (definite), for "
				"nothing holds it");
	else if (kind == LEAK_INDIRECT)
		view_warn(view,
			  "no root leads to it: leaked (indirect), held by the "
			  "lost chunk 0x%" PRIx64 " alone",
			  session->current->chunk[leader].addr);
	else if (kind == LEAK_POSSIBLE)
		view_warn(view,
			  "no root leads to it by a plain pointer; it may be "
			  "held (possible): %s",
			  hold_name((enum hold)leaks->hold[thing->chunk]));
	else
		view_warn(view, "no root leads to it, but it is of malloc or "
				"the dynamic linker: leaks counts it as "
				"reachable");
	return 0;
}

static int explain(struct session *session, const struct thing *thing,
		   const struct path_args *args, const struct graph *g,
		   struct view *view, struct error *err)
{
	struct holders holders;

	if (args->excludes) {
		view_warn(view, "without what was left out no root leads to "
				"it");
		return 0;
	}
	if (warn_kind(session, thing, view, err) ||
	    holders_make(g->snap, thing->low, thing->high, &holders, err))
		return -1;
	view_doubtful(view, session->symbols, &holders);
	holders_deinit(&holders);
	return warn_stale(session, g, thing->chunk, &args->opts, view, err);
}

/* What may be the pointer of another process proves little: only where nothing
 * else leads there. */
static int find_paths(const struct graph *g, uint32_t target,
		      const struct path_opts *wanted, struct paths *out,
		      bool *shared, struct error *err)
{
	const unsigned class = 1u << ROOT_SHARED;
	struct path_opts opts = *wanted;

	*out = (struct paths){0};
	*shared = false;
	opts.classes = wanted->classes & ~class;
	if (opts.classes && paths_find(g, target, &opts, out, err))
		return -1;
	if (out->count || !(wanted->classes & class))
		return 0;
	paths_deinit(out);
	opts.classes = class;
	if (paths_find(g, target, &opts, out, err))
		return -1;
	*shared = out->count;
	return 0;
}

static int answer(struct session *session, struct path_args *args,
		  struct view **out, struct error *err)
{
	struct graph_opts whole = {0};
	bool all = session->opts.format != RENDER_TEXT;
	const struct graph *g;
	struct thing thing;
	struct paths paths;
	bool none, shared;

	if (target_of(session, args, &thing, err) ||
	    session_graph(session, &whole, &g, err) ||
	    find_paths(g, thing.chunk, &args->opts, &paths, &shared, err))
		return -1;
	none = !paths.count;
	if (view_path(session->current, session->symbols, &paths, all,
		      thing.name, out, err))
		return -1;
	if (!g->complete)
		(*out)->complete = false;
	if (*g->note)
		view_warn(*out, "%s", g->note);
	if (shared)
		view_warn(*out, "only memory that is shared with other "
				"processes leads to it: it may be the pointer "
				"of another one, or be written meanwhile");
	if (!none || !explain(session, &thing, args, g, *out, err))
		return 0;
	view_destroy(*out);
	*out = NULL;
	return -1;
}

static int path_run(struct session *session, const struct words *words,
		    struct view **out, struct error *err)
{
	struct path_args args = {.opts.classes = ROOTS_ALL};
	int ret;

	args.without = xcalloc(words->count, sizeof(*args.without));
	args.opts.without = args.without;
	ret = parse(session, words, &args, err)
		      ? -1
		      : answer(session, &args, out, err);
	free(args.without);
	return ret;
}

static size_t path_complete(struct session *session, const char *word,
			    const char **out, size_t cap)
{
	static const char *const flag[] = {"--all", "--exclude"};

	(void)session;
	return command_offer(word, flag, sizeof(flag) / sizeof(*flag), out, 0,
			     cap);
}

const struct command command_entry_path = {
	.name = "path",
	.args = "ADDR [--all N] [--exclude WHAT]...",
	.summary = "why a chunk is still there: a chain from a root to it",
	.help = "A shortest chain of pointers from a variable, thread-local\n"
		"storage, a stack or a register (in that order, where they "
		"are\n"
		"equally near) to the chunk that ADDR is in; a root's pointer\n"
		"into the middle of a chunk counts for two. NAME says where\n"
		"each pointer is, TO + where in the next one it points.\n"
		"  --all N         the N shortest ones that differ in the "
		"root\n"
		"                  or in a chunk\n"
		"  --exclude WHAT  who else holds it? Without a holder (an\n"
		"                  address or a variable), one word of it\n"
		"                  (ADDR+OFFSET), or a kind of root: global, "
		"tls,\n"
		"                  stack, register, other, shared. May be\n"
		"                  repeated.\n"
		"Memory shared with other processes is shown where nothing "
		"else\n"
		"leads to the chunk.\n"
		"If no root leads to it that is said, and how it seems to "
		"have\n"
		"been lost; so are words that prove little: left on a stack "
		"by\n"
		"calls that have returned, or naming the byte behind the end.\n"
		"\n"
		"  path 0x55d0c0a3f2a0\n"
		"  path #1 --exclude g_sessions --all 3\n",
	.need = NEED_HEAP,
	.run = path_run,
	.complete = path_complete,
};

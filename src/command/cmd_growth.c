/* What grows over all snapshots held. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/fmt.h"
#include "command/commands.h"
#include "command/session.h"
#include "command/session_typing.h"
#include "view/views.h"

struct growth_args {
	enum growth_by by;
	bool fail, forecast;
	uint64_t until;	  /* bytes */
	const char *addr; /* of a chunk whose group is asked for; or NULL */
};

static int take_until(struct growth_args *args, const char *text,
		      struct error *err)
{
	if (!text)
		return error_set(err, ERR_USAGE,
				 "--until takes a size, as in --until 4G");
	args->forecast = true;
	if (parse_size(text, &args->until, err))
		return error_wrap(err, "--until");
	return 0;
}

static int parse_growth(const struct words *words, struct growth_args *args,
			struct error *err)
{
	for (size_t i = 1; i < words->count; i++) {
		const char *word = words->word[i];

		if (!strcmp(word, "--by=size")) {
			args->by = GROWTH_BY_SIZE;
		} else if (!strcmp(word, "--by=content")) {
			args->by = GROWTH_BY_CONTENT;
		} else if (!strcmp(word, "--by=type")) {
			args->by = GROWTH_BY_TYPE;
		} else if (!strcmp(word, "--fail")) {
			args->fail = true;
		} else if (!strncmp(word, "--until=", 8)) {
			if (take_until(args, word + 8, err))
				return -1;
		} else if (!strcmp(word, "--until")) {
			if (take_until(args, words->word[++i], err))
				return -1;
		} else if (*word != '-' && !args->addr) {
			args->addr = word;
		} else {
			return error_set(err, ERR_USAGE,
					 "growth knows an address, --by=size, "
					 "--by=content, --by=type, --until "
					 "SIZE and --fail, not %s; it looks at "
					 "all snapshots held (drop forgets "
					 "one)",
					 word);
		}
	}
	return 0;
}

static int need_three(const struct session *session, struct error *err)
{
	if (session->snapshot_count >= GROWTH_MIN_SNAPSHOTS)
		return 0;
	return session_few(session, GROWTH_MIN_SNAPSHOTS,
			   "growth looks at three snapshots or more", err);
}

/* Over what is steady, and what grew in every round. */
static bool has_growth(const struct growth *growth)
{
	for (uint32_t i = 0; i < growth->count; i++)
		if (growth_is_steady(&growth->row[i]) ||
		    growth_never_stopped(&growth->row[i]))
			return true;
	return false;
}

static int make_view(struct session *session, const struct growth_args *args,
		     struct growth *growth, struct view **out,
		     struct error *err)
{
	const struct snapshot *const *snap =
		(const struct snapshot *const *)session->snapshot;
	uint32_t count = session->snapshot_count;
	struct growth_forecast forecast = {0};
	bool condition = args->fail && has_growth(growth);

	if (args->forecast)
		forecast = growth_forecast_of(growth, snap, count, args->until);
	if (view_growth(growth, snap, count, args->forecast ? &forecast : NULL,
			out, err))
		return -1;
	(*out)->condition = condition;
	return 0;
}

/* The chunks behind a row of the table. */
static int group_of(struct session *session, const char *word,
		    struct view **out, struct error *err)
{
	const struct snapshot *first = session->snapshot[0];
	struct chunk_list list = {
		.snap = session->snapshot[session->snapshot_count - 1],
		.symbols = session->symbols,
	};
	char set[120];
	uint64_t addr;
	uint32_t chunk;

	if (session_address(session, word, &addr, err))
		return -1;
	chunk = snapshot_find(list.snap, addr);
	if (chunk == CHUNK_NONE || list.snap->chunk[chunk].state != CHUNK_USED)
		return error_set(err, ERR_NOT_FOUND,
				 "0x%" PRIx64
				 " is in no used chunk of snapshot %s",
				 addr, list.snap->name);
	if (growth_like(first, list.snap, chunk, &list.index, &list.count, err))
		return -1;
	snprintf(set, sizeof(set),
		 "new since snapshot %s, class=%" PRIu64
		 ", beginning as 0x%" PRIx64,
		 first->name, snapshot_chunk_size(list.snap, chunk),
		 list.snap->chunk[chunk].addr);
	list.set = set;
	return view_chunks(&list, out, err);
}

/* The types of a snapshot: kept, or of its bytes (*made, the caller's). */
static int types_of(struct session *session, const struct snapshot *snap,
		    const struct typing **out, struct typing **made,
		    struct error *err)
{
	*out = session_earlier_types(session, snap);
	if (*out)
		return 0;
	if (snap == session->current)
		return session_typing(session, out, err);
	if (!snap->contents)
		return error_set(
			err, ERR_UNSUPPORTED,
			"the types of snapshot %s are not known: its "
			"bytes were not kept; with set types on before "
			"the first snapshot, types are",
			snap->name);
	if (typing_make(snap, session->symbols, made, err))
		return -1;
	*out = *made;
	return 0;
}

static int make_types(struct session *session, struct growth *growth,
		      struct error *err)
{
	uint32_t count = session->snapshot_count;
	const struct typing *type[SESSION_MAX_SNAPSHOTS] = {NULL};
	struct typing *made[SESSION_MAX_SNAPSHOTS] = {NULL};
	int ret = 0;

	for (uint32_t i = 0; i < count && !ret; i++)
		ret = types_of(session, session->snapshot[i], &type[i],
			       &made[i], err);
	if (!ret)
		ret = growth_make_types(
			(const struct snapshot *const *)session->snapshot,
			count, type, growth, err);
	for (uint32_t i = 0; i < count; i++)
		typing_destroy(made[i]);
	return ret;
}

static int growth_run(struct session *session, const struct words *words,
		      struct view **out, struct error *err)
{
	struct growth_args args = {.by = GROWTH_BY_ALL};
	struct growth growth;
	int ret;

	if (parse_growth(words, &args, err) ||
	    session_need_heap(session, err) || need_three(session, err))
		return -1;
	if (args.addr)
		return group_of(session, args.addr, out, err);
	if (args.by == GROWTH_BY_TYPE
		    ? make_types(session, &growth, err)
		    : growth_make(
			      (const struct snapshot *const *)session->snapshot,
			      session->snapshot_count, args.by,
			      session->symbols, &growth, err))
		return -1;
	if (args.by == GROWTH_BY_CONTENT && growth.without_content)
		ret = error_set(err, ERR_UNSUPPORTED,
				"the bytes of snapshot %s were not kept: "
				"growth can look at classes alone",
				growth.without_content->name);
	else
		ret = make_view(session, &args, &growth, out, err);
	growth_deinit(&growth);
	return ret;
}

static size_t growth_complete(struct session *session, const char *word,
			      const char **out, size_t cap)
{
	static const char *const flag[] = {"--by=content", "--by=size",
					   "--by=type", "--fail", "--until"};

	(void)session;
	return command_offer(word, flag, sizeof(flag) / sizeof(*flag), out, 0,
			     cap);
}

const struct command command_entry_growth = {
	.name = "growth",
	.args = "[ADDR] [--by=size|content|type] [--until SIZE] [--fail]",
	.summary = "what grows steadily over all snapshots held",
	.help = "Takes three snapshots or more, best with the same step\n"
		"between each two: a round. Lost or still held makes no\n"
		"difference. A ROUND is the median of the rounds, TOTAL is\n"
		"from the first snapshot to the last. STEADY is the share of\n"
		"rounds that added the median (or as much to a quarter),\n"
		"times the sum of all changes by the sum of their sizes: 1\n"
		"for the same each time, low for what grew once, for a cache\n"
		"that is filled and emptied. Steady is 0.80 and more.\n"
		"Within a class, groups that begin alike (one table of\n"
		"functions, one text) are looked at as well, and listed when\n"
		"they say more than their class.\n"
		"  --by=size     classes alone\n"
		"  --by=content  groups alone, steady or not\n"
		"  --by=type     what they are, as types has it, of each\n"
		"                class: after set types on, or of cores\n"
		"  --until SIZE  how many rounds, and how long, until so much\n"
		"                is resident, if it goes on like this\n"
		"  --fail        exit status 1 if something is steady, or\n"
		"                grew in every round\n"
		"With an address: of the group that the chunk there is in, "
		"the\n"
		"chunks that are new since the first snapshot.\n"
		"\n"
		"  growth\n"
		"  growth --until 4G\n"
		"  heapscope growth core.1 core.2 core.3\n",
	.run = growth_run,
	.complete = growth_complete,
};

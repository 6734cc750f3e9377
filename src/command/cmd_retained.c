/* What would be freed with a chunk, or with whoever holds it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fmt.h"
#include "command/commands.h"
#include "command/session_retained.h"
#include "command/session_typing.h"
#include "view/views.h"

enum { NO_OWNER = -1 };

struct retained_args {
	bool by_chunk, by_type, all;
	struct retained_opts opts;
	int64_t owner;	   /* --owner=N, or NO_OWNER */
	const char *place; /* ADDR, several, nobody, or NULL */
};

static int take_by(struct retained_args *args, const char *name,
		   struct error *err)
{
	static const char *const by[] = {
		[OWNER_BY_SYMBOL] = "symbol",
		[OWNER_BY_THREAD] = "thread",
		[OWNER_BY_MODULE] = "module",
		[OWNER_BY_KIND] = "kind",
	};

	args->by_chunk = !strcmp(name, "chunk");
	args->by_type = !strcmp(name, "type");
	if (args->by_chunk || args->by_type)
		return 0;
	for (size_t i = 0; i < sizeof(by) / sizeof(*by); i++)
		if (!strcmp(name, by[i])) {
			args->opts.by = (enum owner_by)i;
			return 0;
		}
	return error_set(err, ERR_USAGE,
			 "retained --by= knows chunk, type, symbol, thread, "
			 "module and kind, not \"%s\"",
			 name);
}

static int take_word(struct retained_args *args, const char *word,
		     struct error *err)
{
	uint64_t n;

	if (!strncmp(word, "--by=", 5))
		return take_by(args, word + 5, err);
	if (!strncmp(word, "--owner=", 8)) {
		if (parse_u64(word + 8, &n, err))
			return -1;
		args->owner = n < UINT32_MAX ? (int64_t)n : UINT32_MAX;
		return 0;
	}
	if (!strcmp(word, "--all")) {
		args->all = true;
		return 0;
	}
	if (!strcmp(word, "--lasting") || !strcmp(word, "--strict")) {
		args->opts.lasting = word[2] == 'l';
		return 0;
	}
	if (!strcmp(word, "--nearest")) {
		args->opts.tree = RETAINED_NEAREST;
		return 0;
	}
	if (!strncmp(word, "--", 2) || args->place)
		return error_set(
			err, ERR_USAGE,
			"retained takes an address, several or nobody, --by=, "
			"--nearest, --strict and --all, not %s",
			word);
	args->place = word;
	return 0;
}

static bool is_nearest(const struct retained *r)
{
	return r->opts.tree == RETAINED_NEAREST;
}

static int list_chunks(struct session *session, const struct retained *r,
		       enum retained_which which, uint32_t holder,
		       const char *title, struct view **out, struct error *err)
{
	struct retained_chunk *row;
	uint32_t count;

	if (retained_chunks(r, which, holder, &row, &count, err))
		return -1;
	return view_retained(r, row, count, title, session->symbols, out, err);
}

/* Nobody reads a table in which each node of a list has a row: text shows what
 * no chunk dominates, from which Enter leads down. */
static int list_top(struct session *session, const struct retained *r, bool all,
		    struct view **out, struct error *err)
{
	const char *what = is_nearest(r) ? "lead to" : "retain";
	char title[120], below[FMT_MAX];
	uint64_t hidden = r->total.count - r->nobody_top.count;

	snprintf(title, sizeof(title), "what chunks %s", what);
	if (all || session->opts.format != RENDER_TEXT)
		return list_chunks(session, r, RETAINED_ALL, 0, title, out,
				   err);
	for (uint32_t i = 0; i < r->chunks; i++)
		hidden -= r->holder[i] >= r->chunks &&
			  r->holder[i] != RETAINED_NONE &&
			  r->holder[i] != RETAINED_NOBODY;
	snprintf(title, sizeof(title),
		 "what chunks %s (%s below others: --all)", what,
		 fmt_count(below, sizeof(below), hidden));
	return list_chunks(session, r, RETAINED_TOP, 0, title, out, err);
}

static int list_owners(struct session *session, const struct retained *r,
		       struct view **out, struct error *err)
{
	struct retained_opts other = r->opts;
	const struct retained *nearest;
	struct retained_owner *row;
	uint32_t count;

	other.tree = RETAINED_NEAREST;
	if (session_retained(session, &other, &nearest, err) ||
	    retained_owners(r, nearest, &row, &count, err))
		return -1;
	return view_owners(r, row, count, session->symbols, out, err);
}

static int list_owner(struct session *session, const struct retained *r,
		      uint32_t owner, struct view **out, struct error *err)
{
	char title[160], name[120];

	owner_name(&r->owners.owner[owner], r->snap, session->symbols, name,
		   sizeof(name));
	snprintf(title, sizeof(title),
		 is_nearest(r) ? "what %s is the nearest root to"
			       : "what only %s reaches",
		 name);
	return list_chunks(session, r, RETAINED_OF, r->chunks + owner, title,
			   out, err);
}

/* A chunk's address, or that of a variable, module or mapping. */
static int list_at(struct session *session, const struct retained *r,
		   const char *place, struct view **out, struct error *err)
{
	uint32_t chunk, owner;
	char title[120];
	uint64_t addr;

	if (session_address(session, place, &addr, err))
		return -1;
	chunk = snapshot_find(r->snap, addr);
	if (chunk != CHUNK_NONE && r->holder[chunk] == RETAINED_NONE)
		return error_set(err, ERR_NOT_FOUND,
				 "the chunk at 0x%" PRIx64 " is not used: it "
				 "retains nothing",
				 r->snap->chunk[chunk].addr);
	if (chunk != CHUNK_NONE) {
		snprintf(title, sizeof(title), "what chunk 0x%" PRIx64 " %s",
			 r->snap->chunk[chunk].addr,
			 is_nearest(r) ? "is right before on the shortest way"
				       : "dominates");
		return list_chunks(session, r, RETAINED_OF, chunk, title, out,
				   err);
	}
	owner = retained_owner_at(r, session->symbols, addr);
	if (owner != RETAINED_NONE)
		return list_owner(session, r, owner, out, err);
	return error_set(err, ERR_NOT_FOUND,
			 "0x%" PRIx64 " is in no chunk of snapshot %s, and "
			 "nothing there points at one",
			 addr, r->snap->name);
}

/* What several share is told by dominators alone, and in the table of owners
 * both trees stand side by side. */
static bool wants_dominators(const struct retained_args *args)
{
	if (args->place)
		return !strcmp(args->place, "several");
	return !args->by_chunk && args->owner == NO_OWNER;
}

static int list_types(struct session *session, const struct retained *r,
		      struct view **out, struct error *err)
{
	const struct typing *typing;

	if (session_typing(session, &typing, err))
		return -1;
	return view_retained_types(r, typing, session->symbols, out, err);
}

static int list(struct session *session, const struct retained *r,
		const struct retained_args *args, struct view **out,
		struct error *err)
{
	if (args->owner != NO_OWNER && args->owner >= r->owners.count)
		return error_set(err, ERR_NOT_FOUND,
				 "there is no such owner: their numbers are of "
				 "retained --by=");
	if (args->owner != NO_OWNER)
		return list_owner(session, r, (uint32_t)args->owner, out, err);
	if (args->place && !strcmp(args->place, "several"))
		return list_chunks(session, r, RETAINED_OF, RETAINED_SEVERAL,
				   "what several reach, none of them alone",
				   out, err);
	if (args->place && !strcmp(args->place, "nobody"))
		return list_chunks(session, r, RETAINED_OF, RETAINED_NOBODY,
				   "what no root leads to", out, err);
	if (args->place)
		return list_at(session, r, args->place, out, err);
	if (args->by_type)
		return list_types(session, r, out, err);
	if (args->by_chunk)
		return list_top(session, r, args->all, out, err);
	return list_owners(session, r, out, err);
}

static int retained_run(struct session *session, const struct words *words,
			struct view **out, struct error *err)
{
	struct retained_args args = {
		.by_chunk = true,
		.opts = {.by = OWNER_BY_SYMBOL, .lasting = true},
		.owner = NO_OWNER};
	const struct retained *r;

	for (size_t i = 1; i < words->count; i++)
		if (take_word(&args, words->word[i], err))
			return -1;
	if (wants_dominators(&args))
		args.opts.tree = RETAINED_DOMINATORS;
	if (session_retained(session, &args.opts, &r, err))
		return -1;
	return list(session, r, &args, out, err);
}

static size_t retained_complete(struct session *session, const char *word,
				const char **out, size_t cap)
{
	static const char *const flag[] = {
		"--by=chunk",  "--by=type", "--by=symbol", "--by=thread",
		"--by=module", "--by=kind", "--nearest",   "--strict",
		"--all",       "several",   "nobody"};

	(void)session;
	return command_offer(word, flag, sizeof(flag) / sizeof(*flag), out, 0,
			     cap);
}

const struct command command_entry_retained = {
	.name = "retained",
	.args = "[ADDR|several|nobody] "
		"[--by=chunk|type|symbol|thread|module|kind] [--nearest] "
		"[--strict] [--all]",
	.summary = "what would be freed with a chunk, variable or thread",
	.help = "A chunk retains what is reached through it alone: itself and\n"
		"what it dominates. A variable, a thread (its stack, "
		"registers\n"
		"and thread-local storage), a module retains what only it\n"
		"reaches.\n"
		"  --by=chunk    the default: chunks that no other chunk "
		"holds\n"
		"                alone; --all, --json and --csv have all used\n"
		"                ones, then rows overlap\n"
		"  --by=type     what they are (help types): a chunk counts "
		"once\n"
		"                for each type that is above it, rows overlap\n"
		"  --by=symbol   variables; without symbols the words of "
		"static\n"
		"                data; stack, registers and thread-local "
		"storage\n"
		"                of each thread; other mappings\n"
		"  --by=thread, --by=module, --by=kind  the same, coarser\n"
		"RETAINED: what only it reaches. What several reach is shared\n"
		"by several, what no root leads to is nobody's. NEAREST: each\n"
		"chunk counts for the one root with the fewest pointers to "
		"it,\n"
		"so what is shared has a place, too; it is never less than\n"
		"RETAINED. Either column adds up to all used bytes.\n"
		"  --nearest     chunks in the tree of these shortest ways, "
		"not\n"
		"                in that of dominators\n"
		"  --strict      stacks and registers count as much as "
		"others.\n"
		"                Else other mappings own only what static "
		"data\n"
		"                and thread-local storage do not lead to, and\n"
		"                stacks, registers and threads as a whole "
		"what\n"
		"                neither does: a function that works on a "
		"table\n"
		"                does not take it from its variable. Memory\n"
		"                shared with other processes owns only what\n"
		"                nothing else leads to, in any case\n"
		"Any word that could be a pointer counts as one: a stale one\n"
		"makes shared what is not.\n"
		"\n"
		"  retained --by=symbol\n"
		"  retained 0x55d0c0a3f2a0     what this chunk holds alone\n"
		"  retained sessions           what this variable holds alone\n"
		"  retained --nearest sessions what is nearest to it\n"
		"  retained several            what several hold\n"
		"\n"
		"Then: path ADDR, refs ADDR, suspects.\n",
	.need = NEED_HEAP,
	.run = retained_run,
	.complete = retained_complete,
};

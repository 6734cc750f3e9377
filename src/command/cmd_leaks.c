/* What nothing holds: leaks. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "command/commands.h"
#include "command/session.h"
#include "command/session_leaks.h"
#include "command/session_typing.h"
#include "snapshot/place.h"
#include "snapshot/roots.h"
#include "view/views.h"

struct leaks_args {
	struct reach_opts opts;
	unsigned kinds;	 /* a bit each */
	bool fail, said; /* said: how to look for them */
	bool by_type;
	const char *addr;  /* or NULL */
	const char *since; /* a snapshot's name, or NULL */
};

static const char *kind_name(unsigned i)
{
	return leak_kind_name((enum leak_kind)i);
}

static const char *class_name(unsigned i)
{
	return root_class_name((enum root_class)i);
}

static int no_such(const char *text, size_t len, const char *(*name)(unsigned),
		   unsigned names, struct error *err)
{
	char list[128] = "";

	for (unsigned i = 0, at = 0; i < names && at < sizeof list; i++)
		at += (unsigned)snprintf(list + at, sizeof list - at, "%s%s",
					 i ? "," : "", name(i));
	return error_set(err, ERR_USAGE, "there is no \"%.*s\" in %s", (int)len,
			 text, list);
}

/* "a,b" as bits, by the names of so many. */
static int parse_list(const char *text, const char *(*name)(unsigned),
		      unsigned names, unsigned *bits, struct error *err)
{
	*bits = 0;
	for (;;) {
		size_t len = strcspn(text, ",");
		unsigned i = 0;

		while (i < names &&
		       (strncmp(name(i), text, len) != 0 || name(i)[len]))
			i++;
		if (i == names)
			return no_such(text, len, name, names, err);
		*bits |= 1u << i;
		if (!text[len])
			return 0;
		text += len + 1;
	}
}

static int parse_interior(const char *text, enum interior *out,
			  struct error *err)
{
	static const char *const name[] = {
		[INTERIOR_YES] = "yes",
		[INTERIOR_VALGRIND] = "valgrind",
		[INTERIOR_NO] = "no",
	};

	for (unsigned i = 0; i < sizeof(name) / sizeof(*name); i++)
		if (!strcmp(text, name[i])) {
			*out = (enum interior)i;
			return 0;
		}
	return error_set(err, ERR_USAGE, "yes, valgrind or no, not \"%s\"",
			 text);
}

/* What follows "name" in word, or NULL. */
static const char *value_of(const char *word, const char *name)
{
	size_t len = strlen(name);

	return strncmp(word, name, len) ? NULL : word + len;
}

static int take_flag(struct leaks_args *args, const char *word,
		     struct error *err)
{
	const char *value;
	int ret;

	if (!strcmp(word, "--fail")) {
		args->fail = true;
		return 0;
	}
	if (!strcmp(word, "--by=type")) {
		args->by_type = true;
		return 0;
	}
	if ((value = value_of(word, "--kinds=")))
		ret = parse_list(value, kind_name, LEAK_KINDS, &args->kinds,
				 err);
	else if ((value = value_of(word, "--roots=")))
		ret = parse_list(value, class_name, ROOT_CLASSES,
				 &args->opts.classes, err);
	else if ((value = value_of(word, "--interior=")))
		ret = parse_interior(value, &args->opts.interior, err);
	else
		return error_set(err, ERR_USAGE,
				 "leaks knows --kinds=, --roots=, --interior=, "
				 "--by=type, --since and --fail, not %s",
				 word);
	args->said |= strncmp(word, "--kinds=", 8) != 0;
	return ret ? error_wrap(err, "%s", word) : 0;
}

static int parse_leaks(const struct session *session, const struct words *words,
		       struct leaks_args *args, struct error *err)
{
	args->kinds = 1u << LEAK_DEFINITE | 1u << LEAK_POSSIBLE;
	if (session->opts.format != RENDER_TEXT)
		args->kinds = (1u << LEAK_KINDS) - 1;
	for (size_t i = 1; i < words->count; i++) {
		const char *word = words->word[i];

		if (!strncmp(word, "--since=", 8)) {
			args->since = word + 8;
		} else if (!strcmp(word, "--since") && i + 1 < words->count) {
			args->since = words->word[++i];
		} else if (!strncmp(word, "--", 2)) {
			if (take_flag(args, word, err))
				return -1;
		} else if (args->addr) {
			return error_set(err, ERR_USAGE,
					 "leaks takes one address, or none");
		} else {
			args->addr = word;
		}
	}
	return 0;
}

/* The blocks of one row, one by one. */
static int leaks_of(struct session *session, const struct leaks_args *args,
		    struct view **out, struct error *err)
{
	struct leaks *leaks = session->leaks;
	struct chunk_list list = {
		.snap = leaks->snap,
		.leaks = leaks,
		.symbols = session->symbols,
	};
	char set[100];
	uint64_t addr;
	uint32_t i;

	if (session_address(session, args->addr, &addr, err))
		return -1;
	i = snapshot_find(leaks->snap, addr);
	if (i == CHUNK_NONE)
		return error_set(err, ERR_NOT_FOUND,
				 "0x%" PRIx64 " is in no chunk of snapshot %s",
				 addr, leaks->snap->name);
	if (!leaks->kind[i])
		return error_set(
			err, ERR_NOT_FOUND,
			"the chunk at 0x%" PRIx64 " is %s: leaks are chunks "
			"in use",
			leaks->snap->chunk[i].addr,
			chunk_state_name(
				(enum chunk_state)leaks->snap->chunk[i].state));
	if (leak_group_of(leaks, i, &list.index, &list.count, err))
		return -1;
	snprintf(set, sizeof(set), "like 0x%" PRIx64 " (%s)",
		 leaks->snap->chunk[i].addr,
		 leak_kind_name((enum leak_kind)(leaks->kind[i] - 1)));
	list.set = set;
	if (view_chunks(&list, out, err))
		return -1;
	view_of_leaks(*out, leaks);
	return 0;
}

/* From the one named up to the one before the current. */
static int find_past(struct session *session, const char *since,
		     struct leak_past *past, struct error *err)
{
	uint32_t at = 0, first = UINT32_MAX;

	*past = (struct leak_past){0};
	if (!since)
		return 0;
	for (; session->snapshot[at] != session->current; at++)
		if (!strcmp(session->snapshot[at]->name, since))
			first = at;
	if (first != UINT32_MAX) {
		past->snap = (const struct snapshot *const *)session->snapshot +
			     first;
		past->count = at - first;
		return 0;
	}
	if (session->snapshot_count < 2)
		return session_few(session, 2,
				   "--since compares with an earlier snapshot",
				   err);
	return error_set(err, ERR_USAGE,
			 session_find_snapshot(session, since)
				 ? "snapshot \"%s\" is not earlier than %s"
				 : "there is no snapshot \"%s\"; the current "
				   "one is %s",
			 since, session->current->name);
}

static int leaks_run(struct session *session, const struct words *words,
		     struct view **out, struct error *err)
{
	const struct leaks *known = session->leaks;
	struct leaks_args args = {0};
	const struct typing *types = NULL;
	struct leak_groups groups;
	struct leak_past past;

	if (parse_leaks(session, words, &args, err) ||
	    find_past(session, args.since, &past, err))
		return -1;
	/* A row of the last answer. */
	if (args.addr && !args.said && known && known->snap == session->current)
		args.opts = known->opts;
	if (session_leaks(session, &args.opts, err))
		return -1;
	if (args.addr)
		return leaks_of(session, &args, out, err);
	if ((args.by_type && session_typing(session, &types, err)) ||
	    leak_groups_make(session->leaks, args.kinds, &past, types, &groups,
			     err) ||
	    view_leaks(session->leaks, &groups, args.kinds, &past, types,
		       session->symbols, out, err))
		return -1;
	(*out)->condition =
		args.fail && session->leaks->sum[LEAK_DEFINITE].count;
	return 0;
}

static size_t leaks_complete(struct session *session, const char *word,
			     const char **out, size_t cap)
{
	static const char *const flag[] = {
		"--by=type",	  "--fail",
		"--interior=no",  "--interior=valgrind",
		"--interior=yes", "--kinds=",
		"--roots=",
	};

	(void)session;
	return command_offer(word, flag, sizeof(flag) / sizeof(*flag), out, 0,
			     cap);
}

const struct command command_entry_leaks = {
	.name = "leaks",
	.args = "[--kinds=LIST] [--interior=HOW] [--roots=LIST] [--by=type] "
		"[--since A] [--fail] [ADDR]",
	.summary = "used chunks that nothing holds, by who leads them",
	.help = "definite: nothing points at it. indirect: only what is lost\n"
		"points at it; it is counted with its leader (of a ring, the\n"
		"lowest). possible: held, if at all, by a word that may be no\n"
		"pointer; HELD BY says what. reachable: a chain of pointers\n"
		"leads to it from a register, stack, global or thread-local\n"
		"variable, or other memory of the program. Equal ones (kind,\n"
		"size, first word) are one row; with ADDR: the chunks of the\n"
		"row that it is in, and all that they lead.\n"
		"  --kinds=definite,indirect,possible,reachable\n"
		"                the rows: definite,possible; JSON and CSV: "
		"all\n"
		"  --interior=yes\n"
		"                a word that points anywhere into a block "
		"holds it\n"
		"  --interior=valgrind\n"
		"                its start, or what memcheck's heuristics take "
		"for\n"
		"                it; else possible. No other doubt is looked "
		"for\n"
		"  --interior=no only the start\n"
		"  --roots=register,stack,global,tls,other,shared\n"
		"                only these lead in; without shared, what "
		"only\n"
		"                memory shared with other processes holds is\n"
		"                possible\n"
		"  --by=type     equal ones are those of one kind and type "
		"(help\n"
		"                types)\n"
		"  --since A     what snapshot A had not is new; GROWING: some "
		"of it\n"
		"                was met in more than one of the snapshots "
		"since,\n"
		"                ONE-OFF: in one alone\n"
		"  --fail        exit status 1 if there are definite leaks\n"
		"HELD BY: past end, right behind it; unaligned, across two\n"
		"words; tagged, with bits that no address has; mangled, as\n"
		"setjmp and malloc's lists do; shared, in memory that other\n"
		"processes have too, read when it is asked for; kernel, data\n"
		"of epoll's or a timer's; stale, below the live stack;\n"
		"freed, memory that was freed; interior, by\n"
		"Valgrind's rules. Not recognised: pointers kept as the\n"
		"exclusive or or the difference of two, encrypted, as an\n"
		"offset in fewer bytes, or by the kernel alone (io_uring,\n"
		"what is in a pipe).\n"
		"\n"
		"  leaks\n"
		"  leaks --kinds=definite --fail\n"
		"  leaks --interior=valgrind\n"
		"  leaks --since 1\n"
		"\n"
		"Then: chunks leaked, sizes leaked, chunks leak=possible.\n",
	.need = NEED_HEAP,
	.run = leaks_run,
	.complete = leaks_complete,
};

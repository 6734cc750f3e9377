#include <string.h>

#include "command/commands.h"
#include "command/session_graph.h"
#include "view/views.h"

static int one_snapshot(const struct session *session, struct view **out,
			struct error *err)
{
	const struct snapshot *snap = session->current;

	if (view_snapshots(&snap, 1, snap, session_graph_bytes(session, snap),
			   out, err))
		return -1;
	view_of_snapshot(*out, snap);
	return 0;
}

static int snapshot_run(struct session *session, const struct words *words,
			struct view **out, struct error *err)
{
	if (words->count > 2)
		return error_set(err, ERR_USAGE, "snapshot takes one NAME");
	if (session_snapshot(session, words->word[1], err) ||
	    one_snapshot(session, out, err))
		return -1;
	session_pause_warning(session, *out);
	if (session->no_heap[0])
		view_warn(*out, "%s", session->no_heap);
	return 0;
}

const struct command command_entry_snapshot = {
	.name = "snapshot",
	.alias = "snap",
	.args = "[NAME]",
	.summary = "take one: counts, bytes, how long the process stood",
	.help = "Stops the process while its memory is read, and lets it go\n"
		"on. All other commands speak of the last snapshot taken (or\n"
		"the one chosen with use). Without a NAME it is numbered. The\n"
		"bytes are kept for the newest one alone, the table of chunks\n"
		"for all.\n"
		"\n"
		"  snapshot before\n"
		"  shell ./step\n"
		"  snapshot after\n"
		"  diff\n",
	.need = NEED_LIVE,
	.run = snapshot_run,
};

static int snapshots_run(struct session *session, const struct words *words,
			 struct view **out, struct error *err)
{
	if (words->count > 1)
		return error_set(err, ERR_USAGE, "snapshots takes no argument");
	return view_snapshots((const struct snapshot *const *)session->snapshot,
			      session->snapshot_count, session->current,
			      session_graph_bytes(session, session->current),
			      out, err);
}

const struct command command_entry_snapshots = {
	.name = "snapshots",
	.args = "",
	.summary = "those held, and what they take of our memory",
	.help = "TABLES is the list of chunks (16 bytes each, and 12 more in\n"
		"older ones for what is remembered of their bytes), and of\n"
		"the current one who points at whom, once that was asked;\n"
		"CONTENTS the bytes of the process, kept for the newest one\n"
		"within a budget (show contents).\n",
	.run = snapshots_run,
};

static size_t complete_names(struct session *session, const char *word,
			     const char **out, size_t cap)
{
	size_t n = 0;

	for (uint32_t i = 0; i < session->snapshot_count && n < cap; i++)
		if (!strncmp(session->snapshot[i]->name, word, strlen(word)))
			out[n++] = session->snapshot[i]->name;
	return n;
}

static int drop_run(struct session *session, const struct words *words,
		    struct view **out, struct error *err)
{
	if (words->count < 2)
		return error_set(err, ERR_USAGE,
				 "drop takes the NAME of a "
				 "snapshot; snapshots lists "
				 "them");
	for (size_t i = 1; i < words->count; i++)
		if (session_drop(session, words->word[i], err))
			return -1;
	return view_text("", "", out, err);
}

const struct command command_entry_drop = {
	.name = "drop",
	.args = "NAME...",
	.summary = "forget a snapshot",
	.help = "Gives its memory back. If it was the current one, the newest\n"
		"of the others becomes current.\n"
		"\n"
		"  drop before\n",
	.run = drop_run,
	.complete = complete_names,
};

static int use_run(struct session *session, const struct words *words,
		   struct view **out, struct error *err)
{
	struct snapshot *snap;

	if (words->count != 2)
		return error_set(err, ERR_USAGE,
				 "use takes the NAME of a "
				 "snapshot; snapshots lists "
				 "them");
	snap = session_find_snapshot(session, words->word[1]);
	if (!snap)
		return error_set(err, ERR_NOT_FOUND,
				 "there is no snapshot \"%s\"; snapshots lists "
				 "them",
				 words->word[1]);
	session_use(session, snap);
	return one_snapshot(session, out, err);
}

const struct command command_entry_use = {
	.name = "use",
	.args = "NAME",
	.summary = "make a snapshot the current one",
	.help = "heap, sizes, chunks and so on speak of it from now on, and\n"
		"diff compares it with the one before it. Its bytes may be "
		"gone\n"
		"(snapshots shows it); then memory is read as it is now, and "
		"x\n"
		"says so.\n"
		"\n"
		"  use before\n",
	.run = use_run,
	.complete = complete_names,
};

static int detach_run(struct session *session, const struct words *words,
		      struct view **out, struct error *err)
{
	(void)words;
	session_detach(session);
	return view_text("", "", out, err);
}

const struct command command_entry_detach = {
	.name = "detach",
	.args = "",
	.summary = "let the process go for good; keep the snapshots",
	.help = "The process runs between snapshots anyway: this gives up all\n"
		"that is held of it. The snapshots can still be looked at, "
		"but\n"
		"addresses have no names any more.\n",
	.need = NEED_TARGET,
	.run = detach_run,
};

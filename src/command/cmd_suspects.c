#include "command/commands.h"
#include "command/session_retained.h"
#include "view/views.h"

static int suspects_run(struct session *session, const struct words *words,
			struct view **out, struct error *err)
{
	struct retained_opts opts = {.by = OWNER_BY_SYMBOL, .lasting = true};
	const struct diff *diff = NULL;
	const struct retained *r, *nearest;
	struct suspects suspects;

	if (words->count > 1)
		return error_set(err, ERR_USAGE, "suspects takes no words");
	/* The diff that was asked for last, if it leads to this snapshot. */
	if (session->snapshot_count >= 2 &&
	    (!session->diff || session->diff->after != session->current) &&
	    session->current != session->snapshot[0] &&
	    session_diff(session, NULL, NULL, err))
		return -1;
	if (session->diff && session->diff->after == session->current)
		diff = session->diff;
	if (session_retained(session, &opts, &r, err))
		return -1;
	opts.tree = RETAINED_NEAREST;
	if (session_retained(session, &opts, &nearest, err) ||
	    suspects_make(r, nearest, diff, session->symbols, &suspects, err))
		return -1;
	return view_suspects(r, &suspects, diff != NULL, session->symbols, out,
			     err);
}

const struct command command_entry_suspects = {
	.name = "suspects",
	.args = "",
	.summary = "who holds so much that it deserves a look, in sentences",
	.help = "A variable, thread or mapping that alone holds 10% of all "
		"used\n"
		"bytes or more: where it gathers (the way down by dominators,\n"
		"as long as one chunk has 80% of what is above it), what kind\n"
		"of thing that is, which class has most of the bytes there "
		"and\n"
		"what most of these begin with. Of what several hold: the\n"
		"chunks through which the shortest ways lead to 10% or more,\n"
		"and how much of that they retain alone; or, if there are\n"
		"none, a class with 10% and 64 chunks or more. What no root\n"
		"leads to, from 1% on. With two snapshots: how much of each "
		"is\n"
		"new. Stacks and registers own only what nothing else leads\n"
		"to, as in retained.\n"
		"\n"
		"  suspects\n"
		"\n"
		"Then: retained ADDR, retained --nearest ADDR, path ADDR,\n"
		"near CLASS, leaks.\n",
	.need = NEED_HEAP,
	.run = suspects_run,
};

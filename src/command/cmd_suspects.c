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
	.help = "A variable, thread or mapping that alone holds 10% of all\n"
		"used bytes or more: where it gathers (the way down by\n"
		"dominators, as long as one chunk has 80% of what is above\n"
		"it), what kind of thing that is, which class has most of the\n"
		"bytes there and what most of these begin with. Of what\n"
		"several hold: the chunks through which the shortest ways\n"
		"lead to 10% or more, and how much of that they retain alone;\n"
		"or, if there are none, a class with 10% and 64 chunks or\n"
		"more. What no root leads to, from 1% on. With two snapshots:\n"
		"how much of each is new, and where a quarter of all that is\n"
		"new gathers, however small. Stacks and registers own only\n"
		"what nothing else leads to, as in retained.\n"
		"\n"
		"  suspects\n"
		"\n"
		"Then: retained ADDR, retained --nearest ADDR, path ADDR,\n"
		"near CLASS, leaks.\n",
	.need = NEED_HEAP,
	.run = suspects_run,
};

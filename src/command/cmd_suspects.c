#include "command/commands.h"
#include "command/session_retained.h"
#include "view/views.h"

static int suspects_run(struct session *session, const struct words *words,
			struct view **out, struct error *err)
{
	struct retained_opts opts = {.by = OWNER_BY_SYMBOL, .lasting = true};
	const struct diff *diff = NULL;
	const struct retained *r;
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
	if (session_retained(session, &opts, &r, err) ||
	    suspects_make(r, diff, session->symbols, &suspects, err))
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
		"bytes or more, or a chunk that does and that several reach:\n"
		"where it gathers (the way down by dominators, as long as one\n"
		"chunk has 80% of what is above it), what kind of thing that\n"
		"is, which class has most of the bytes there and what most of\n"
		"these begin with. A class with 10% and 64 chunks or more in\n"
		"what several share. What no root leads to, from 1% on. With\n"
		"two snapshots: how much of each is new. Stacks and registers\n"
		"own only what nothing else leads to, as in retained.\n"
		"\n"
		"  suspects\n"
		"\n"
		"Then: retained ADDR, near CLASS, path ADDR, leaks.\n",
	.need = NEED_HEAP,
	.run = suspects_run,
};

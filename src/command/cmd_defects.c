#include "command/commands.h"
#include "command/session.h"
#include "view/views.h"

static int defects_run(struct session *session, const struct words *words,
		       struct view **out, struct error *err)
{
	uint64_t addr;

	if (words->count > 2)
		return error_set(err, ERR_USAGE,
				 "defects takes one address, or none");
	if (words->count == 1)
		return view_defects(session->current, session->symbols, out,
				    err);
	if (session_address(session, words->word[1], &addr, err))
		return -1;
	return view_defect(session->current, session->symbols, addr, out, err);
}

const struct command command_entry_defects = {
	.name = "defects",
	.args = "[ADDR]",
	.summary = "what is damaged in the heap, and who may have done it",
	.help = "One row for each place that malloc itself could not have "
		"left\n"
		"so: a size that cannot be, a list that leads astray, a count\n"
		"that lies. UNKNOWN is how much of the heap from there on is "
		"in\n"
		"no chunk that is known; everything else is as it is. With "
		"the\n"
		"address of one: what the word has and should have, what was\n"
		"written over it (text, a pointer and to what, a pattern), "
		"the\n"
		"blocks on both sides (the one before may have written past "
		"its\n"
		"end), and the bytes.\n"
		"\n"
		"  defects\n"
		"  defects 0x55d0c0a3f290\n",
	.need = NEED_HEAP,
	.run = defects_run,
};

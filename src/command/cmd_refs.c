/* Who points at something, and where it points: refs and points. */
#include <inttypes.h>
#include <stdio.h>

#include "analysis/names.h"
#include "command/commands.h"
#include "command/thing.h"
#include "view/views.h"

static int refs_run(struct session *session, const struct words *words,
		    struct view **out, struct error *err)
{
	struct holders holders;
	struct thing thing;
	int ret;

	if (thing_of_words(session, words, &thing, err) ||
	    holders_make(session->current, thing.low, thing.high, &holders,
			 err))
		return -1;
	ret = view_refs(session->current, session->symbols, &holders, thing.low,
			thing.name, out, err);
	holders_deinit(&holders);
	return ret;
}

const struct command command_entry_refs = {
	.name = "refs",
	.args = "ADDR",
	.summary = "who points at a chunk, or at a variable",
	.help = "ADDR may be any address in a chunk: all pointers into it are\n"
		"listed. Outside of the heap it means the variable there, or\n"
		"just that word. Looked at is every word that could hold a\n"
		"pointer: used chunks, variables, stacks of running calls,\n"
		"thread-local storage, registers, memory shared with other\n"
		"processes as it is now. A number that happens to "
		"look\n"
		"like an address is listed too. TO + is where in the block "
		"the\n"
		"pointer goes. Words that calls which have returned left on "
		"a\n"
		"stack, or that name the byte behind the block, are counted\n"
		"apart.\n"
		"\n"
		"  refs 0x55d0c0a3f2a0\n"
		"  refs main_arena\n",
	.need = NEED_HEAP,
	.run = refs_run,
};

static int points_run(struct session *session, const struct words *words,
		      struct view **out, struct error *err)
{
	struct thing thing;

	if (thing_of_words(session, words, &thing, err))
		return -1;
	return view_points(session->current, session->symbols, thing.low,
			   thing.high, thing.name, out, err);
}

const struct command command_entry_points = {
	.name = "points",
	.args = "ADDR",
	.summary = "where the words of a chunk, or of a variable, point",
	.help = "Each word that is the address of something mapped: chunks,\n"
		"functions, variables, stacks, with the offset of the word "
		"and\n"
		"what is there. A number that happens to look like an address\n"
		"is listed too. ADDR is as for refs.\n"
		"\n"
		"  points 0x55d0c0a3f2a0\n",
	.need = NEED_HEAP,
	.run = points_run,
};

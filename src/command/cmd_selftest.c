#include <string.h>

#include "command/commands.h"
#include "command/selftest.h"

static int find_lie(const char *word, const char **lie, struct error *err)
{
	for (unsigned i = 0; (*lie = selftest_lie(i)); i++)
		if (!strcmp(*lie, word))
			return 0;
	return error_set(err, ERR_USAGE,
			 "selftest --lie takes size, state, extra, missing, "
			 "content, pointer, arena, thread, stack, totals, "
			 "growth, shrink, version, pulse, cut or exit, not %s",
			 word);
}

static int selftest_words(struct session *session, const struct words *words,
			  struct view **out, struct error *err)
{
	const char *lie = "";

	if (words->count == 3 && !strcmp(words->word[1], "--lie")) {
		if (find_lie(words->word[2], &lie, err))
			return -1;
	} else if (words->count != 1) {
		return error_set(err, ERR_USAGE,
				 "selftest takes nothing, or --lie WHAT");
	}
	return selftest_run(session, lie, out, err);
}

const struct command command_entry_selftest = {
	.name = "selftest",
	.args = "[--lie WHAT]",
	.summary = "prove heapscope on this machine's own libc, on a child",
	.help = "What to run first on a new machine. heapscope starts a child\n"
		"of its own (itself; no compiler or file is needed) that\n"
		"allocates blocks of every kind in several threads, keeps a\n"
		"ledger of them, and tells it. Then it looks into the child\n"
		"as into any process, and compares: every block with its\n"
		"size, state and bytes, pointers, arenas, stacks, the totals\n"
		"of the child's own mallinfo2, what grew between two\n"
		"snapshots, and that the child was not harmed. One line a\n"
		"claim, with the number found and the number told.\n"
		"\n"
		"A claim that fails ends with status 70: do not trust the\n"
		"numbers on this machine, and report it. Where nothing may\n"
		"be traced it says which rule forbids it (status 3).\n"
		"\n"
		"--lie has the child tell one thing wrongly, to show that a\n"
		"wrong number is found: size, state, extra, missing, content,\n"
		"pointer, arena, thread, stack, totals, growth, shrink,\n"
		"version, pulse, cut, exit.\n"
		"\n"
		"  heapscope selftest\n"
		"  heapscope selftest --lie size\n",
	.run = selftest_words,
};

#include <stdio.h>

#include "base/fmt.h"
#include "command/commands.h"
#include "command/frames.h"
#include "command/session.h"
#include "view/views.h"

static int threads_run(struct session *session, const struct words *words,
		       struct view **out, struct error *err)
{
	if (words->count > 1)
		return error_set(err, ERR_USAGE, "threads takes no argument");
	if (view_threads(session->current, session->symbols, out, err))
		return -1;
	view_of_symbols(*out, session->symbols);
	return 0;
}

const struct command command_entry_threads = {
	.name = "threads",
	.args = "",
	.summary = "the threads: state, arena, tcache, where they are",
	.help = "As they were in the current snapshot. CACHED and BYTES are\n"
		"free chunks that the thread keeps for itself; STACK is the\n"
		"part of its stack in use. A task that shares another "
		"thread's\n"
		"thread-local storage (a worker of the kernel's for io_uring)\n"
		"has neither an arena nor a tcache.\n"
		"\n"
		"  threads\n",
	.need = NEED_SNAPSHOT,
	.run = threads_run,
};

static int bt_run(struct session *session, const struct words *words,
		  struct view **out, struct error *err)
{
	struct frame_source source = session_frames(session);
	const char *first = words->count > 1 ? words->word[1] : "";
	bool full = !strcmp(first, "full") || !strcmp(first, "-full");
	int at = 1 + full;
	uint64_t tid = 0;

	if ((int)words->count > at + 1)
		return error_set(err, ERR_USAGE, "bt takes one thread number");
	if ((int)words->count > at && parse_u64(words->word[at], &tid, err))
		return error_wrap(err, "bt takes a thread number");
	if (tid > INT32_MAX)
		return error_set(err, ERR_NOT_FOUND, "there is no thread %s",
				 words->word[at]);
	if ((full ? view_full : view_stacks)(session->current, &source,
					     (pid_t)tid, out, err))
		return -1;
	view_of_symbols(*out, session->symbols);
	if (tid) {
		session->tid = (pid_t)tid;
		session->frame = 0;
	}
	return 0;
}

const struct command command_entry_bt = {
	.name = "bt",
	.alias = "backtrace|where",
	.args = "[full] [TID]",
	.summary = "the call stack of a thread, or of every thread",
	.help = "As it was in the current snapshot, innermost frame first,\n"
		"with source lines where debug information is at hand. An\n"
		"inlined function has a row and a number of its own, above "
		"the\n"
		"function whose part of the stack it shares; one that ended "
		"in a\n"
		"tail call is below what it led to, if its caller's debug\n"
		"information leaves no doubt. Arguments stand at the end, "
		"n=n@entry=3\n"
		"where one still is what was given, n=4, n@entry=3 where it is "
		"not;\n"
		"frame N and locals show more. With a TID, that thread becomes "
		"the\n"
		"current one: $rsp and the other registers are its.\n"
		"\n"
		"bt full shows the variables of every function, too.\n"
		"\n"
		"  bt\n"
		"  bt 4711\n"
		"  bt full 4711\n"
		"  x/32gx $rsp\n",
	.need = NEED_SNAPSHOT,
	.run = bt_run,
};

static int maps_run(struct session *session, const struct words *words,
		    struct view **out, struct error *err)
{
	const struct snapshot *snap = session->current;

	if (words->count > 1)
		return error_set(err, ERR_USAGE, "maps takes no argument");
	if (snap)
		return view_maps(&snap->maps, snap, out, err);
	if (!session->target)
		return error_set(err, ERR_USAGE, "there is no process");
	if (target_refresh(session->target, err))
		return -1;
	return view_maps(&session->target->maps, NULL, out, err);
}

const struct command command_entry_maps = {
	.name = "maps",
	.args = "",
	.summary = "the mappings, and which are heaps and stacks",
	.help = "As they were in the current snapshot (without one: as they\n"
		"are now, and nothing is stopped). Memory without a file is\n"
		"named by its use: heap of an arena, stack of a thread, a "
		"block\n"
		"that malloc mapped.\n"
		"\n"
		"  maps\n",
	.need = NEED_TARGET,
	.run = maps_run,
};

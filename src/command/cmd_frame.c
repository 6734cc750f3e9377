/* One frame of a stack: frame, up, down, locals, args. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fmt.h"
#include "command/commands.h"
#include "command/frames.h"
#include "command/session.h"
#include "view/views.h"

/* What has changed since would be of another moment: memory that is not in the
 * snapshot is read only where nobody can have written. */
static bool read_then(void *ctx, uint64_t addr, void *buf, size_t len)
{
	struct session *session = ctx;
	const struct snapshot *snap = session->current;
	const struct map *map;
	struct error err;

	if (snap->memory && !target_read(snap->memory, addr, buf, len, &err))
		return true;
	map = maps_find(&snap->maps, addr);
	return session->target && map && !(map->prot & MAP_W) &&
	       map->end - addr >= len && !target_gone(session->target) &&
	       !target_read(session->target, addr, buf, len, &err);
}

struct frame_source session_frames(struct session *session)
{
	return (struct frame_source){session->symbols, read_then, session};
}

static const struct snapshot_thread *thread_of(struct session *session,
					       struct error *err)
{
	const struct snapshot_thread *t = session_thread(session, err);

	if (t && !t->frame_count) {
		error_set(err, ERR_NOT_FOUND, "thread %d has no stack",
			  (int)t->thread.tid);
		return NULL;
	}
	return t;
}

/* The number of its current frame. */
static uint32_t frame_of(struct session *session,
			 const struct snapshot_thread *t)
{
	return session->frame < frame_numbers(t, session->symbols)
		       ? session->frame
		       : 0;
}

static int show_frame(struct session *session, const struct snapshot_thread *t,
		      uint64_t number, struct view **out, struct error *err)
{
	struct frame_source source = session_frames(session);
	uint32_t count = frame_numbers(t, session->symbols);

	if (number >= count)
		return error_set(
			err, ERR_NOT_FOUND,
			"the stack of thread %d has frames 0 to %u; bt "
			"lists them",
			(int)t->thread.tid, count - 1);
	if (view_frame(session->current, &source, t, (uint32_t)number, out,
		       err))
		return -1;
	view_of_symbols(*out, session->symbols);
	session->frame = (uint32_t)number;
	return 0;
}

static int frame_run(struct session *session, const struct words *words,
		     struct view **out, struct error *err)
{
	const struct snapshot_thread *t = thread_of(session, err);
	uint64_t number;

	if (!t)
		return -1;
	number = frame_of(session, t);
	if (words->count > 2)
		return error_set(err, ERR_USAGE, "frame takes one number");
	if (words->count == 2 && parse_u64(words->word[1], &number, err))
		return error_wrap(err, "frame takes the number of a frame");
	return show_frame(session, t, number, out, err);
}

const struct command command_entry_frame = {
	.name = "frame",
	.args = "[N]",
	.summary = "choose a frame of the current thread's stack",
	.help = "The frame that bt numbers N becomes the current one, whose\n"
		"variables locals and args show and print knows, and whose\n"
		"registers $rsp and its kin are. A function that was inlined "
		"has\n"
		"a number of its own. bt TID chooses the thread; without it "
		"the\n"
		"first one is meant.\n"
		"\n"
		"  frame 3\n"
		"  locals\n",
	.need = NEED_SNAPSHOT,
	.run = frame_run,
};

/* How many frames; one when nothing is said. */
static int steps_of(const struct words *words, uint64_t *out, struct error *err)
{
	*out = 1;
	if (words->count > 2)
		return error_set(err, ERR_USAGE, "%s takes one number",
				 words->word[0]);
	if (words->count == 2 && parse_u64(words->word[1], out, err))
		return error_wrap(err, "%s takes a number of frames",
				  words->word[0]);
	return 0;
}

static int up_run(struct session *session, const struct words *words,
		  struct view **out, struct error *err)
{
	const struct snapshot_thread *t = thread_of(session, err);
	uint64_t from, steps, last;

	if (!t || steps_of(words, &steps, err))
		return -1;
	from = frame_of(session, t);
	last = frame_numbers(t, session->symbols) - 1;
	if (from == last)
		return error_set(err, ERR_NOT_FOUND,
				 "this is the outermost frame");
	if (steps > last - from)
		steps = last - from;
	return show_frame(session, t, from + steps, out, err);
}

const struct command command_entry_up = {
	.name = "up",
	.args = "[N]",
	.summary = "choose the frame that called, or N further out",
	.help = "As frame with a number that is 1, or N, higher.\n"
		"\n"
		"  up\n",
	.need = NEED_SNAPSHOT,
	.run = up_run,
};

static int down_run(struct session *session, const struct words *words,
		    struct view **out, struct error *err)
{
	const struct snapshot_thread *t = thread_of(session, err);
	uint64_t from, steps;

	if (!t || steps_of(words, &steps, err))
		return -1;
	from = frame_of(session, t);
	if (!from)
		return error_set(err, ERR_NOT_FOUND,
				 "this is the innermost frame");
	return show_frame(session, t, steps < from ? from - steps : 0, out,
			  err);
}

const struct command command_entry_down = {
	.name = "down",
	.args = "[N]",
	.summary = "choose the frame that was called, or N further in",
	.help = "As frame with a number that is 1, or N, lower.\n"
		"\n"
		"  down\n",
	.need = NEED_SNAPSHOT,
	.run = down_run,
};

static int vars_run(struct session *session, const struct words *words,
		    bool args, struct view **out, struct error *err)
{
	struct frame_source source = session_frames(session);
	const struct snapshot_thread *t = thread_of(session, err);

	if (!t)
		return -1;
	if (words->count > 1)
		return error_set(err, ERR_USAGE,
				 "%s takes no argument: frame chooses a frame, "
				 "bt TID a thread",
				 words->word[0]);
	if (view_vars(session->current, &source, t, frame_of(session, t), args,
		      out, err))
		return -1;
	view_of_symbols(*out, session->symbols);
	return 0;
}

static int locals_run(struct session *session, const struct words *words,
		      struct view **out, struct error *err)
{
	return vars_run(session, words, false, out, err);
}

const struct command command_entry_locals = {
	.name = "locals",
	.args = "",
	.summary = "the variables of the current frame's function",
	.help = "Those in scope where it stands, the innermost block first,\n"
		"with their values as they were in the current snapshot. One\n"
		"that is in no register and no memory there is <optimized "
		"out>.\n"
		"Debug information is needed.\n"
		"\n"
		"  frame 3\n"
		"  locals\n",
	.need = NEED_SNAPSHOT,
	.run = locals_run,
};

static int args_run(struct session *session, const struct words *words,
		    struct view **out, struct error *err)
{
	return vars_run(session, words, true, out, err);
}

const struct command command_entry_args = {
	.name = "args",
	.args = "",
	.summary = "the arguments of the current frame's function",
	.help = "The same as locals of its parameters: what they are now, not\n"
		"what they were when it was called.\n"
		"\n"
		"  args\n",
	.need = NEED_SNAPSHOT,
	.run = args_run,
};

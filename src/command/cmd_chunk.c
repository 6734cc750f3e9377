#include <inttypes.h>
#include <stdio.h>

#include "command/commands.h"
#include "command/session_typing.h"
#include "view/views.h"

/* Who points at chunk q->index. */
static int make_refs(struct chunk_question *q, struct refs *refs,
		     struct error *err)
{
	struct bitmap target;
	int ret;

	if (bitmap_init(&target, q->snap->chunk_count, "map of chunks", err))
		return -1;
	bitmap_set(&target, q->index);
	ret = refs_make(q->snap, &target, refs, err);
	bitmap_deinit(&target);
	if (!ret)
		q->refs = refs;
	return ret;
}

static int chunk_run(struct session *session, const struct words *words,
		     struct view **out, struct error *err)
{
	struct chunk_question q = {
		.snap = session->current,
		.symbols = session->symbols,
		.diff = session->diff,
		.why_no_refs = "the bytes of this snapshot are not kept (any "
			       "more)",
	};
	struct refs refs = {0};
	int ret;

	if (words->count != 2)
		return error_set(err, ERR_USAGE,
				 "chunk takes an address; help addresses says "
				 "how it is written");
	if (session_chunk(session, words->word[1], &q.index, err))
		return -1;
	/* What it is may be left out, ^C may not. */
	if (q.snap->contents && session_typing(session, &q.typing, err) &&
	    err->code == ERR_INTERRUPTED)
		return -1;
	if (q.snap->contents && make_refs(&q, &refs, err))
		return -1;
	ret = view_chunk(&q, out, err);
	refs_deinit(&refs);
	return ret;
}

const struct command command_entry_chunk = {
	.name = "chunk",
	.args = "ADDR",
	.summary = "one chunk: neighbours, pointers both ways, bytes",
	.help = "ADDR may be any address in it. Shown are its size, class,\n"
		"arena and state (of a cached one, in which thread's\n"
		"tcache); its type, if it is known (type ADDR says why), and\n"
		"its members by name; the chunks on both sides in memory;\n"
		"every word in it that points somewhere, with the offset;\n"
		"every place that points at it (chunk+offset, global, thread\n"
		"and frame, register); and its first bytes. Who holds a chunk "
		"is found\n"
		"by looking at every word that could hold a pointer, so a\n"
		"number that happens to look like its address is shown too.\n"
		"\n"
		"  chunk 0x55d0c0a3f2a0\n"
		"  chunk #3\n",
	.need = NEED_HEAP,
	.run = chunk_run,
};

/* The heap of the current snapshot: heap, sizes, chunks, count, verify. */
#include <stdio.h>
#include <string.h>

#include "base/fmt.h"
#include "command/commands.h"
#include "command/select.h"
#include "command/session_leaks.h"
#include "command/session_typing.h"
#include "view/views.h"

static int no_words(const struct words *words, struct error *err)
{
	if (words->count == 1)
		return 0;
	return error_set(err, ERR_USAGE, "%s takes no argument",
			 words->word[0]);
}

static int heap_run(struct session *session, const struct words *words,
		    struct view **out, struct error *err)
{
	if (no_words(words, err))
		return -1;
	return view_heap(session->current, session->snapshot[0], out, err);
}

const struct command command_entry_heap = {
	.name = "heap",
	.args = "",
	.summary = "totals, arena by arena, and what mallinfo2 would say",
	.help = "One row an arena and one for blocks that malloc mapped on\n"
		"their own. SYSTEM is what came from the kernel; USED what\n"
		"the program holds; FREE lies in bins, CACHED in the threads'\n"
		"tcaches, TOP is the free end. Bytes are chunk sizes, headers\n"
		"included, so that they tie with mallinfo2, which the last\n"
		"lines give field by field (mallinfo2 counts cached chunks as\n"
		"used). Much FREE beside little USED is fragmentation; SYSTEM\n"
		"that grows while USED does not is no leak.\n"
		"\n"
		"  heap\n"
		"  heapscope -p PID --json heap | jq .totals.used_bytes\n",
	.need = NEED_HEAP,
	.run = heap_run,
};

/* The first of the snapshots held: memory is kept since then. */
static int fragmentation_run(struct session *session, const struct words *words,
			     struct view **out, struct error *err)
{
	if (words->count == 2 && !strcmp(words->word[1], "--heaps"))
		return view_pins(session->current, session->symbols, out, err);
	if (words->count > 1)
		return error_set(err, ERR_USAGE,
				 "fragmentation knows --heaps, not %s",
				 words->word[1]);
	return view_fragmentation(session->current, session->snapshot[0], out,
				  err);
}

static size_t fragmentation_complete(struct session *session, const char *word,
				     const char **out, size_t cap)
{
	static const char *const flag[] = {"--heaps"};

	(void)session;
	return command_offer(word, flag, 1, out, 0, cap);
}

const struct command command_entry_fragmentation = {
	.name = "fragmentation",
	.args = "[--heaps]",
	.summary = "what is free and not given back, and what pins it",
	.help = "One row an arena. TRIM is what malloc_trim(0) would return:\n"
		"the whole pages inside of free chunks, and in the main arena\n"
		"of the top. TOUCHED of these are in memory now: so much\n"
		"smaller would the process be. LAST CHUNK is what keeps the\n"
		"top from reaching further down, BEHIND what would join the\n"
		"top if it were freed (Enter shows it).\n"
		"  --heaps  one row a heap: arenas other than the main one\n"
		"           have several, and give them back from the "
		"youngest\n"
		"           on, each when nothing is left in it. LAST CHUNK "
		"is\n"
		"           what keeps it, AT END what is free behind that,\n"
		"           IF FREED what would be\n"
		"With an earlier snapshot (the first one held): RETENTION if\n"
		"the process has grown since by 1 MiB or more, free chunks on\n"
		"touched pages by half of that or more, and used ones by no\n"
		"more than a tenth.\n"
		"\n"
		"  fragmentation\n"
		"  fragmentation --heaps\n",
	.need = NEED_HEAP,
	.run = fragmentation_run,
	.complete = fragmentation_complete,
};

typedef int list_view(const struct chunk_list *, struct view **,
		      struct error *);

/*
 * The leaks among these, for scripts; people ask for them.  A list that could
 * be made is not withheld because there is no memory for more: "why".
 */
static int know_leaks(struct session *session, const struct snapshot *snap,
		      struct error *why, struct error *err)
{
	const struct leaks *known = session->leaks;
	const struct reach_opts usual = {0};

	why->code = ERR_NONE;
	if ((known && known->snap == snap) ||
	    session->opts.format == RENDER_TEXT || !snap->contents ||
	    snap != session->current || !session_leaks(session, &usual, why))
		return 0;
	if (why->code == ERR_NO_MEMORY)
		return 0;
	*err = *why;
	return -1;
}

/* The same of what they are. */
static int know_types(struct session *session, const struct snapshot *snap,
		      const struct typing **out, struct error *why,
		      struct error *err)
{
	why->code = ERR_NONE;
	*out = NULL;
	if (session->opts.format == RENDER_TEXT || !snap->contents ||
	    snap != session->current || !session_typing(session, out, why))
		return 0;
	if (why->code == ERR_NO_MEMORY)
		return 0;
	*err = *why;
	return -1;
}

static int list_run(struct session *session, const struct words *words,
		    list_view *view, struct view **out, struct error *err)
{
	struct selection s;
	struct chunk_list list;
	struct error why = {0}, why_types = {0};
	const struct typing *typing = NULL;
	int ret;

	if (selection_make(session, words->word + 1, words->count - 1, "used",
			   &s, err))
		return -1;
	if (view == view_chunks &&
	    (know_leaks(session, s.snap, &why, err) ||
	     know_types(session, s.snap, &typing, &why_types, err))) {
		selection_deinit(&s);
		return -1;
	}
	list = (struct chunk_list){
		.snap = s.snap,
		.index = selection_take(&s),
		.count = s.count,
		.set = set_text(s.set),
		.fresh = s.fresh,
		.typing = typing,
		.symbols = session->symbols,
		.by_type = set_needs_types(s.set),
	};
	if (session->leaks && session->leaks->snap == s.snap)
		list.leaks = session->leaks;
	ret = view(&list, out, err);
	if (!ret)
		selection_warn(&s, *out);
	if (!ret && set_needs_leaks(s.set))
		view_of_leaks(*out, session->leaks);
	if (!ret && why.code)
		view_warn(*out, "leaks are not known: %s", why.msg);
	if (!ret && why_types.code)
		view_warn(*out, "types are not known: %s", why_types.msg);
	selection_deinit(&s);
	return ret;
}

static int sizes_run(struct session *session, const struct words *words,
		     struct view **out, struct error *err)
{
	return list_run(session, words, view_sizes, out, err);
}

const struct command command_entry_sizes = {
	.name = "sizes",
	.alias = "summarize",
	.args = "[SET]",
	.summary = "used chunks by size class: count, bytes, share",
	.help = "What the heap is full of. A class is a chunk size: what the\n"
		"program asked for, and a header word, rounded up to 16. Most\n"
		"bytes come first. The chunks of a row: chunks class=N.\n"
		"\"help sets\" says what a SET is.\n"
		"\n"
		"  sizes\n"
		"  sizes free arena=1\n",
	.need = NEED_HEAP,
	.run = sizes_run,
};

static int chunks_run(struct session *session, const struct words *words,
		      struct view **out, struct error *err)
{
	return list_run(session, words, view_chunks, out, err);
}

const struct command command_entry_chunks = {
	.name = "chunks",
	.alias = "list",
	.args = "[SET]",
	.summary = "the chunks of a set, by address",
	.help = "Without a SET: all used chunks. SIZE is what the program may\n"
		"use, CHUNK the chunk's own size (its class), CONTENT how it\n"
		"begins: a text, a symbol that its first word points at, or\n"
		"the first words. JSON and CSV have leak: what leaks calls "
		"it.\n"
		"\n"
		"  chunks used class=352\n"
		"  chunks new size>=4k\n"
		"  chunks 'content=\"session=\"'\n",
	.need = NEED_HEAP,
	.run = chunks_run,
};

static int count_run(struct session *session, const struct words *words,
		     struct view **out, struct error *err)
{
	return list_run(session, words, view_count, out, err);
}

const struct command command_entry_count = {
	.name = "count",
	.args = "[SET]",
	.summary = "how many chunks are in a set, and how many bytes",
	.help = "BYTES are chunk sizes, USABLE is what the program may use of\n"
		"them.\n"
		"\n"
		"  count new\n"
		"  count used and size>=1M\n",
	.need = NEED_HEAP,
	.run = count_run,
};

static int verify_one(struct session *session, const char *word,
		      struct view **out, struct error *err)
{
	uint64_t n;

	if (parse_u64(word, &n, err))
		return error_wrap(err, "verify takes the number of a check");
	if (!n || n > session->current->check_count)
		return error_set(err, ERR_USAGE,
				 "there are checks 1 to %u, no %s",
				 session->current->check_count, word);
	return view_check(session->current, (uint32_t)n - 1, out, err);
}

static int verify_run(struct session *session, const struct words *words,
		      struct view **out, struct error *err)
{
	const char *summary = "no allocator that can be read";

	if (words->count == 2)
		return verify_one(session, words->word[1], out, err);
	if (no_words(words, err))
		return -1;
	if (session->allocator)
		summary = session->allocator->summary(session->allocator_state);
	else if (session->no_heap[0])
		summary = session->no_heap;
	if (view_verify(session->current, summary, out, err))
		return -1;
	view_of_symbols(*out, session->symbols);
	return 0;
}

const struct command command_entry_verify = {
	.name = "verify",
	.args = "[N]",
	.summary = "why the numbers can be trusted; what does not add up",
	.help = "How malloc's data was found and by which independent ways\n"
		"(they must agree); every count that the heap states twice, "
		"as\n"
		"found and as said; each damaged place with its address; and\n"
		"what remains unexplained: heap bytes in no chunk, and\n"
		"anonymous memory that is nobody's.\n"
		"With a number, that check alone, in lines that fit any\n"
		"screen: what Enter shows.\n"
		"\n"
		"  verify\n"
		"  verify 3\n",
	.need = NEED_SNAPSHOT,
	.run = verify_run,
};

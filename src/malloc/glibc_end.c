/*
 * Where a stretch ends (GLIBC.md 4.2 to 4.4): with the top chunk, with
 * fenceposts, or with the memory, which only damage can be why of.
 */
#include <inttypes.h>

#include "malloc/stretch.h"

/*
 * Does a thread move the top?  Who has one that grows or wanders has its
 * address in hand.  Who gives back the end of one (systrim(), heap_trim()) has
 * what it needs for the new size in any form; but memory ends before the old
 * one's end already, which is that of a page.
 */
static bool is_top_moved(const struct run *r, uint64_t top, uint64_t size)
{
	const struct walk *w = r->w;
	uint64_t page = w->target->page_size, end = top + size;

	end += chunk_slack(&w->form, end);
	return walk_in_hand(w, top) ||
	       (w->insides && size > page && end > r->limit && end % page == 0);
}

/* A thread has just moved the top: its size is what it will be. */
static int take_moved_top(struct run *r, const struct chunk_head *h,
			  uint64_t *size, struct error *err)
{
	const struct walk *w = r->w;
	uint64_t end = r->limit, brk_end;

	brk_end = w->copy->params.sbrk_base + r->a->out.system_bytes;
	if (r->a->out.is_main && brk_end > r->at && brk_end <= end)
		end = brk_end;
	else if (r->a->out.is_main && r->at + *size <= end &&
		 *size >= w->form.min)
		return 0; /* where a piece of it ends is not known */
	if (r->at + *size == end || !is_top_moved(r, r->at, *size))
		return 0;
	*size = end - r->at;
	return walk_defect(r->w, DEFECT_BUSY, r->arena, r->at, err,
			   "the top was being moved here, size word 0x%" PRIx64,
			   h->size);
}

int run_take_top(struct run *r, const struct chunk_head *h, struct error *err)
{
	uint64_t size = chunk_bytes(h), room = r->limit - r->at;

	if (run_finish(r, h, err) < 0 || take_moved_top(r, h, &size, err) < 0)
		return -1;
	if (size < r->w->form.header || size % r->w->form.header ||
	    size > room) {
		struct defect d = {.kind = DEFECT_SIZE,
				   .arena = r->arena,
				   .addr = r->at,
				   .word = r->at + r->w->form.word,
				   .has_found = true,
				   .found = h->size,
				   .unknown = room};

		if (walk_damage(r->w, &d, err,
				"size word 0x%" PRIx64
				" of the top chunk cannot be",
				h->size) < 0)
			return -1;
		r->a->lost += room;
		r->at = r->limit;
		return 0;
	}
	r->a->top_reached = true;
	r->a->out.top_bytes = size;
	if (run_add(r, r->at, size, CHUNK_TOP, err) < 0)
		return -1;
	r->at += size;
	return 0;
}

/* The end of the memory before top's: true, and at is behind the posts. */
int run_take_fence(struct run *r, const struct chunk_head *h, bool *is_end,
		   struct error *err)
{
	uint64_t size = chunk_bytes(h), end = 0, post = r->w->form.header;

	*is_end = false;
	if (r->a->out.is_main) {
		if (size == post)
			end = fence_end(r->w, r->at);
	} else if (size == post &&
		   fence_ends(r->w, r->at + 2 * post, r->limit)) {
		end = r->limit;
	} else if (h->size == CHUNK_PREV_INUSE &&
		   fence_ends(r->w, r->at + post, r->limit)) {
		end = r->limit;
		/* The old top was too small to free: not a chunk. */
		if (r->pending && r->at - r->prev == 2 * post &&
		    !(r->head.size & CHUNK_NON_MAIN)) {
			r->pending = false;
			r->a->out.overhead_bytes += r->at - r->prev;
		}
	}
	if (!end)
		return 0;
	if (run_finish(r, h, err) < 0)
		return -1;
	r->a->out.overhead_bytes += end - r->at;
	r->at = end;
	*is_end = true;
	return 0;
}

/* Memory ends behind a chunk: only a top can lie so, told of or not. */
int run_take_last(struct run *r, struct error *err)
{
	unsigned top = r->w->g->state->top, word = r->w->form.word;
	struct defect d = {.kind = DEFECT_LINK,
			   .arena = r->arena,
			   .addr = r->a->out.addr + top,
			   .word = r->a->out.addr + top,
			   .has_found = true,
			   .found = load_word(r->a->raw + top, word),
			   .has_expected = true,
			   .expected = r->prev};

	if (!r->pending)
		return 0;
	r->pending = false;
	if (walk_damage(r->w, &d, err,
			"the arena has its top at 0x%" PRIx64
			", but its heap ends with the chunk at 0x%" PRIx64,
			d.found, r->prev) < 0)
		return -1;
	return run_add(r, r->prev, r->at - r->prev, CHUNK_TOP, err);
}

/* Does what the arena has for its top end where memory does? */
bool run_top_fits(struct run *r)
{
	struct run at = *r;
	struct chunk_head h;
	uint64_t end;

	at.at = r->a->out.top;
	if (at.at < r->at || at.at >= r->limit || !run_load(&at, &h) ||
	    is_top_moved(r, at.at, chunk_bytes(&h)))
		return true;
	end = at.at + chunk_bytes(&h);
	end += chunk_slack(&r->w->form, end);
	return chunk_bytes(&h) >= r->w->form.header && end <= r->limit &&
	       (r->a->out.is_main ? end % r->w->target->page_size == 0
				  : end == r->limit);
}

#include "analysis/near.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/near_impl.h"
#include "base/alloc.h"
#include "base/fmt.h"
#include "base/progress.h"

enum { STEP = 1 << 14 };

int near_add(struct near_build *b, const struct near_row *row,
	     struct error *err)
{
	if (GROW(b->out->row, b->cap, (size_t)b->out->count + 1,
		 "table of patterns", err))
		return -1;
	b->out->row[b->out->count++] = *row;
	return 0;
}

int near_add_rest(struct near_build *b, enum near_part part, uint64_t patterns,
		  uint32_t of, struct error *err)
{
	struct near_row row = {.part = part, .of = of};

	if (!patterns)
		return 0;
	snprintf(row.what, sizeof row.what, "(%llu rarer patterns)",
		 (unsigned long long)patterns);
	return near_add(b, &row, err);
}

void near_note(struct near_build *b, const char *fmt, ...)
{
	char *note = b->out->note;
	size_t len = strlen(note), cap = sizeof b->out->note;
	va_list ap;

	if (len)
		len += (size_t)snprintf(note + len, cap - len, "; ");
	if (len >= cap)
		return;
	va_start(ap, fmt);
	vsnprintf(note + len, cap - len, fmt, ap);
	va_end(ap);
}

bool near_is_kept(const struct near_build *b, uint32_t i)
{
	uint8_t byte;

	return image_read(b->snap->contents, b->snap->chunk[i].addr, &byte, 1);
}

const uint8_t *near_bytes(const struct near_build *b, uint32_t i, uint8_t *buf,
			  size_t cap, size_t *len)
{
	const struct chunk *c = &b->snap->chunk[i];
	size_t want = c->size < cap ? c->size : cap;
	const uint8_t *bytes = image_at(b->snap->contents, c->addr, len);

	if (bytes && *len >= want) {
		*len = want;
		return bytes;
	}
	*len = image_read(b->snap->contents, c->addr, buf, want);
	return buf;
}

bool near_quote(const struct near_build *b, uint64_t addr, char *buf,
		size_t cap)
{
	enum { MIN = 4, MAX = 40 };
	uint8_t bytes[MAX + 1];
	uint64_t word = 0;
	size_t len, n;

	if (!b->snap->memory)
		return false;
	len = target_read_some(b->snap->memory, addr, bytes, sizeof bytes);
	n = text_run(bytes, len);
	if (n < MIN || (n < len && bytes[n]))
		return false;
	/* The bytes of a pointer may happen to be printable. */
	memcpy(&word, bytes, len < b->snap->word ? len : b->snap->word);
	if (n <= b->snap->word && span_find(b->snap, word))
		return false;
	text_quote(bytes, n, MAX, buf, cap);
	return true;
}

static int header(struct near_build *b, struct error *err)
{
	struct near_row row = {.part = NEAR_HEADER,
			       .count = b->chunk_count,
			       .of = b->chunk_count,
			       .kind = PLACE_CHUNK};
	uint64_t bytes = 0, low = UINT64_MAX, high = 0;
	char count[FMT_MAX], size[FMT_MAX];

	for (uint32_t i = 0; i < b->chunk_count; i++) {
		uint64_t n = snapshot_chunk_size(b->snap, b->chunk[i]);

		bytes += n;
		low = n < low ? n : low;
		high = n > high ? n : high;
	}
	if (b->chunk_count)
		row.example = row.member = b->snap->chunk[b->chunk[0]].addr;
	fmt_count(count, sizeof count, b->chunk_count);
	fmt_bytes(size, sizeof size, bytes, false);
	if (low == high) {
		row.size = b->class = low;
		snprintf(row.what, sizeof row.what,
			 "%s chunk%s of class %llu, %s", count,
			 b->chunk_count == 1 ? "" : "s",
			 (unsigned long long)low, size);
	} else if (b->chunk_count) {
		snprintf(row.what, sizeof row.what,
			 "%s chunks of classes %llu to %llu, %s", count,
			 (unsigned long long)low, (unsigned long long)high,
			 size);
	} else {
		snprintf(row.what, sizeof row.what, "no chunks");
	}
	return near_add(b, &row, err);
}

enum { NEIGHBOUR_NONE, NEIGHBOUR_CHUNK, NEIGHBOUR_MMAPPED };
enum { NEIGHBOUR_GROUP = 1 };

/* step: -1 or 1. */
static struct pattern neighbour(const struct near_build *b, uint32_t i,
				int step, uint64_t *example)
{
	const struct snapshot *snap = b->snap;
	struct pattern p = {.kind = NEIGHBOUR_NONE};
	uint32_t j = i + (uint32_t)step, low = step < 0 ? j : i;

	*example = 0;
	if (snap->chunk[i].arena == ARENA_MMAPPED) {
		p.kind = NEIGHBOUR_MMAPPED;
		return p;
	}
	if (j >= snap->chunk_count || snap->chunk[j].arena == ARENA_MMAPPED ||
	    snap->chunk[low].addr + snapshot_chunk_size(snap, low) !=
		    snap->chunk[low + 1].addr)
		return p;
	*example = snap->chunk[j].addr;
	p.kind = NEIGHBOUR_CHUNK;
	p.a = snapshot_chunk_size(snap, j);
	p.b = snap->chunk[j].state;
	if (p.b == CHUNK_TOP)
		p.a = 0;
	if (bitmap_test(&b->group, j)) {
		p.flags = NEIGHBOUR_GROUP;
		p.a = b->class;
	}
	return p;
}

static void neighbour_what(const struct pattern *p, enum near_part part,
			   char *buf, size_t cap)
{
	unsigned long long class = p->a;

	if (p->kind == NEIGHBOUR_MMAPPED)
		snprintf(buf, cap, "none: a mapping of its own");
	else if (p->kind == NEIGHBOUR_NONE)
		snprintf(buf, cap, "none: the heap %s",
			 part == NEAR_BEFORE ? "begins" : "ends");
	else if (p->b == CHUNK_TOP)
		snprintf(buf, cap, "the top chunk");
	else if (p->flags & NEIGHBOUR_GROUP)
		snprintf(buf, cap, "each other%s",
			 p->b == CHUNK_FREE	? " (free)"
			 : p->b == CHUNK_CACHED ? " (cached)"
						: "");
	else
		snprintf(buf, cap, "%s chunks of class %llu",
			 chunk_state_name((enum chunk_state)p->b), class);
}

static int neighbours(struct near_build *b, enum near_part part,
		      struct error *err)
{
	struct fold fold = {0};
	size_t told = 0;
	int ret = -1;

	for (uint32_t i = 0; i < b->chunk_count; i++) {
		uint64_t example;
		struct pattern p = neighbour(
			b, b->chunk[i], part == NEAR_BEFORE ? -1 : 1, &example);

		if ((i % STEP == 0 && progress_tick("looking at neighbours", i,
						    b->chunk_count, err)) ||
		    fold_add(&fold, &p, b->chunk[i], example, err))
			goto out;
	}
	fold_sort(&fold);
	for (; told < fold.count; told++) {
		const struct fold_row *f = &fold.row[told];
		struct near_row row = {
			.part = part,
			.count = (uint32_t)f->count,
			.of = b->chunk_count,
			.size = f->pattern.a,
			.kind = f->pattern.kind == NEIGHBOUR_CHUNK ? PLACE_CHUNK
								   : PLACE_NONE,
			.example = f->example,
			.member = b->snap->chunk[f->member].addr,
		};

		if (near_is_rare(told, f->count, b->chunk_count))
			break;
		neighbour_what(&f->pattern, part, row.what, sizeof row.what);
		if (near_add(b, &row, err))
			goto out;
	}
	ret = near_add_rest(b, part, fold.count - told, b->chunk_count, err);
out:
	fold_deinit(&fold);
	return ret;
}

static int build(struct near_build *b, struct error *err)
{
	if (bitmap_init(&b->group, b->snap->chunk_count, "map of chunks", err))
		return -1;
	for (uint32_t i = 0; i < b->chunk_count; i++)
		bitmap_set(&b->group, b->chunk[i]);
	if (header(b, err))
		return -1;
	if (!b->snap->contents) {
		b->out->complete = false;
		near_note(b,
			  "the contents of snapshot %s are not kept: pointers "
			  "and text are not known",
			  b->snap->name);
	} else if (finder_init(&b->finder, b->snap, NULL, err) ||
		   near_points(b, err) || near_text(b, err) ||
		   near_held(b, err)) {
		return -1;
	}
	return neighbours(b, NEAR_BEFORE, err) || neighbours(b, NEAR_AFTER, err)
		       ? -1
		       : 0;
}

int near_make(const struct snapshot *snap, struct symbols *symbols,
	      const uint32_t *chunk, uint32_t chunk_count, struct near *out,
	      struct error *err)
{
	struct near_build b = {
		.snap = snap,
		.symbols = symbols,
		.chunk = chunk,
		.chunk_count = chunk_count,
		.out = out,
	};
	int ret;

	*out = (struct near){.complete = true};
	ret = build(&b, err);
	bitmap_deinit(&b.group);
	finder_deinit(&b.finder);
	if (ret)
		near_deinit(out);
	return ret;
}

void near_deinit(struct near *near)
{
	if (!near)
		return;
	free(near->row);
	*near = (struct near){0};
}

/* Who holds: which of the folded patterns are told, and in which words. */
#include "analysis/near_held.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/fmt.h"
#include "symbols/symbols.h"

static void what_chunk(const struct fold_row *f, char *buf, size_t cap)
{
	char inside[48] = "", where[32];
	const struct pattern *p = &f->pattern;

	if (p->b)
		snprintf(inside, sizeof inside, ", pointing %llu inside",
			 (unsigned long long)p->b);
	if (p->flags & MANY_WORDS)
		snprintf(where, sizeof where, "at many offsets");
	else
		snprintf(where, sizeof where, "at +%u", p->offset);
	if (p->flags & FROM_ITSELF)
		snprintf(buf, cap, "themselves %s%s", where, inside);
	else if (p->flags & FROM_GROUP)
		snprintf(buf, cap, "each other %s%s", where, inside);
	else
		snprintf(buf, cap, "chunks of class %llu %s%s",
			 (unsigned long long)p->a, where, inside);
}

/* "other memory at 0x7f.. (1.0 MiB, 300 words of it)" */
static void what_mapping(struct held *h, const struct fold_row *f, char *buf,
			 size_t cap)
{
	const struct map *map = maps_find(&h->b->snap->maps, f->example);
	char size[FMT_MAX];

	if (!map)
		return;
	snprintf(buf, cap, "%s at 0x%llx (%s, %llu words of it)",
		 map->path[0] ? map->path : "other memory",
		 (unsigned long long)map->start,
		 fmt_bytes(size, sizeof size, map->end - map->start, false),
		 (unsigned long long)f->times);
}

/* "stacks of 200 threads in handle_request+0x10" */
static void what_threads(struct held *h, const struct fold_row *f, char *buf,
			 size_t cap)
{
	const struct snapshot *snap = h->b->snap;
	struct place place = place_of(snap, f->example);
	const struct snapshot_thread *t;
	unsigned n = f->pattern.spread;
	char name[120] = "";

	if (f->pattern.kind == PLACE_REGISTER) {
		snprintf(buf, cap, "register %s of %u threads",
			 thread_reg_name((unsigned)f->pattern.b,
					 snap->word == 4),
			 n);
		return;
	}
	t = &snap->thread[place.thread];
	if (f->pattern.kind == PLACE_TLS) {
		bool below = f->pattern.b >> 63;

		snprintf(buf, cap,
			 "thread-local storage of %u threads, %s:%s0x%llx", n,
			 place_tls_register(snap), below ? "-" : "",
			 (unsigned long long)(below ? -f->pattern.b
						    : f->pattern.b));
	} else if (place.frame >= t->frame_count) {
		snprintf(buf, cap, "stacks of %u threads", n);
	} else {
		uint64_t pc = t->frame[place.frame].pc;

		if (!h->b->symbols ||
		    !symbols_format(h->b->symbols, pc, name, sizeof name))
			snprintf(name, sizeof name, "0x%llx",
				 (unsigned long long)pc);
		snprintf(buf, cap, "stacks of %u threads in %s", n, name);
	}
}

static void what(struct held *h, const struct fold_row *f, char *buf,
		 size_t cap)
{
	const struct snapshot *snap = h->b->snap;
	struct place place;
	char name[130];

	if (f->pattern.kind == PLACE_CHUNK) {
		what_chunk(f, buf, cap);
		return;
	}
	if (f->pattern.spread) {
		what_threads(h, f, buf, cap);
		return;
	}
	if (f->pattern.kind == PLACE_REGISTER)
		place = (struct place){.kind = PLACE_REGISTER,
				       .thread = (uint32_t)f->pattern.a,
				       .reg = (unsigned)f->pattern.b};
	else
		place = place_of(snap, f->pattern.flags & MANY_WORDS
					       ? f->pattern.a
					       : f->example);
	if (f->times > 1 &&
	    (place.kind == PLACE_ANON || place.kind == PLACE_FILE)) {
		what_mapping(h, f, buf, cap);
		return;
	}
	place_format(&place, snap, h->b->symbols, name, sizeof name);
	if (f->pattern.flags & MANY_WORDS)
		snprintf(buf, cap, "%s (%llu words of it)", name,
			 (unsigned long long)f->times);
	else
		snprintf(buf, cap, "%s", name);
}

/* The row of wide that f is a part of. */
static int wide_of(struct held *h, const struct fold_row *f, size_t *row,
		   struct error *err)
{
	struct pattern wide = f->pattern;

	wide.a = ANY_THREAD;
	return fold_find(&h->wide, &wide, row, err);
}

/* What more than NEAR_MANY threads do alike is one row, not one a thread. */
static int choose(struct held *h, struct error *err)
{
	AUTO_FREE uint32_t *threads = NULL;
	struct fold *rows = &h->rows;
	size_t at;

	threads = try_calloc(h->wide.count, sizeof *threads, "holders", err);
	if (!threads)
		return -1;
	rows->row = try_calloc(h->fold.count + h->wide.count, sizeof *rows->row,
			       "table of holders", err);
	if (!rows->row)
		return -1;
	for (size_t i = 0; i < h->fold.count; i++) {
		if (!held_by_thread(&h->fold.row[i].pattern))
			continue;
		if (wide_of(h, &h->fold.row[i], &at, err))
			return -1;
		threads[at]++;
	}
	for (size_t i = 0; i < h->fold.count; i++) {
		const struct fold_row *f = &h->fold.row[i];

		if (held_by_thread(&f->pattern)) {
			if (wide_of(h, f, &at, err))
				return -1;
			if (threads[at] > NEAR_MANY)
				continue;
		}
		rows->row[rows->count++] = *f;
	}
	for (size_t i = 0; i < h->wide.count; i++) {
		if (threads[i] <= NEAR_MANY)
			continue;
		rows->row[rows->count] = h->wide.row[i];
		rows->row[rows->count++].pattern.spread =
			threads[i] < UINT16_MAX ? (uint16_t)threads[i]
						: UINT16_MAX;
	}
	fold_sort(rows);
	return 0;
}

int held_emit(struct held *h, struct error *err)
{
	const struct snapshot *snap = h->b->snap;
	size_t told = 0;

	if (choose(h, err))
		return -1;
	for (; told < h->rows.count; told++) {
		const struct fold_row *f = &h->rows.row[told];
		const struct pattern *p = &f->pattern;
		bool chunk = p->kind == PLACE_CHUNK;
		struct near_row row = {
			.part = NEAR_HELD,
			.count = (uint32_t)f->count,
			.of = h->b->chunk_count,
			.offset = chunk && !(p->flags & MANY_WORDS) ? p->offset
								    : 0,
			.kind = (enum place_kind)p->kind,
			.size = chunk ? p->a : 0,
			.example = f->example,
			.member = snap->chunk[f->member].addr,
			.interior = chunk && p->b,
		};

		if (near_is_rare(told, f->count, h->b->chunk_count))
			break;
		what(h, f, row.what, sizeof row.what);
		if (near_add(h->b, &row, err))
			return -1;
	}
	return near_add_rest(h->b, NEAR_HELD, h->rows.count - told,
			     h->b->chunk_count, err);
}

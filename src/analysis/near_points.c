/* What the chunks of a group point at, offset by offset. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/near_impl.h"
#include "analysis/words.h"
#include "base/alloc.h"
#include "base/progress.h"

/* Of each chunk the first 64 KiB, and so many bytes in all: a few seconds. */
#define MAX_CHUNK (UINT64_C(64) << 10)
#define MAX_BYTES (UINT64_C(128) << 20)

enum { STEP = 1 << 10 };
/* Beside content.h's CONTENT_INTERIOR. */
enum { TO_GROUP = 2, TO_ITSELF = 4 };
/* Beside enum content_kind: some address in the module whose map begins at a.
 */
enum { CONTENT_ANYWHERE = 100 };

struct points {
	struct near_build *b;
	struct fold exact; /* by offset and pattern; ANYWHERE by module */
	struct fold any;   /* the same with NEAR_ANY_OFFSET */
	uint32_t *offsets; /* of any's rows: how many offsets show it */
	uint32_t looked;
};

/* Modules have their maps in one piece: the first one of the file. */
static uint64_t module_start(const struct snapshot *snap, uint64_t addr)
{
	const struct map *map = maps_find(&snap->maps, addr), *first;

	if (!map)
		return addr;
	for (first = map; first > snap->maps.map; first--)
		if (first[-1].path[0] && first->path[0] &&
		    strcmp(first[-1].path, first->path) != 0)
			break;
		else if (first[-1].end != first->start)
			break;
	return first->start;
}

static int add(struct points *s, struct pattern *p, uint32_t offset,
	       uint32_t member, uint64_t value, struct error *err)
{
	p->offset = offset;
	if (fold_add(&s->exact, p, member, value, err))
		return -1;
	p->offset = NEAR_ANY_OFFSET;
	return fold_add(&s->any, p, member, value, err);
}

static int look_at_word(struct points *s, uint32_t member, uint32_t offset,
			uint64_t word, struct error *err)
{
	const struct near_build *b = s->b;
	uint32_t chunk;
	struct pattern p = content_of(b->snap, &b->finder, word, &chunk);

	if (p.kind != CONTENT_CHUNK && p.kind != CONTENT_MODULE &&
	    p.kind != CONTENT_PLACE)
		return 0;
	if (chunk == member)
		p.flags |= TO_ITSELF;
	else if (chunk != CHUNK_NONE && bitmap_test(&b->group, chunk))
		p.flags |= TO_GROUP;
	if (p.flags & (TO_GROUP | TO_ITSELF))
		p.a = b->class;
	if (add(s, &p, offset, member, word, err))
		return -1;
	if (p.kind != CONTENT_MODULE)
		return 0;
	p.kind = CONTENT_ANYWHERE;
	p.a = module_start(b->snap, word);
	return add(s, &p, offset, member, word, err);
}

static int look_at_chunk(struct points *s, uint32_t member, struct error *err)
{
	const struct near_build *b = s->b;
	const struct chunk *c = &b->snap->chunk[member];
	uint64_t end = c->size < MAX_CHUNK ? c->size : MAX_CHUNK, addr, len;
	unsigned word = b->snap->word;
	struct pieces pieces = {0};
	const uint8_t *bytes;

	pieces_begin(&pieces, b->snap->contents, c->addr, c->addr + end);
	while ((bytes = pieces_next(&pieces, UINT64_MAX, &addr, &len)))
		for (uint64_t i = -addr & (word - 1); i + word <= len;
		     i += word) {
			uint64_t value = load_word(bytes + i, word);

			/* Small numbers are nearly all there is. */
			if (value >= 4096 &&
			    look_at_word(s, member,
					 (uint32_t)(addr + i - c->addr), value,
					 err))
				return -1;
		}
	return 0;
}

/* Chunks at regular intervals when all would take too long. */
static uint32_t stride(struct near_build *b)
{
	uint64_t bytes = 0;
	bool cut = false;

	for (uint32_t i = 0; i < b->chunk_count; i++) {
		uint64_t size = b->snap->chunk[b->chunk[i]].size;

		cut |= size > MAX_CHUNK;
		bytes += size < MAX_CHUNK ? size : MAX_CHUNK;
	}
	if (cut)
		near_note(b,
			  "of each chunk the first %u KiB were looked at for "
			  "what they point at",
			  (unsigned)(MAX_CHUNK >> 10));
	if (bytes > MAX_BYTES)
		near_note(b,
			  "one in %u chunks was looked at for what they "
			  "point at",
			  (unsigned)(bytes / MAX_BYTES) + 1);
	return (uint32_t)(bytes / MAX_BYTES) + 1;
}

static int look(struct points *s, struct error *err)
{
	struct near_build *b = s->b;
	uint32_t step = stride(b);

	for (uint32_t i = 0; i < b->chunk_count; i += step) {
		if (i % STEP == 0 && progress_tick("looking at contents", i,
						   b->chunk_count, err))
			return -1;
		if (!near_is_kept(b, b->chunk[i]))
			continue;
		s->looked++;
		if (look_at_chunk(s, b->chunk[i], err))
			return -1;
	}
	return 0;
}

static uint32_t *offsets_of(struct points *s, struct pattern p,
			    struct error *err)
{
	size_t row;

	p.offset = NEAR_ANY_OFFSET;
	return fold_find(&s->any, &p, &row, err) ? NULL : &s->offsets[row];
}

static int count_offsets(struct points *s, struct error *err)
{
	s->offsets = try_calloc(s->any.count, sizeof *s->offsets,
				"table of patterns", err);
	if (!s->offsets)
		return -1;
	for (size_t i = 0; i < s->exact.count; i++) {
		uint32_t *n = offsets_of(s, s->exact.row[i].pattern, err);

		if (!n)
			return -1;
		++*n;
	}
	return 0;
}

static void what(const struct points *s, const struct fold_row *f,
		 uint32_t offsets, char *buf, size_t cap)
{
	const struct near_build *b = s->b;
	struct pattern p = f->pattern;
	char at[32] = "", name[120], quote[64] = "", many[48] = "";
	const struct map *map;
	const char *slash;

	p.flags &= CONTENT_INTERIOR;
	if (p.kind == CONTENT_ANYWHERE) {
		map = maps_find(&b->snap->maps, p.a);
		slash = map ? strrchr(map->path, '/') : NULL;
		snprintf(name, sizeof name, "various addresses in %s",
			 slash ? slash + 1 : "a module");
	} else if (f->pattern.flags & TO_ITSELF) {
		snprintf(name, sizeof name, "-> itself%s",
			 p.flags ? ", inside" : "");
	} else if (f->pattern.flags & TO_GROUP) {
		snprintf(name, sizeof name, "-> each other%s",
			 p.flags ? ", inside" : "");
	} else {
		content_name(&p, b->snap, b->symbols, name, sizeof name);
	}
	if (!(f->pattern.flags & (TO_ITSELF | TO_GROUP)) &&
	    p.kind != CONTENT_PLACE &&
	    near_quote(b, f->example, quote + 1, sizeof quote - 1))
		quote[0] = ' ';
	if (offsets)
		snprintf(many, sizeof many, " at %u offsets", offsets);
	else
		snprintf(at, sizeof at, "at +%u: ", p.offset);
	snprintf(buf, cap, "%s%s%s%s", at, name, quote, many);
}

static int emit_row(struct points *s, const struct fold_row *f,
		    uint32_t offsets, struct error *err)
{
	struct near_build *b = s->b;
	struct near_row row = {
		.part = NEAR_POINTS,
		.count = (uint32_t)f->count,
		.of = s->looked,
		.offset = offsets ? 0 : f->pattern.offset,
		.kind = place_of(b->snap, f->example).kind,
		.example = f->example,
		.member = b->snap->chunk[f->member].addr,
		.interior = f->pattern.kind == CONTENT_CHUNK &&
			    f->pattern.flags & CONTENT_INTERIOR,
	};

	if (f->pattern.kind == CONTENT_CHUNK)
		row.size = f->pattern.a;
	what(s, f, offsets, row.what, sizeof row.what);
	return near_add(b, &row, err);
}

struct chosen {
	struct fold_row row;
	uint32_t offsets; /* 0: at the one offset of the row */
};

static int by_count(const void *a, const void *b)
{
	const struct chosen *x = a, *y = b;

	if (x->row.count != y->row.count)
		return x->row.count > y->row.count ? -1 : 1;
	if (x->row.pattern.offset != y->row.pattern.offset)
		return x->row.pattern.offset < y->row.pattern.offset ? -1 : 1;
	return memcmp(&x->row.pattern, &y->row.pattern, sizeof x->row.pattern);
}

/* All pointers into the module that f points into, at the same offset. */
static int anywhere(struct points *s, struct fold *fold,
		    const struct fold_row *f, size_t *row, struct error *err)
{
	struct pattern p = f->pattern;

	p.kind = CONTENT_ANYWHERE;
	p.a = module_start(s->b->snap, f->pattern.a);
	return fold_find(fold, &p, row, err);
}

/*
 * An address in a module has a row of its own when it is one of few there;
 * what remains of the module's is told as "various addresses".  told: of each
 * row of fold, how many members such rows speak for.
 */
static int choose_modules(struct points *s, struct fold *fold, uint64_t *told,
			  bool *rare, struct error *err)
{
	for (size_t i = 0; i < fold->count; i++) {
		const struct fold_row *f = &fold->row[i];
		size_t all;

		if (f->pattern.kind != CONTENT_MODULE)
			continue;
		if (anywhere(s, fold, f, &all, err))
			return -1;
		rare[i] = f->count * NEAR_MANY < fold->row[all].count;
		if (!rare[i])
			told[all] += f->count;
	}
	return 0;
}

/* wide: the rows that stand for more than NEAR_MANY offsets, else those that
 * do not. */
static int choose(struct points *s, struct fold *fold, bool wide,
		  struct chosen *list, size_t *count, struct error *err)
{
	AUTO_FREE uint64_t *told = NULL;
	AUTO_FREE bool *rare = NULL;

	told = try_calloc(fold->count, sizeof *told, "patterns", err);
	if (!told)
		return -1;
	rare = try_calloc(fold->count, sizeof *rare, "patterns", err);
	if (!rare || choose_modules(s, fold, told, rare, err))
		return -1;
	for (size_t i = 0; i < fold->count; i++) {
		const struct fold_row *f = &fold->row[i];
		uint32_t *offsets = offsets_of(s, f->pattern, err);

		if (!offsets)
			return -1;
		if ((*offsets > NEAR_MANY) != wide || rare[i] ||
		    (f->pattern.kind == CONTENT_ANYWHERE &&
		     told[i] >= f->count))
			continue;
		list[(*count)++] = (struct chosen){*f, wide ? *offsets : 0};
	}
	return 0;
}

static int emit(struct points *s, struct error *err)
{
	AUTO_FREE struct chosen *list = NULL;
	size_t n = 0, told = 0;

	list = try_calloc(s->exact.count + s->any.count, sizeof *list,
			  "table of patterns", err);
	if (!list || choose(s, &s->exact, false, list, &n, err) ||
	    choose(s, &s->any, true, list, &n, err))
		return -1;
	qsort(list, n, sizeof *list, by_count);
	for (; told < n; told++)
		if (near_is_rare(told, list[told].row.count, s->looked))
			break;
		else if (emit_row(s, &list[told].row, list[told].offsets, err))
			return -1;
	return near_add_rest(s->b, NEAR_POINTS, n - told, s->looked, err);
}

int near_points(struct near_build *b, struct error *err)
{
	struct points s = {.b = b};
	int ret = -1;

	if (look(&s, err) || count_offsets(&s, err) || emit(&s, err))
		goto out;
	ret = 0;
out:
	fold_deinit(&s.exact);
	fold_deinit(&s.any);
	free(s.offsets);
	return ret;
}

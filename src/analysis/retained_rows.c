#include "analysis/retained_rows.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/sort.h"
#include "symbols/symbols.h"

static bool is_chosen(const struct retained *r, enum retained_which which,
		      uint32_t holder, uint32_t chunk)
{
	uint32_t has = r->holder[chunk];

	if (has == RETAINED_NONE)
		return false;
	if (which == RETAINED_TOP)
		return has >= r->chunks;
	return which == RETAINED_ALL || has == holder;
}

/* The sort is stable and upwards: keys are turned round, then back. */
static int order(struct retained_chunk *row, uint32_t count, struct error *err)
{
	int ret;

	for (uint32_t i = 0; i < count; i++)
		row[i].bytes = ~row[i].bytes;
	ret = sort_by_u64(row, count, sizeof *row,
			  offsetof(struct retained_chunk, bytes), err);
	for (uint32_t i = 0; i < count; i++)
		row[i].bytes = ~row[i].bytes;
	return ret;
}

int retained_chunks(const struct retained *r, enum retained_which which,
		    uint32_t holder, struct retained_chunk **out,
		    uint32_t *count, struct error *err)
{
	struct retained_chunk *row;
	uint32_t n = 0;

	for (uint32_t i = 0; i < r->chunks; i++)
		n += is_chosen(r, which, holder, i);
	row = try_calloc(n, sizeof *row, "table of retained sizes", err);
	if (!row)
		return -1;
	n = 0;
	for (uint32_t i = 0; i < r->chunks; i++)
		if (is_chosen(r, which, holder, i))
			row[n++] = (struct retained_chunk){
				.bytes = r->bytes[i],
				.chunk = i,
				.count = r->count[i],
				.holder = r->holder[i],
				.lost = bitmap_test(&r->lost, i),
			};
	if (order(row, n, err)) {
		free(row);
		return -1;
	}
	*out = row;
	*count = n;
	return 0;
}

static int more_first(const void *a, const void *b)
{
	const struct retained_owner *x = a, *y = b;

	if (x->nearest.bytes != y->nearest.bytes)
		return x->nearest.bytes < y->nearest.bytes ? 1 : -1;
	if (x->all.bytes != y->all.bytes)
		return x->all.bytes < y->all.bytes ? 1 : -1;
	if (x->direct.bytes != y->direct.bytes)
		return x->direct.bytes < y->direct.bytes ? 1 : -1;
	return x->owner < y->owner ? -1 : x->owner > y->owner;
}

static struct retained_sum held(const struct retained *r, uint32_t owner)
{
	return (struct retained_sum){r->count[r->chunks + owner],
				     r->bytes[r->chunks + owner]};
}

int retained_owners(const struct retained *r, const struct retained *nearest,
		    struct retained_owner **out, uint32_t *count,
		    struct error *err)
{
	uint32_t n = r->owners.count;
	struct retained_owner *row = try_calloc((uint64_t)n + 2, sizeof *row,
						"table of owners", err);

	if (!row)
		return -1;
	for (uint32_t i = 0; i < n; i++)
		row[i] = (struct retained_owner){
			.owner = i,
			.direct = retained_direct(r, i),
			.all = held(r, i),
			.nearest = held(nearest, i),
		};
	row[n++] = (struct retained_owner){.owner = RETAINED_SEVERAL,
					   .direct = r->several_top,
					   .all = r->several};
	row[n++] = (struct retained_owner){RETAINED_NOBODY, r->nobody_top,
					   r->nobody, nearest->nobody};
	qsort(row, n, sizeof *row, more_first);
	*out = row;
	*count = n;
	return 0;
}

uint32_t retained_owner_at(const struct retained *r, struct symbols *symbols,
			   uint64_t addr)
{
	const struct map *map = maps_find(&r->snap->maps, addr);
	const struct module *m =
		symbols ? symbols_module_at(symbols, addr) : NULL;
	struct symbol symbol = {.addr = addr};

	if (symbols && !symbols_at(symbols, addr, &symbol))
		symbol.addr = addr;
	for (uint32_t i = 0; i < r->owners.count; i++) {
		const struct owner *o = &r->owners.owner[i];

		if ((o->kind == OWNER_VARIABLE && o->addr == symbol.addr) ||
		    (o->kind == OWNER_WORD && o->addr == addr) ||
		    (o->kind == OWNER_MODULE && m && o->addr == m->start) ||
		    (o->kind == OWNER_MAPPING && map && o->addr == map->start))
			return i;
	}
	return RETAINED_NONE;
}

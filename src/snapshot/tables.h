/*
 * Where a walk's findings go: the tables of a snapshot, grown as they come and
 * put in order at the end.
 */
#ifndef SNAPSHOT_TABLES_H
#define SNAPSHOT_TABLES_H

#include "malloc/allocator.h"
#include "snapshot/snapshot.h"

/* More are counted, not kept: one wrong byte can damage very many chunks. */
enum { TABLES_MAX_DEFECTS = 10000 };

struct chunk_run {
	uint64_t first; /* address of the first chunk, its sort key */
	size_t at, count;
};

struct tables {
	struct chunk *chunk; /* all owned until tables_finish */
	size_t chunk_count, chunk_cap;
	struct chunk_run *run;
	size_t run_count, run_cap;
	struct snapshot_copy *copy;
	size_t copy_count, copy_cap;
	struct arena *arena;
	size_t arena_count, arena_cap;
	struct heap_region *region;
	size_t region_count, region_cap;
	struct tcache *tcache;
	size_t tcache_count, tcache_cap;
	struct defect *defect;
	size_t defect_count, defect_cap;
	uint64_t defects_dropped;
	struct check *check;
	size_t check_count, check_cap;
	struct inside_malloc *inside;
	size_t inside_count, inside_cap;
};

/* The sink's functions; ctx is the struct tables. */
struct malloc_sink tables_sink(struct tables *tables);
/*
 * Moves all but the tcaches into snap, sorted; snap's tables must be empty.
 * Chunks that were told twice or overlap become defects, and of two that begin
 * at one address only the first stays.
 */
int tables_finish(struct tables *tables, const struct malloc_sink *sink,
		  struct snapshot *snap, struct error *err) MUST_CHECK;
void tables_deinit(struct tables *tables);

#endif

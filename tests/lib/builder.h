/*
 * Makes address spaces, heaps and snapshots by hand: the tests' own oracle is
 * what they put in.
 *
 * Memory is what builder_map() made, all zeros at first; chunks are laid one
 * behind the other in the heap that was opened last.
 */
#ifndef TESTS_LIB_BUILDER_H
#define TESTS_LIB_BUILDER_H

#include "snapshot/snapshot.h"

#define BUILDER_MAX 16

struct builder {
	struct {
		uint64_t start, end;
		char line[160]; /* as in /proc/PID/maps */
		uint8_t *bytes; /* owned */
	} map[BUILDER_MAX];
	size_t map_count;
	struct chunk *chunk; /* owned, in the order they were made */
	size_t chunk_count, chunk_cap;
	struct heap_region region[BUILDER_MAX];
	uint32_t region_count;
	struct arena arena[BUILDER_MAX];
	uint32_t arena_count;
	struct thread thread[BUILDER_MAX];
	size_t thread_count;
	uint64_t next;	   /* header of the next chunk */
	uint32_t in_arena; /* of the heap opened last */
};

/* perms as in maps: "rw-p".  path "" is anonymous; inode 0 then. */
void builder_map(struct builder *b, uint64_t start, uint64_t end,
		 const char *perms, unsigned inode, const char *path);
/* A heap [start, end) of an arena (made when its number is new). */
void builder_heap(struct builder *b, uint32_t arena, uint64_t start,
		  uint64_t end);
/* Chunk size class; returns the user address. */
uint64_t builder_chunk(struct builder *b, uint64_t class,
		       enum chunk_state state);
/* One with a mapping of its own at start. */
uint64_t builder_mmapped(struct builder *b, uint64_t start, uint64_t size);
void builder_thread(struct builder *b, pid_t tid, const char *name,
		    uint64_t rsp, uint64_t tp);
void builder_put(struct builder *b, uint64_t addr, uint64_t word);
void builder_text(struct builder *b, uint64_t addr, const char *text);
uint64_t builder_get(const struct builder *b, uint64_t addr);

/* A target that reads this memory, with maps and threads; b must stay. */
struct target *builder_target(struct builder *b);
/* A snapshot with contents; b may go. */
struct snapshot *builder_snapshot(struct builder *b);
void builder_deinit(struct builder *b);

/* An allocator that tells what the builder has; state is the builder. */
extern const struct allocator builder_allocator;

#endif

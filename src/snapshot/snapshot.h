/*
 * A snapshot: the heap of a target at one moment, immutable once captured (but
 * for its contents, which may be dropped to save memory).
 *
 * It owns all it points to and outlives the target.  A chunk is named by its
 * index in chunk[], which is sorted by address; analyses refer to chunks by
 * that index and to snapshots by const pointer.
 */
#ifndef SNAPSHOT_SNAPSHOT_H
#define SNAPSHOT_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "base/error.h"
#include "malloc/allocator.h"
#include "malloc/foreign.h"
#include "malloc/mallinfo.h"
#include "snapshot/span.h"
#include "target/image.h"
#include "target/target.h"
#include "unwind/stack.h"

struct symbols;
struct typing;

#define CHUNK_NONE UINT32_MAX

struct snapshot_thread {
	struct thread thread;		 /* tid, name, state, registers */
	uint64_t stack_start, stack_end; /* the mapping part above rsp */
	/* The one that a handler on an alternate stack interrupted; 0, 0. */
	uint64_t under_start, under_end;
	uint64_t tls_start, tls_end; /* around its thread pointer; 0, 0 */
	uint64_t tcache;	     /* user address of its tcache, 0 if none */
	uint64_t cached_count, cached_bytes; /* of all copies of malloc */
	uint32_t arena;	     /* index, ARENA_MMAPPED when unknown */
	struct frame *frame; /* owned, innermost first */
	uint32_t frame_count;
	bool stack_complete;
};

/* Where a module (ELF file) lies, its .bss included. */
struct snapshot_module {
	uint64_t start, end;
	/* Pages that only its loading has written (RELRO); 0, 0: none. */
	uint64_t relro_start, relro_end;
};

/* The stack of a thread that has ended, kept by glibc: see ended.h. */
struct ended_stack {
	uint64_t start, end; /* without its guard; the descriptor included */
	uint64_t tcb;	     /* of it: what the thread pointer was */
};

/* A copy of malloc (see struct malloc_copy) and its own mallinfo2(). */
struct snapshot_copy {
	struct malloc_copy malloc;
	struct mallinfo2_totals mallinfo;
};

/* Private writable memory that is no heap of glibc's, stack or data of a file:
 * where other allocators, and what the program maps itself, are. */
struct other_memory {
	uint32_t mappings;
	uint64_t bytes;
	bool resident_known;
	uint64_t resident; /* of them, ever touched */
	uint64_t named;	   /* of them, in mappings named by the allocator */
};

struct snapshot {
	char name[32];
	struct timespec taken; /* CLOCK_REALTIME at the stop */
	uint64_t stopped_us;   /* how long the target stood, all attempts */
	uint64_t longest_us;   /* the longest single stop of those */
	uint64_t copied_bytes; /* read while it stood */
	uint64_t rss_bytes; /* VmRSS of /proc at the stop; 0: a core's, unknown
			     */
	/* Of free, cached and top chunks: bytes on pages that are there. */
	bool free_touched_known;
	uint64_t free_touched;
	/* Of a core: see struct target. */
	pid_t first_tid;
	int signal;
	bool partial; /* the target lacks what it should have: see notes */
	uint64_t skipped_bytes;	   /* writable memory not kept: over budget */
	uint64_t unreadable_bytes; /* ... that the kernel would not read */
	unsigned attempts;	   /* stops needed to find malloc quiet */

	char kind[8]; /* of the target: "live", "core" */
	pid_t pid;
	char exe[4096], comm[16];
	const char *allocator; /* "glibc", or NULL: no heap we can read */
	char glibc[16];	       /* "2.36", "" unknown */
	struct foreign_allocator foreign[4];
	size_t foreign_count;
	struct other_memory other;
	unsigned word, mmapped_overhead; /* see struct malloc_sink */
	bool checked;			 /* the same */

	struct chunk *chunk; /* owned, ascending by addr */
	uint32_t chunk_count;
	struct arena *arena; /* owned; arena[i].index == i */
	uint32_t arena_count;
	struct heap_region *region; /* owned, ascending */
	uint32_t region_count;
	struct snapshot_thread *thread; /* owned */
	uint32_t thread_count;
	struct vectors vectors; /* owned: of its threads */
	struct defect *defect;	/* owned */
	uint32_t defect_count;
	struct check *check; /* owned */
	uint32_t check_count;
	struct inside_malloc *inside; /* owned: threads stopped in malloc */
	uint32_t inside_count;
	struct snapshot_copy *copy;	  /* owned; copy[i].malloc.index == i */
	uint32_t copy_count;		  /* 1, mostly; 0 without a heap */
	struct malloc_params params;	  /* of the program's own: copy 0 */
	struct mallinfo2_totals mallinfo; /* the same */
	struct maps maps;		  /* owned */
	struct snapshot_module *module;	  /* owned; none without symbols */
	uint32_t module_count;
	/* The most that their thread-local blocks take below a thread pointer;
	 * 0: not known of all. */
	uint64_t tls_size;
	struct ended_stack *ended; /* owned, ascending */
	uint32_t ended_count;
	struct span *span; /* owned: see span.h */
	uint32_t span_count;
	char *notes; /* owned: what was skipped and why, or "" */

	/* Borrowed: what its chunks are (analysis/typing.h), if that is what
	 * blocks are to be named by; or NULL.  Never just because it is known:
	 * an answer must not depend on what was asked before. */
	const struct typing *typing;
	/* Borrowed: memory as it is by now, for what no snapshot has
	 * (analysis/shared.h); NULL: it was let go. */
	struct target *now;
	struct image *contents; /* owned; NULL: not kept (any more) */
	/* Reads the memory as it was: contents, else mappings the target cannot
	 * write (from the live target or their files).  NULL without contents.
	 */
	struct target *memory;
	/* Owned, one a chunk: see prints.h.  NULL as long as they were not
	 * asked for. */
	uint64_t *first_word;
	uint32_t *rest_hash; /* 0: the chunk's bytes were not kept */
};

struct capture_opts {
	const char *name;
	bool keep_contents;
	uint64_t max_bytes;    /* of contents; what is over is not kept */
	unsigned max_attempts; /* stops, when found inside malloc; 0: 10 */
	uint64_t max_stop_us;  /* no further attempt after that; 0: 2 s */
};

/*
 * Stops the target for the reading alone.  allocator_state comes from
 * allocator->probe (allocator NULL: everything but the heap is captured);
 * symbols NULL: foreign allocators are not looked for.
 * Walks after the target runs again, on the copy, when that was kept whole;
 * else under the stop.  ERR_INTERRUPTED on ^C, the target running again.
 */
int snapshot_capture(struct target *target, struct symbols *symbols,
		     const struct allocator *allocator, void *allocator_state,
		     const struct capture_opts *opts, struct snapshot **out,
		     struct error *err) MUST_CHECK;
void snapshot_destroy(struct snapshot *snap);

/* Frees the bytes; the chunk table stays. */
void snapshot_drop_contents(struct snapshot *snap);
/* The target is about to be closed: memory falls back on contents only, and
 * those that are a core's own bytes go with it. */
void snapshot_detach(struct snapshot *snap);

/* Our memory that snap takes, bytes: the tables, and the contents. */
uint64_t snapshot_table_bytes(const struct snapshot *snap);
uint64_t snapshot_content_bytes(const struct snapshot *snap);

/* Some thread was inside malloc, and not all is sure. */
bool snapshot_busy(const struct snapshot *snap);

/* Complete: nothing skipped, no defect, every check held. */
bool snapshot_complete(const struct snapshot *snap);

/* The chunk (any state) whose usable bytes hold addr, or CHUNK_NONE. */
uint32_t snapshot_find(const struct snapshot *snap, uint64_t addr);

/* What a used chunk was asked for, bytes, if malloc checks and its mark is
 * there; else false.  Contents are needed. */
bool snapshot_asked(const struct snapshot *snap, const struct chunk *c,
		    uint64_t *asked);

/* Chunk size (header included) of chunk i: its size class. */
__attribute__((unused)) static inline uint64_t
snapshot_chunk_size(const struct snapshot *s, uint32_t i)
{
	return chunk_size(&s->chunk[i], s->word, s->mmapped_overhead);
}

#endif

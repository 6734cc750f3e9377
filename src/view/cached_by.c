/*
 * A tcache struct (malloc/malloc.c of glibc 2.26 on: tcache_perthread_struct)
 * has counts and then the heads of lists.  However many of them there are, a
 * word of it that is the address of a cached chunk is such a head: counts are
 * no addresses.  The first word of a cached chunk leads to the next one, plain
 * or, since 2.32, xor-ed with where it is stored; only one of the two leads to
 * cached chunks.
 */
#include "view/cached_by.h"

#include "malloc/glibc_chunk.h"
#include "target/image.h"

static bool word_at(const struct snapshot *snap, uint64_t addr, uint64_t *out)
{
	*out = 0;
	return image_read(snap->contents, addr, out, snap->word) == snap->word;
}

static bool is_cached(const struct snapshot *snap, uint64_t addr)
{
	uint32_t i = snapshot_find(snap, addr);

	return i != CHUNK_NONE && snap->chunk[i].addr == addr &&
	       snap->chunk[i].state == CHUNK_CACHED;
}

/* A list has no more chunks than its thread: damaged, it might not end. */
static bool leads_to(const struct snapshot *snap, uint64_t head, uint64_t addr,
		     uint64_t most, bool is_protected)
{
	uint64_t at = head, next;

	for (; most && is_cached(snap, at); most--) {
		if (at == addr)
			return true;
		if (!word_at(snap, at, &next))
			return false;
		at = is_protected ? link_reveal(next, at) : next;
	}
	return false;
}

static bool has(const struct snapshot *snap, const struct snapshot_thread *t,
		uint64_t addr)
{
	uint32_t i = t->tcache ? snapshot_find(snap, t->tcache) : CHUNK_NONE;
	uint64_t head, end;

	if (i == CHUNK_NONE)
		return false;
	end = snap->chunk[i].addr + snap->chunk[i].size;
	for (uint64_t at = t->tcache; at + snap->word <= end; at += snap->word)
		if (word_at(snap, at, &head) &&
		    (leads_to(snap, head, addr, t->cached_count, true) ||
		     leads_to(snap, head, addr, t->cached_count, false)))
			return true;
	return false;
}

uint32_t cached_by(const struct snapshot *snap, uint32_t i)
{
	for (uint32_t t = 0; t < snap->thread_count; t++)
		if (has(snap, &snap->thread[t], snap->chunk[i].addr))
			return t;
	return UINT32_MAX;
}

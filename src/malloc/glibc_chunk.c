#include "malloc/glibc_chunk.h"

#include "malloc/reader.h"

struct chunk_head chunk_head_load(const uint8_t *bytes)
{
	return (struct chunk_head){load64(bytes), load64(bytes + 8),
				   load64(bytes + 16), load64(bytes + 24)};
}

bool chunk_plausible(uint64_t size_word, uint64_t room, bool main_arena)
{
	uint64_t size = size_word & CHUNK_SIZE_MASK;

	return size >= CHUNK_MIN && size % CHUNK_ALIGN == 0 && size <= room &&
	       !(size_word & CHUNK_IS_MMAPPED) &&
	       !(main_arena && size_word & CHUNK_NON_MAIN);
}

uint64_t chunk_first(uint64_t addr)
{
	return (addr + CHUNK_ALIGN - 1) & ~(uint64_t)(CHUNK_ALIGN - 1);
}

unsigned chunk_bin(uint64_t size)
{
	return size < 64 * CHUNK_ALIGN ? (unsigned)(size / CHUNK_ALIGN) : 64;
}

uint64_t mmapped_total(const struct chunk_head *h, uint64_t offset,
		       unsigned tail, uint64_t page)
{
	uint64_t size = chunk_bytes(h), total;
	/* The new layout keeps a flag for explicit huge pages there. */
	uint64_t prev = tail ? h->prev_size & ~UINT64_C(1) : h->prev_size;

	if ((h->size & CHUNK_FLAGS) != CHUNK_IS_MMAPPED || prev != offset ||
	    size >> 47 || size < CHUNK_MIN - CHUNK_HEADER)
		return 0;
	total = offset + size + tail;
	return total % page == 0 && total > offset + CHUNK_HEADER ? total : 0;
}

#include "snapshot/prints.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/progress.h"

/* Chunks between two looks at ^C. */
enum { STEP = 1 << 16 };

/* The first max bytes of a chunk: in the image, or copied to buf (untouched
 * pages read as zeros).  NULL: they are not kept. */
static const uint8_t *bytes_of(const struct snapshot *snap, uint32_t i,
			       size_t max, uint8_t *buf, size_t *len)
{
	const struct chunk *c = &snap->chunk[i];
	const uint8_t *at;
	size_t there;

	*len = c->size < max ? (size_t)c->size : max;
	if (!snap->contents || c->size < snap->word)
		return NULL;
	at = image_at(snap->contents, c->addr, &there);
	if (at && there >= *len)
		return at;
	return image_read(snap->contents, c->addr, buf, *len) == *len ? buf
								      : NULL;
}

/* Multiply and fold, eight bytes at a time; the multiplier is 2^64 divided by
 * the golden ratio (Knuth, The Art of Computer Programming 3, 6.4). */
static uint32_t hash_of(const uint8_t *bytes, size_t len)
{
	uint64_t h = len;
	uint32_t small;

	for (size_t i = 0; i < len; i += 8) {
		uint64_t w = 0;

		memcpy(&w, bytes + i, len - i < 8 ? len - i : 8);
		h = (h ^ w) * UINT64_C(0x9e3779b97f4a7c15);
		h ^= h >> 32;
	}
	small = (uint32_t)(h ^ h >> 32);
	return small ? small : 1;
}

bool print_word(const struct snapshot *snap, uint32_t chunk, uint64_t *word)
{
	uint8_t buf[sizeof *word];
	const uint8_t *bytes;
	size_t len;

	*word = 0;
	if (!snap->contents) {
		if (!snap->rest_hash || !snap->rest_hash[chunk])
			return false;
		*word = snap->first_word[chunk];
		return true;
	}
	bytes = bytes_of(snap, chunk, snap->word, buf, &len);
	if (bytes)
		memcpy(word, bytes, snap->word);
	return bytes;
}

bool print_rest(const struct snapshot *snap, uint32_t chunk, uint32_t *hash)
{
	uint8_t buf[PRINT_BYTES];
	const uint8_t *bytes;
	size_t len;

	if (!snap->contents) {
		*hash = snap->rest_hash ? snap->rest_hash[chunk] : 0;
		return *hash;
	}
	bytes = bytes_of(snap, chunk, PRINT_BYTES, buf, &len);
	if (bytes)
		*hash = hash_of(bytes + snap->word, len - snap->word);
	return bytes;
}

int prints_keep(struct snapshot *snap, struct error *err)
{
	AUTO_FREE uint64_t *word = NULL;
	AUTO_FREE uint32_t *hash = NULL;

	if (!snap->contents || snap->rest_hash)
		return 0;
	word = try_calloc(snap->chunk_count, sizeof *word, "first words", err);
	if (!word)
		return -1;
	hash = try_calloc(snap->chunk_count, sizeof *hash, "prints", err);
	if (!hash)
		return -1;
	for (uint32_t i = 0; i < snap->chunk_count; i++) {
		if (i % STEP == 0 &&
		    progress_tick("keeping prints", i, snap->chunk_count, err))
			return -1;
		if (snap->chunk[i].state == CHUNK_USED &&
		    print_word(snap, i, &word[i]))
			(void)print_rest(snap, i, &hash[i]);
	}
	snap->first_word = word;
	snap->rest_hash = hash;
	word = NULL;
	hash = NULL;
	return 0;
}

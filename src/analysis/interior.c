#include "analysis/interior.h"

#include "target/maps.h"

/* A word of the snapshot's memory; false if it is not there. */
static bool word_at(const struct snapshot *snap, uint64_t addr, uint64_t *out)
{
	struct error ignored;

	*out = 0;
	if (image_read(snap->contents, addr, out, snap->word) == snap->word)
		return true;
	return snap->memory &&
	       !target_read(snap->memory, addr, out, snap->word, &ignored);
}

/* May a program have asked for "bytes" to get this chunk?  What malloc adds
 * is less than two of its smallest chunks, or than a page. */
static bool fits(const struct snapshot *snap, const struct chunk *c,
		 uint64_t bytes)
{
	uint64_t spare = c->arena == ARENA_MMAPPED ? 4096 : 4 * snap->word;

	return bytes && bytes <= c->size && c->size - bytes < spare;
}

/* {length, capacity, references}, the text, NUL: std::string before C++11. */
static bool is_string(const struct snapshot *snap, const struct chunk *c,
		      uint64_t value)
{
	uint64_t length, capacity, head = 3 * (uint64_t)snap->word;

	return value == c->addr + head && word_at(snap, c->addr, &length) &&
	       word_at(snap, c->addr + snap->word, &capacity) &&
	       length <= capacity && capacity < c->size &&
	       fits(snap, c, head + capacity + 1);
}

/* A length of 64 bits, and as many bytes. */
static bool has_length(const struct snapshot *snap, const struct chunk *c,
		       uint64_t value)
{
	uint64_t length, high = 0;

	if (value != c->addr + 8 || !word_at(snap, c->addr, &length))
		return false;
	if (snap->word < 8 && (!word_at(snap, c->addr + 4, &high) || high))
		return false;
	return length && length < c->size && fits(snap, c, length + 8);
}

/* The number of elements, and they, of equal size. */
static bool is_array(const struct snapshot *snap, const struct chunk *c,
		     uint64_t value)
{
	uint64_t n, room;

	if (value != c->addr + snap->word || !word_at(snap, c->addr, &n))
		return false;
	room = c->size - snap->word;
	return n && n <= room && fits(snap, c, room / n * n + snap->word);
}

static bool in_file(const struct snapshot *snap, uint64_t addr, unsigned prot)
{
	const struct map *map = maps_find(&snap->maps, addr);

	return map && map->path[0] == '/' && (map->prot & prot) == prot;
}

/* In a file's memory, where two functions are named before anything else. */
static bool is_vtable(const struct snapshot *snap, uint64_t addr)
{
	enum { LOOK = 20, ENOUGH = 2 };
	unsigned functions = 0;
	uint64_t word;

	if (addr % snap->word || !in_file(snap, addr, MAP_R))
		return false;
	for (unsigned i = 0; i < LOOK; i++) {
		if (!word_at(snap, addr + (uint64_t)i * snap->word, &word))
			return false;
		if (!word)
			continue;
		if (!in_file(snap, word, MAP_X))
			return false;
		if (++functions == ENOUGH)
			return true;
	}
	return false;
}

static bool is_base(const struct snapshot *snap, const struct chunk *c,
		    uint64_t value)
{
	uint64_t here, first;

	return value % snap->word == 0 && word_at(snap, value, &here) &&
	       word_at(snap, c->addr, &first) && is_vtable(snap, here) &&
	       is_vtable(snap, first);
}

bool interior_accepts(const struct snapshot *snap, uint32_t i, uint64_t value)
{
	const struct chunk *c = &snap->chunk[i];

	return is_string(snap, c, value) || has_length(snap, c, value) ||
	       is_array(snap, c, value) || is_base(snap, c, value);
}

/*
 * Nodes of libstdc++'s containers by what such a container alone keeps true, so
 * that no debug information is needed: a ring through a head that has their
 * number (std::list); a red-black tree below a head that has its ends and its
 * number (std::map, std::set); a chain of as many nodes as a table says, with
 * the table's buckets leading into it (std::unordered_map, _set).  The layouts
 * are part of libstdc++'s ABI (bits/stl_list.h, stl_tree.h, hashtable.h); a
 * whole container is checked before a node of it is believed.
 */
#include <stdlib.h>
#include <string.h>

#include "analysis/typing_impl.h"
#include "analysis/words.h"
#include "base/alloc.h"
#include "base/bitmap.h"
#include "base/progress.h"
#include "snapshot/finder.h"
#include "snapshot/roots.h"
#include "symbols/symbols.h"

enum {
	BLACK = 1,
	CLIMB_MAX = 128,	 /* a tree of 2^64 nodes is no higher */
	LOAD_FACTOR = 0x3f800000 /* 1.0f: that of nearly all tables */
};

enum { PARENT = 1, LEFT, RIGHT, COUNT }; /* words of a tree's node, its head */

struct shapes {
	struct typing *t;
	const struct snapshot *snap;
	struct finder finder;
	struct bitmap tried;
	struct u64map heads;		    /* of trees that were looked at */
	uint32_t list, tree, hash, buckets; /* numbers of names */
};

static bool word_of(const struct shapes *s, uint64_t addr, unsigned i,
		    uint64_t *out)
{
	addr += i * (uint64_t)s->snap->word;
	*out = 0;
	return image_read(s->snap->contents, addr, out, s->snap->word) ==
	       s->snap->word;
}

/* A used chunk that begins at addr and has no type yet, or CHUNK_NONE. */
static uint32_t free_for(const struct shapes *s, uint64_t addr)
{
	uint32_t chunk = finder_find(&s->finder, addr);

	if (chunk == CHUNK_NONE || s->snap->chunk[chunk].addr != addr ||
	    s->snap->chunk[chunk].state != CHUNK_USED || s->t->type[chunk])
		return CHUNK_NONE;
	return chunk;
}

static void name(struct shapes *s, uint32_t chunk, uint32_t number)
{
	s->t->type[chunk] = number;
	s->t->by[chunk] = TYPED_SHAPE;
}

/* A ring of chunks of one size with one head elsewhere, which counts them. */
static void try_list(struct shapes *s, uint32_t first)
{
	uint64_t size = s->snap->chunk[first].size, n = 0, counted = 0;
	uint64_t start = s->snap->chunk[first].addr, at = start, next, prev;
	bool head = false, good = size >= 3 * s->snap->word;

	do {
		uint32_t chunk = free_for(s, at);

		if (chunk != CHUNK_NONE) {
			if (at != start && bitmap_test(&s->tried, chunk))
				return;
			bitmap_set(&s->tried, chunk);
			good &= s->snap->chunk[chunk].size == size;
			n++;
		} else {
			good &= !head && word_of(s, at, 2, &counted);
			head = true;
		}
		if (!good || !word_of(s, at, 0, &next) ||
		    !word_of(s, next, 1, &prev) || prev != at)
			return;
		at = next;
	} while (at != start);
	if (!head || n != counted)
		return;
	do {
		uint32_t chunk = free_for(s, at);

		word_of(s, at, 0, &at);
		if (chunk != CHUNK_NONE)
			name(s, chunk, s->list);
	} while (at != start);
}

/* The head above the tree that a chunk would be in; 0: there is none. */
static uint64_t climb(const struct shapes *s, uint64_t node)
{
	for (unsigned i = 0; i < CLIMB_MAX; i++) {
		uint64_t up, over;

		if (!word_of(s, node, PARENT, &up) || !up ||
		    !word_of(s, up, PARENT, &over))
			return 0;
		if (over == node)
			return up;
		node = up;
	}
	return 0;
}

static bool is_black(const struct shapes *s, uint64_t node)
{
	uint32_t color = BLACK;

	return !node || (image_read(s->snap->contents, node, &color, 4) == 4 &&
			 color == BLACK);
}

/* Children know their parent; a red node has black ones. */
static bool is_tree_node(const struct shapes *s, uint64_t node, uint64_t size)
{
	uint32_t chunk = free_for(s, node), color;
	uint64_t child, up;

	if (chunk == CHUNK_NONE || s->snap->chunk[chunk].size != size ||
	    image_read(s->snap->contents, node, &color, 4) != 4 ||
	    color > BLACK)
		return false;
	for (unsigned side = LEFT; side <= RIGHT; side++) {
		if (!word_of(s, node, side, &child))
			return false;
		if (child && (!word_of(s, child, PARENT, &up) || up != node ||
			      (color != BLACK && !is_black(s, child))))
			return false;
	}
	return true;
}

/* In order; 0 behind the last, and where the tree is damaged. */
static uint64_t successor(const struct shapes *s, uint64_t node, uint64_t head)
{
	uint64_t at, up, right;

	if (!word_of(s, node, RIGHT, &at))
		return 0;
	if (at) {
		for (unsigned i = 0; i < CLIMB_MAX; i++) {
			if (!word_of(s, at, LEFT, &up))
				return 0;
			if (!up)
				return at;
			at = up;
		}
		return 0;
	}
	for (unsigned i = 0; i < CLIMB_MAX; i++) {
		if (!word_of(s, node, PARENT, &up) || up == head ||
		    !word_of(s, up, RIGHT, &right))
			return 0;
		if (right != node)
			return up;
		node = up;
	}
	return 0;
}

static int try_tree(struct shapes *s, uint32_t chunk, struct error *err)
{
	uint64_t head = climb(s, s->snap->chunk[chunk].addr), root, first, last;
	uint64_t size = s->snap->chunk[chunk].size, count, n = 0, at, end = 0;
	uint64_t *seen;

	if (!head || size < 5 * s->snap->word)
		return 0;
	seen = u64map_at(&s->heads, head, err);
	if (!seen)
		return -1;
	if (*seen)
		return 0;
	*seen = 1;
	if (!word_of(s, head, PARENT, &root) ||
	    !word_of(s, head, LEFT, &first) ||
	    !word_of(s, head, RIGHT, &last) ||
	    !word_of(s, head, COUNT, &count) || !count ||
	    count > s->snap->chunk_count || is_black(s, head) ||
	    !is_black(s, root))
		return 0;
	for (at = first; at && n <= count; at = successor(s, at, head), n++) {
		if (!is_tree_node(s, at, size))
			return 0;
		end = at;
	}
	if (n != count || end != last)
		return 0;
	for (at = first; at;) {
		uint32_t node = free_for(s, at);

		at = successor(s, at, head);
		name(s, node, s->tree);
	}
	return 0;
}

/* The buckets lead to what is before their first node: in the chain, or the
 * table's own link to its first one, which one does. */
static bool check_buckets(struct shapes *s, uint64_t at, uint64_t buckets,
			  uint64_t n)
{
	uint64_t own = 0, value;

	for (uint64_t i = 0; i < n; i++) {
		if (!word_of(s, buckets + i * s->snap->word, 0, &value))
			return false;
		if (value == at + 2 * s->snap->word)
			own++;
		else if (value && free_for(s, value) == CHUNK_NONE)
			return false;
	}
	return own == 1;
}

/* word: buckets, their number, the first node, how many, the load factor. */
static void try_table(struct shapes *s, uint64_t at, const uint64_t *word)
{
	uint32_t chunk = free_for(s, word[0]);
	uint64_t w = s->snap->word, node = word[2], n = 0, size = 0;
	bool inside = word[1] == 1 && word[0] == at + 6 * w;

	if (!word[1] || !word[3] || word[3] > s->snap->chunk_count ||
	    word[1] > UINT32_MAX)
		return;
	if (!inside &&
	    (chunk == CHUNK_NONE || s->snap->chunk[chunk].size < word[1] * w))
		return;
	if (!check_buckets(s, at, word[0], word[1]))
		return;
	for (; node && n <= word[3]; n++) {
		uint32_t c = free_for(s, node);

		if (c == CHUNK_NONE || (n && s->snap->chunk[c].size != size))
			return;
		size = s->snap->chunk[c].size;
		if (!word_of(s, node, 0, &node))
			return;
	}
	if (node || n != word[3])
		return;
	for (node = word[2]; node; word_of(s, node, 0, &node))
		name(s, free_for(s, node), s->hash);
	if (!inside)
		name(s, chunk, s->buckets);
}

static int scan_tables(struct shapes *s, uint64_t start, uint64_t end,
		       struct pieces *pieces, struct error *err)
{
	unsigned w = s->snap->word;
	const uint8_t *bytes;
	uint64_t addr, len;

	pieces_begin(pieces, s->snap->contents, start, end);
	while ((bytes = pieces_next(pieces, UINT64_MAX, &addr, &len))) {
		for (uint64_t i = -addr & (w - 1); i + 5 * w <= len; i += w) {
			uint64_t word[5];
			uint32_t load;

			memcpy(&load, bytes + i + 4 * w, 4);
			if (load != LOAD_FACTOR)
				continue;
			for (unsigned k = 0; k < 5; k++)
				word[k] = load_word(bytes + i + k * w, w);
			try_table(s, addr + i, word);
		}
		if (pieces_tick(pieces, len, "looking for containers", err))
			return -1;
	}
	return 0;
}

static int all_tables(struct shapes *s, struct error *err)
{
	struct pieces pieces = {0};
	struct roots roots;
	int ret = 0;

	if (roots_make(s->snap, ROOTS_ALL, &roots, err))
		return -1;
	for (size_t i = 0; i < roots.count && !ret; i++)
		ret = scan_tables(s, roots.range[i].start, roots.range[i].end,
				  &pieces, err);
	roots_deinit(&roots);
	for (uint32_t i = 0; i < s->snap->chunk_count && !ret; i++) {
		const struct chunk *c = &s->snap->chunk[i];

		if (c->state == CHUNK_USED && c->size >= 7 * s->snap->word)
			ret = scan_tables(s, c->addr, c->addr + c->size,
					  &pieces, err);
	}
	return ret;
}

static int all_nodes(struct shapes *s, struct error *err)
{
	for (uint32_t i = 0; i < s->snap->chunk_count; i++) {
		if (i % 4096 == 0 && progress_tick("looking for containers", i,
						   s->snap->chunk_count, err))
			return -1;
		if (s->snap->chunk[i].state != CHUNK_USED || s->t->type[i])
			continue;
		if (try_tree(s, i, err))
			return -1;
		if (!s->t->type[i] && !bitmap_test(&s->tried, i))
			try_list(s, i);
	}
	return 0;
}

/* Others may keep such rings and trees, too: it must be a program in C++. */
static bool has_libstdcxx(struct symbols *symbols)
{
	for (size_t i = 0; symbols && i < symbols_module_count(symbols); i++)
		if (!strncmp(symbols_module(symbols, i)->name, "libstdc++.so",
			     12))
			return true;
	return false;
}

int typing_shapes(struct typing *t, struct error *err)
{
	struct shapes s = {.t = t, .snap = t->snap};
	int ret = -1;

	if (!has_libstdcxx(t->symbols))
		return 0;
	s.list = typing_number(t, "std::_List_node", err);
	s.tree = typing_number(t, "std::_Rb_tree_node", err);
	s.hash = typing_number(t, "std::__detail::_Hash_node", err);
	s.buckets = typing_number(t, "std::__detail::_Hash_node_base *[]", err);
	if (!s.list || !s.tree || !s.hash || !s.buckets ||
	    finder_init(&s.finder, t->snap, NULL, err))
		return -1;
	if (!bitmap_init(&s.tried, t->snap->chunk_count, "containers", err)) {
		ret = all_tables(&s, err) || all_nodes(&s, err) ? -1 : 0;
		bitmap_deinit(&s.tried);
	}
	u64map_deinit(&s.heads);
	finder_deinit(&s.finder);
	return ret;
}

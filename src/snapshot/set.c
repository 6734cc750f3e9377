#include "snapshot/set.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/progress.h"
#include "snapshot/set_parse.h"

void set_destroy(struct set *set)
{
	if (!set)
		return;
	for (size_t i = 0; i < set->count; i++)
		free(set->node[i].text);
	free(set->node);
	free(set->text);
	free(set);
}

bool set_needs_diff(const struct set *set)
{
	return set->asks_new || set->asks_gone;
}

bool set_wants_gone(const struct set *set)
{
	return set->asks_gone;
}

bool set_needs_contents(const struct set *set)
{
	return set->asks_content;
}

bool set_needs_leaks(const struct set *set)
{
	return set->asks_leaks;
}

void set_tell_leaks(struct set *set, const uint8_t *kind)
{
	set->leak = kind;
}

bool set_needs_types(const struct set *set)
{
	return set->asks_types;
}

const char *set_type_name(const struct set *set, size_t at)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->node[i].op == SET_TYPE && !at--)
			return set->node[i].text;
	return NULL;
}

void set_tell_types(struct set *set, set_type_fn *is, const void *ctx)
{
	set->is = is;
	set->is_ctx = ctx;
}

const char *set_text(const struct set *set)
{
	return set->text ? set->text : "";
}

static bool compare(uint64_t a, enum set_cmp cmp, uint64_t b)
{
	switch (cmp) {
	case SET_EQ:
		return a == b;
	case SET_GE:
		return a >= b;
	case SET_LE:
		return a <= b;
	case SET_GT:
		return a > b;
	case SET_LT:
		return a < b;
	}
	return false;
}

/* Text that lies across the end of a run, at edge. */
static bool lies_across(const struct snapshot *snap, const struct chunk *c,
			uint64_t edge, const struct set_node *node)
{
	uint64_t start = c->addr, end = c->addr + c->size;
	AUTO_FREE uint8_t *buf = NULL;
	size_t len;

	if (edge - start >= node->text_len)
		start = edge - node->text_len + 1;
	if (end - edge >= node->text_len)
		end = edge + node->text_len - 1;
	buf = xmalloc(end - start);
	len = image_read(snap->contents, start, buf, end - start);
	return memmem(buf, len, node->text, node->text_len);
}

static bool holds_text(const struct snapshot *snap, const struct chunk *c,
		       const struct set_node *node)
{
	uint64_t at = c->addr, end = c->addr + c->size;

	if (!snap->contents)
		return false;
	while (at < end) {
		size_t len;
		const uint8_t *bytes = image_at(snap->contents, at, &len);

		if (!bytes) {
			at = image_next(snap->contents, at);
			continue;
		}
		if (len > end - at)
			len = end - at;
		if (memmem(bytes, len, node->text, node->text_len))
			return true;
		at += len;
		if (at < end && lies_across(snap, c, at, node))
			return true;
	}
	return false;
}

static bool node_has(const struct set *set, uint32_t at,
		     const struct snapshot *snap, const struct bitmap *fresh,
		     uint32_t i)
{
	const struct set_node *node = &set->node[at];
	const struct chunk *c = &snap->chunk[i];

	switch (node->op) {
	case SET_ALL:
		return true;
	case SET_STATE:
		return c->state == node->value;
	case SET_MMAPPED:
		return c->arena == ARENA_MMAPPED;
	case SET_FRESH:
		return fresh && bitmap_test(fresh, i);
	case SET_SIZE:
		return compare(c->size, node->cmp, node->value);
	case SET_CLASS:
		return compare(snapshot_chunk_size(snap, i), node->cmp,
			       node->value);
	case SET_ARENA:
		return c->arena == node->value;
	case SET_CONTENT:
		return holds_text(snap, c, node);
	case SET_LEAK:
		return set->leak && node->value >> set->leak[i] & 1;
	case SET_TYPE:
		return set->is && set->is(set->is_ctx, i, node->text);
	case SET_NOT:
		return !node_has(set, node->left, snap, fresh, i);
	case SET_AND:
		return node_has(set, node->left, snap, fresh, i) &&
		       node_has(set, node->right, snap, fresh, i);
	case SET_OR:
		return node_has(set, node->left, snap, fresh, i) ||
		       node_has(set, node->right, snap, fresh, i);
	}
	return false;
}

bool set_has(const struct set *set, const struct snapshot *snap,
	     const struct bitmap *fresh, uint32_t chunk)
{
	return node_has(set, set->root, snap, fresh, chunk);
}

int set_select(const struct set *set, const struct snapshot *snap,
	       const struct bitmap *fresh, uint32_t **out, uint32_t *count,
	       struct error *err)
{
	AUTO_FREE uint32_t *index = NULL;
	size_t cap = 0, n = 0;

	for (uint32_t i = 0; i < snap->chunk_count; i++) {
		if (i % 4096 == 0 &&
		    progress_tick("choosing chunks", i, snap->chunk_count, err))
			return -1;
		if (!set_has(set, snap, fresh, i))
			continue;
		if (GROW(index, cap, n + 1, "list of chunks", err))
			return -1;
		index[n++] = i;
	}
	*out = index ? index : xmalloc(sizeof *index);
	*count = (uint32_t)n;
	index = NULL;
	return 0;
}

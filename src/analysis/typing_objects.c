/*
 * A table of virtual functions tells what a chunk begins with: one object, or a
 * buffer, a slab, an arena whose first is one.  Debug information has the size
 * of the class.  Without it, what begins with the same word tells: a second one
 * in the chunk is another object, and none is larger than the smallest chunk.
 */
#include <stdlib.h>
#include <string.h>

#include "analysis/describe.h"
#include "analysis/typing_fit.h"
#include "analysis/typing_impl.h"
#include "base/alloc.h"

struct smallest {
	struct u64map size;  /* word -> usable bytes */
	struct u64map count; /* word -> chunks of that size */
};

static uint64_t word_at(const struct typing *t, uint64_t addr)
{
	uint64_t word = 0;

	if (image_read(t->snap->contents, addr, &word, t->snap->word) !=
	    t->snap->word)
		return 0;
	return word;
}

/* As large as malloc makes it: what it would have split off was no chunk. */
static bool fits(const struct typing *t, const struct chunk *c, uint64_t size)
{
	uint64_t rounding = FIT_ROUNDING + 2 * (uint64_t)t->snap->word;

	if (c->arena == ARENA_MMAPPED)
		rounding = 4096 + FIT_ROUNDING;
	return size <= c->size && (c->size <= 3 * (uint64_t)t->snap->word ||
				   c->size - size < rounding);
}

/* Does an object begin at every stride, up to what rounding has added? */
static bool is_array(const struct typing *t, const struct chunk *c,
		     uint64_t word, uint64_t stride)
{
	uint64_t at;

	if (stride * 2 > c->size)
		return false;
	for (at = stride; at + stride <= c->size; at += stride)
		if (word_at(t, c->addr + at) != word)
			return at + FIT_ROUNDING > c->size && at > stride;
	return fits(t, c, at);
}

/* Where the word is found once more; 0: nowhere. */
static uint64_t again(const struct typing *t, const struct chunk *c,
		      uint64_t word)
{
	for (uint64_t at = t->snap->word; at + t->snap->word <= c->size;
	     at += t->snap->word)
		if (word_at(t, c->addr + at) == word)
			return at;
	return 0;
}

static enum typed_form form_of(const struct typing *t,
			       const struct smallest *smallest, uint32_t chunk,
			       uint64_t size)
{
	const struct chunk *c = &t->snap->chunk[chunk];
	uint64_t word = word_at(t, c->addr), stride = size, count = 0;

	if (!size) {
		stride = again(t, c, word);
		u64map_get(&smallest->size, word, &size);
		u64map_get(&smallest->count, word, &count);
		if (stride && !fits(t, c, stride))
			size = 0;
		else if (count == 1 && size > DESCRIBE_LARGE)
			size = 0;
	}
	if (stride && is_array(t, c, word, stride))
		return FORM_ARRAY;
	return size && fits(t, c, size) ? FORM_ONE : FORM_BEGINS;
}

static int note_smallest(const struct typing *t, struct smallest *s,
			 struct error *err)
{
	for (uint32_t i = 0; i < t->snap->chunk_count; i++) {
		const struct chunk *c = &t->snap->chunk[i];
		uint64_t *size, *count, word;

		if (t->by[i] != TYPED_VTABLE)
			continue;
		word = word_at(t, c->addr);
		size = u64map_at(&s->size, word, err);
		count = u64map_at(&s->count, word, err);
		if (!size || !count)
			return -1;
		if (*size && *size < c->size)
			continue;
		*count = *size == c->size ? *count + 1 : 1;
		*size = c->size;
	}
	return 0;
}

static struct type *class_of(const struct typing *t, uint32_t number)
{
	struct type *type;
	struct error none;

	if (!t->symbols ||
	    symbols_type_find(t->symbols, t->name[number].text, &type, &none))
		return NULL;
	type = type_strip(type);
	return type->is_declaration ? NULL : type;
}

/* Bytes; 0: not known. */
static int size_of(const struct typing *t, struct u64map *known,
		   uint32_t number, uint64_t *out, struct error *err)
{
	uint64_t *slot = u64map_at(known, number, err);

	if (!slot)
		return -1;
	if (!*slot) {
		struct type *type = class_of(t, number);

		*slot = (type ? type_size(type) : 0) + 1;
	}
	*out = *slot - 1;
	return 0;
}

/* A way to it may tell more, so it is not named by its table yet. */
static int doubt(struct typing *t, struct objects *o, uint32_t chunk,
		 enum typed_form form, struct error *err)
{
	uint32_t number = t->type[chunk];
	AUTO_FREE char *name = xasprintf("%s%s", t->name[number].text,
					 form == FORM_ARRAY ? "[]" : "+");

	if (GROW(o->doubt, o->cap, o->count + 1, "objects", err))
		return -1;
	t->type[chunk] = typing_number(t, name, err);
	if (!t->type[chunk])
		return -1;
	t->by[chunk] = TYPED_NOT;
	o->doubt[o->count++] = (struct doubt){chunk, number, t->type[chunk]};
	return 0;
}

int typing_objects(struct typing *t, struct objects *out, struct error *err)
{
	struct smallest smallest = {0};
	struct u64map known = {0};
	int ret = note_smallest(t, &smallest, err);

	for (uint32_t i = 0; i < t->snap->chunk_count && !ret; i++) {
		enum typed_form form;
		uint64_t size;

		if (t->by[i] != TYPED_VTABLE)
			continue;
		ret = size_of(t, &known, t->type[i], &size, err);
		if (ret)
			break;
		form = form_of(t, &smallest, i, size);
		if (form != FORM_ONE)
			ret = doubt(t, out, i, form, err);
	}
	u64map_deinit(&known);
	u64map_deinit(&smallest.size);
	u64map_deinit(&smallest.count);
	return ret;
}

/* Not a pointer to a base of the class: that says less than the table. */
static bool says_more(struct typing *t, const struct doubt *d)
{
	uint32_t path = t->paths ? t->paths->node[d->chunk] : 0, own = 0;
	struct type *type = class_of(t, d->class_name);
	struct error ignored;

	if (!path)
		return false;
	if (t->paths->nodes.node[path].kind < NODE_STRUCT)
		return true;
	if (!type || !node_of(&t->paths->nodes, type, &own, &ignored) || !own)
		return false;
	return path == own || !node_has(&t->paths->nodes, own, 0, path);
}

void typing_objects_settle(struct typing *t, struct objects *o)
{
	for (size_t i = 0; i < o->count; i++) {
		const struct doubt *d = &o->doubt[i];

		if (t->by[d->chunk] != TYPED_NOT && says_more(t, d))
			continue;
		t->type[d->chunk] = d->number;
		t->by[d->chunk] = TYPED_VTABLE;
	}
	free(o->doubt);
	*o = (struct objects){0};
}

bool typing_is_whole(const struct typing *typing, uint32_t chunk)
{
	const char *name = typing_name(typing, chunk);
	size_t len = strlen(name);

	return !len || (name[len - 1] != '+' && name[len - 1] != ']' &&
			!strstr(name, "+ (") && !strstr(name, " at +"));
}

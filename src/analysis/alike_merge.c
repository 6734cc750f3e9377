#include "analysis/alike_merge.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

enum {
	WORDS = 8,
	LEAST_SAME = 2 /* words that have to be the same, and not zero */
};

/* Of a key, numbers of names: there are more than one. */
#define MANY UINT64_MAX

/* "64 B {* 0x05 0}" in parts. */
struct parts {
	const char *word[WORDS];
	size_t len[WORDS];
	unsigned count;
	size_t before; /* characters before the first */
};

static bool take_apart(const char *name, struct parts *out)
{
	const char *at = strchr(name, '{');

	*out = (struct parts){0};
	if (!at)
		return false;
	out->before = (size_t)(++at - name);
	while (*at && *at != '}' && out->count < WORDS) {
		size_t len = strcspn(at, " }");

		out->word[out->count] = at;
		out->len[out->count++] = len;
		at += len + (at[len] == ' ');
	}
	return *at == '}';
}

static bool is_zero(const struct parts *p, unsigned i)
{
	return p->len[i] == 1 && *p->word[i] == '0';
}

static bool is_pointer(const struct parts *p, unsigned i)
{
	return *p->word[i] == '*';
}

static uint64_t add_hash(uint64_t hash, const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (uint8_t)s[i]) * UINT64_C(0x100000001b3);
	return (hash ^ ' ') * UINT64_C(0x100000001b3);
}

/* What all have whose names differ in the word i alone. */
static uint64_t key_without(const char *name, const struct parts *p, unsigned i)
{
	uint64_t hash = add_hash(UINT64_C(0xcbf29ce484222325), name, p->before);

	for (unsigned k = 0; k < p->count; k++)
		hash = k == i ? add_hash(hash, "_", 1)
			      : add_hash(hash, p->word[k], p->len[k]);
	return hash;
}

/* Are enough words the same, not counting i? */
static bool is_proof(const struct parts *p, unsigned i)
{
	unsigned same = 0;

	for (unsigned k = 0; k < p->count; k++)
		same += k != i && !is_zero(p, k) && *p->word[k] != 'n' &&
			*p->word[k] != '?';
	return same >= LEAST_SAME;
}

static int note_pointers(struct u64map *known, const struct typing *t,
			 size_t number, struct error *err)
{
	struct parts p;

	if (!take_apart(t->name[number].text, &p))
		return 0;
	for (unsigned i = 0; i < p.count; i++) {
		uint64_t *slot;

		if (!is_pointer(&p, i) || !is_proof(&p, i))
			continue;
		slot = u64map_at(known,
				 key_without(t->name[number].text, &p, i), err);
		if (!slot)
			return -1;
		*slot = *slot ? MANY : number;
	}
	return 0;
}

/* The one that it is but for a pointer, or itself. */
static uint32_t same_as(const struct u64map *known, const struct typing *t,
			size_t number)
{
	uint64_t found = 0;
	struct parts p;

	if (!take_apart(t->name[number].text, &p))
		return (uint32_t)number;
	for (unsigned i = 0; i < p.count; i++) {
		uint64_t one;

		if (!is_zero(&p, i) ||
		    !u64map_get(known, key_without(t->name[number].text, &p, i),
				&one))
			continue;
		found = found ? MANY : one;
	}
	return found && found != MANY ? (uint32_t)found : (uint32_t)number;
}

int alike_merge(struct typing *t, size_t first, struct error *err)
{
	uint32_t *to = try_calloc(t->names - first, sizeof(*to),
				  "names of what is alike", err);
	struct u64map known = {0};
	int ret = to ? 0 : -1;

	for (size_t i = first; i < t->names && !ret; i++)
		ret = note_pointers(&known, t, i, err);
	for (size_t i = first; i < t->names && !ret; i++)
		to[i - first] = same_as(&known, t, i);
	/* What that one is itself the same as. */
	for (size_t i = first; i < t->names && !ret; i++)
		to[i - first] = to[to[i - first] - first];
	for (uint32_t i = 0; i < t->snap->chunk_count && !ret; i++)
		if (t->by[i] == TYPED_ALIKE && t->type[i] >= first)
			t->type[i] = to[t->type[i] - first];
	u64map_deinit(&known);
	free(to);
	return ret;
}

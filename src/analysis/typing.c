#include "analysis/typing.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/typing_alike.h"
#include "analysis/typing_blocks.h"
#include "analysis/typing_follow.h"
#include "analysis/typing_impl.h"
#include "analysis/typing_owner.h"
#include "base/alloc.h"
#include "symbols/symbols_types.h"

/* FNV-1a. */
static uint64_t hash_of(const char *text)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (; *text; text++)
		hash = (hash ^ (uint8_t)*text) * UINT64_C(0x100000001b3);
	return hash;
}

static int add_name(struct typing *t, const char *text, uint64_t place,
		    struct error *err)
{
	if (GROW(t->name, t->name_cap, t->names + 1, "names of types", err))
		return -1;
	t->name[t->names++] =
		(struct typed_name){.text = xstrdup(text), .place = place};
	return 0;
}

static bool is_number_of(const struct typing *t, uint64_t n, const char *text,
			 uint64_t place)
{
	const struct typed_name *name = &t->name[n];

	return name->place == place &&
	       !strcmp(name->plain ? name->plain : name->text, text);
}

uint32_t typing_number_at(struct typing *t, const char *text, uint64_t place,
			  struct error *err)
{
	uint64_t hash = node_mix(hash_of(text), place), *n;

	/* Two names of one hash: the next key is the other's. */
	for (;; hash++) {
		n = u64map_at(&t->number, hash, err);
		if (!n)
			return 0;
		if (!*n)
			break;
		if (is_number_of(t, *n, text, place))
			return (uint32_t)*n;
	}
	if (add_name(t, text, place, err))
		return 0;
	*n = t->names - 1;
	return (uint32_t)*n;
}

uint32_t typing_number_known(const struct typing *t, const char *text,
			     uint64_t place)
{
	uint64_t hash = node_mix(hash_of(text), place), n;

	for (; u64map_get(&t->number, hash, &n) && n; hash++)
		if (is_number_of(t, n, text, place))
			return (uint32_t)n;
	return 0;
}

uint32_t typing_number(struct typing *t, const char *text, struct error *err)
{
	return typing_number_at(t, text, 0, err);
}

/* Has the program itself debug information? */
static bool knows_types(const struct typing *t)
{
	const struct module *exe = t->symbols ? symbols_exe(t->symbols) : NULL;
	const char *why;

	return exe && symbols_has_types(t->symbols, exe, &why);
}

/* Of what has no type, what it looks like and whose it is.  Where types are
 * known, an owner tells more. */
static int tell_rest(struct typing *t, struct error *err)
{
	bool known = knows_types(t);
	size_t alike;

	if (known && typing_owners(t, err))
		return -1;
	if (typing_alike(t, &alike, err))
		return -1;
	if (known)
		return alike ? typing_owners(t, err) : 0;
	if (typing_owners(t, err) || blocks_find(t, err))
		return -1;
	return t->blocks.count ? typing_owners(t, err) : 0;
}

int typing_make(const struct snapshot *snap, struct symbols *symbols,
		struct typing **out, struct error *err)
{
	struct objects objects = {0};
	struct typing *t;
	int ret;

	if (!snap->contents)
		return error_set(err, ERR_UNSUPPORTED,
				 "the bytes of snapshot %s are not kept (any "
				 "more), and types are read from them: take a "
				 "new one",
				 snap->name);
	t = xcalloc(1, sizeof(*t));
	t->snap = snap;
	t->symbols = symbols;
	t->type = try_calloc(snap->chunk_count, sizeof(*t->type),
			     "types of chunks", err);
	t->by = try_calloc(snap->chunk_count, 1, "types of chunks", err);
	ret = !t->type || !t->by || add_name(t, "", 0, err) ||
	      typing_vtables(t, err) || typing_objects(t, &objects, err) ||
	      (symbols && typing_follow(t, err)) || typing_shapes(t, err) ||
	      typing_beginnings(t, err);
	typing_objects_settle(t, &objects);
	if (ret || tell_rest(t, err)) {
		typing_destroy(t);
		return -1;
	}
	*out = t;
	return 0;
}

void typing_destroy(struct typing *typing)
{
	if (!typing)
		return;
	for (size_t i = 0; i < typing->names; i++) {
		free(typing->name[i].text);
		free(typing->name[i].plain);
	}
	free(typing->name);
	free(typing->type);
	free(typing->by);
	free(typing->owner);
	u64map_deinit(&typing->number);
	u64map_deinit(&typing->blocks);
	paths_destroy(typing->paths);
	free(typing);
}

void typing_keep_names(struct typing *typing)
{
	paths_destroy(typing->paths);
	typing->paths = NULL;
	typing->symbols = NULL;
}

enum typed_by typing_best(const struct typing *typing, uint32_t chunk,
			  uint32_t *name)
{
	enum typed_by by = (enum typed_by)typing->by[chunk];

	*name = typing->type[chunk];
	if (by > TYPED_OWNER || typing->snap->chunk[chunk].state != CHUNK_USED)
		return by;
	if (!typing->owner[chunk] || typing->owner[chunk] == OWNER_SEVERAL)
		return by;
	*name = typing->owner[chunk];
	return TYPED_OWNER;
}

const char *typing_row_name(const struct typing *typing, uint32_t chunk)
{
	uint32_t name;

	return typing_best(typing, chunk, &name) == TYPED_NOT
		       ? typed_by_name(TYPED_NOT)
		       : typing->name[name].text;
}

bool typing_is_cut(const struct typing *typing)
{
	return typing->paths && typing->paths->cut;
}

const char *typing_name(const struct typing *typing, uint32_t chunk)
{
	return typing->name[typing->type[chunk]].text;
}

const char *type_without_word(const char *name)
{
	static const char *const word[] = {"struct ", "union ", "class ",
					   "enum "};

	for (size_t i = 0; i < sizeof(word) / sizeof(*word); i++)
		if (!strncmp(name, word[i], strlen(word[i])))
			return name + strlen(word[i]);
	return name;
}

/* "struct client at +8" goes by "struct client", too, so does the one of
 * several of that name, "struct client (a.c:12)", and what has the address of a
 * variable by that. */
static bool is_name(const char *type, const char *name)
{
	const char *variable = strstr(type, "+ (");
	size_t len = strlen(name);

	if (variable && !strncmp(variable + 3, name, len) &&
	    variable[3 + len] == ')')
		return true;
	if (strncmp(type, name, len) != 0)
		return false;
	if (!strncmp(type + len, " (", 2)) {
		const char *close = strchr(type + len, ')');

		len = close ? (size_t)(close + 1 - type) : len;
	}
	return (!type[len] || !strncmp(type + len, " at +", 5));
}

bool typing_is(const struct typing *typing, uint32_t chunk, const char *name)
{
	const char *type;
	uint32_t number;

	if (typing->snap->chunk[chunk].state != CHUNK_USED)
		return false;
	if (typing_best(typing, chunk, &number) == TYPED_NOT)
		return !strcmp(name, typed_by_name(TYPED_NOT));
	type = typing->name[number].text;
	return is_name(type, name) || is_name(type_without_word(type), name);
}

const char *typed_by_name(enum typed_by by)
{
	static const char *const name[] = {
		[TYPED_NOT] = "unknown",   [TYPED_TEXT] = "text",
		[TYPED_SIZE] = "size",	   [TYPED_SYMBOL] = "symbol",
		[TYPED_OWNER] = "owner",   [TYPED_PART] = "part",
		[TYPED_MEMBER] = "member", [TYPED_SHAPE] = "shape",
		[TYPED_TAG] = "tag",	   [TYPED_PATH] = "path",
		[TYPED_VTABLE] = "vtable", [TYPED_ALIKE] = "alike",
		[TYPED_SAME] = "alike",
	};

	return name[by];
}

uint64_t typing_bytes(const struct typing *typing)
{
	return sizeof(*typing) +
	       typing->snap->chunk_count *
		       (uint64_t)(sizeof(*typing->type) + sizeof(*typing->by) +
				  sizeof(*typing->owner)) +
	       typing->name_cap * sizeof(*typing->name) +
	       (typing->number.cap + typing->blocks.cap) *
		       sizeof(*typing->number.slot);
}

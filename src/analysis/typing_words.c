/* Types by what a chunk's first words lead to, as describe.h reads them. */
#include "analysis/describe.h"
#include "analysis/typing_impl.h"
#include "analysis/typing_member.h"
#include "analysis/words.h"
#include "base/progress.h"
#include "snapshot/modules.h"

enum { NAME_ROOM = 2000 };

/* The first word of a used chunk without a type, if it was kept. */
static bool first_word(const struct typing *t, uint32_t chunk, uint64_t *word)
{
	const struct chunk *c = &t->snap->chunk[chunk];

	*word = 0;
	return c->state == CHUNK_USED && !t->type[chunk] &&
	       c->size >= t->snap->word &&
	       image_read(t->snap->contents, c->addr, word, t->snap->word) ==
		       t->snap->word;
}

/* The number of the class of objects that begin with word; 0: of none. */
static int class_of(struct typing *t, struct u64map *known, uint64_t word,
		    uint32_t *number, struct error *err)
{
	uint64_t *slot = u64map_at(known, word, err);
	char name[NAME_ROOM];

	if (!slot)
		return -1;
	/* Kept one higher: 0 is of a word not asked about. */
	if (!*slot) {
		*number = 0;
		if (describe_class(t->snap, word, name, sizeof(name))) {
			*number = typing_number(t, name, err);
			if (!*number)
				return -1;
		}
		*slot = (uint64_t)*number + 1;
	}
	*number = (uint32_t)*slot - 1;
	return 0;
}

/* Where no table can be: most words are told without a look. */
static bool in_module(const struct snapshot *snap, uint64_t word)
{
	return !snap->module_count || modules_find(snap, word);
}

int typing_vtables(struct typing *t, struct error *err)
{
	struct u64map known = {0};
	int ret = 0;

	for (uint32_t i = 0; i < t->snap->chunk_count && !ret; i++) {
		uint64_t word;

		if (i % 4096 == 0)
			ret = progress_tick("reading classes", i,
					    t->snap->chunk_count, err);
		if (ret || !first_word(t, i, &word) || word % t->snap->word ||
		    !in_module(t->snap, word))
			continue;
		ret = class_of(t, &known, word, &t->type[i], err);
		if (t->type[i])
			t->by[i] = TYPED_VTABLE;
	}
	u64map_deinit(&known);
	return ret;
}

static int name_symbol(struct typing *t, struct members *members,
		       uint32_t chunk, const char *symbol, struct error *err)
{
	if (members_find(members, chunk, symbol, &t->type[chunk], err))
		return -1;
	t->by[chunk] = TYPED_MEMBER;
	if (t->type[chunk])
		return 0;
	t->type[chunk] = typing_number(t, symbol, err);
	t->by[chunk] = TYPED_SYMBOL;
	return t->type[chunk] ? 0 : -1;
}

static int name_all(struct typing *t, struct members *members,
		    struct error *err)
{
	uint32_t text = typing_number(t, "text", err);
	char name[NAME_ROOM];

	if (!text)
		return -1;
	for (uint32_t i = 0; i < t->snap->chunk_count; i++) {
		if (i % 4096 == 0 && progress_tick("reading first words", i,
						   t->snap->chunk_count, err))
			return -1;
		if (t->snap->chunk[i].state != CHUNK_USED || t->type[i])
			continue;
		switch (describe_chunk(t->snap, t->symbols, i, name,
				       sizeof(name))) {
		case DESCRIBED_TEXT:
			t->type[i] = text;
			t->by[i] = TYPED_TEXT;
			break;
		case DESCRIBED_SYMBOL:
			if (name_symbol(t, members, i, name, err))
				return -1;
			break;
		default:
			break;
		}
	}
	return 0;
}

int typing_beginnings(struct typing *t, struct error *err)
{
	struct members members;
	int ret = -1;

	if (!members_init(&members, t, err))
		ret = name_all(t, &members, err);
	members_deinit(&members);
	return ret;
}

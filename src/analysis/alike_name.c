/* What chunks that are alike go by: what their words are. */
#include <inttypes.h>
#include <string.h>

#include "analysis/alike.h"
#include "snapshot/modules.h"

enum {
	NAMED_WORDS = 7,
	ARRAY = 5,     /* words of one kind, at least */
	NAMED_MAX = 36 /* characters, not to be much longer */
};

/* What all but few samples have at one word. */
struct common {
	const struct alike_chunk *chunk;
	size_t count;
	unsigned word, width;
};

static bool nearly_all(size_t part, size_t all)
{
	return part * 20 >= all * 19;
}

/* A byte of the word that nearly all have. */
static bool common_byte(const struct common *c, unsigned byte, uint8_t *out)
{
	size_t count[256] = {0};

	for (size_t i = 0; i < c->count; i++)
		count[c->chunk[i].word[c->word].value >> 8 * byte & 0xff]++;
	for (unsigned v = 0; v < 256; v++)
		if (nearly_all(count[v], c->count)) {
			*out = (uint8_t)v;
			return true;
		}
	return false;
}

/* The first byte of a number where nearly all have the same, and not zero: a
 * tag, perhaps. */
static bool is_tag(const struct common *c, uint8_t *tag)
{
	return common_byte(c, 0, tag) && *tag;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* "@lua+0x3f10" where nearly all have that address; else "@". */
static void name_module(const struct snapshot *snap, const struct common *c,
			struct strbuf *out)
{
	const struct snapshot_module *module;
	const struct map *map;
	uint64_t value = 0, start;
	size_t in = 0, same = 0;

	for (size_t i = 0; i < c->count; i++) {
		const struct alike_word *w = &c->chunk[i].word[c->word];

		if (w->kind != ALIKE_MODULE)
			continue;
		in++;
		if (!same)
			value = w->value;
		same += w->value == value;
	}
	module = modules_find(snap, value);
	start = module ? module->start : 0;
	map = maps_find(&snap->maps, start);
	strbuf_add(out, "@");
	if (map && nearly_all(same, in))
		strbuf_addf(out, "%s+%#" PRIx64, base_name(map->path),
			    value - start);
}

static void name_word(const struct snapshot *snap, const struct common *c,
		      enum alike_kind kind, struct strbuf *out)
{
	static const char *const name[ALIKE_KINDS + 1] = {
		[ALIKE_ZERO] = "0",    [ALIKE_START] = "*",
		[ALIKE_INSIDE] = "*+", [ALIKE_SELF] = "&",
		[ALIKE_HEAP] = "free", [ALIKE_MAPPED] = "mem",
		[ALIKE_TEXT] = "text", [ALIKE_FLOAT] = "f",
		[ALIKE_NUMBER] = "n",  [ALIKE_KINDS] = "?",
	};
	uint8_t tag;

	if (kind == ALIKE_NUMBER && is_tag(c, &tag))
		strbuf_addf(out, "0x%02x", tag);
	else if (kind == ALIKE_MODULE)
		name_module(snap, c, out);
	else
		strbuf_add(out, name[kind]);
}

/* What most are that are not zero; ALIKE_KINDS: this and that. */
static enum alike_kind usual_kind(const struct common *c)
{
	size_t count[ALIKE_KINDS] = {0}, some;
	enum alike_kind most = ALIKE_ZERO + 1;

	for (size_t i = 0; i < c->count; i++)
		count[c->chunk[i].word[c->word].kind]++;
	some = c->count - count[ALIKE_ZERO];
	if (some * 10 <= c->count)
		return ALIKE_ZERO;
	for (unsigned k = ALIKE_ZERO + 1; k < ALIKE_KINDS; k++)
		if (count[k] > count[most])
			most = (enum alike_kind)k;
	return count[most] * 2 > some ? most : ALIKE_KINDS;
}

/* Words of one kind are an array's, or of what has no structure. */
struct sameness {
	enum alike_kind first;
	unsigned words;
	bool same;
};

static void compare(struct sameness *s, const struct common *c,
		    enum alike_kind kind)
{
	uint8_t tag;

	s->words++;
	if (kind == ALIKE_ZERO)
		return;
	/* A tag is another kind than other numbers. */
	if (kind == ALIKE_NUMBER && is_tag(c, &tag))
		kind = ALIKE_NOTHING;
	if (s->first == ALIKE_ZERO)
		s->first = kind;
	s->same = s->same && kind == s->first;
}

static bool proves_little(const struct sameness *s)
{
	/* Few pointers are a struct rather than an array. */
	return s->same && (s->words >= ARRAY || s->first == ALIKE_NUMBER ||
			   s->first == ALIKE_KINDS);
}

bool alike_name(const struct snapshot *snap, const struct alike_chunk *chunk,
		size_t count, struct strbuf *out)
{
	struct sameness sameness = {.same = true};
	struct strbuf words = {0};
	bool text = false;

	for (unsigned w = 0; w < NAMED_WORDS && !text; w++) {
		struct common c = {chunk, count, w, snap->word};
		enum alike_kind kind = usual_kind(&c);

		if (kind == ALIKE_NOTHING)
			break;
		compare(&sameness, &c, kind);
		strbuf_add(&words, w ? " " : "");
		if (words.len > NAMED_MAX) {
			strbuf_add(&words, "..");
			break;
		}
		name_word(snap, &c, kind, &words);
		text = kind == ALIKE_TEXT;
	}
	/* Text is of any length. */
	if (!text)
		strbuf_addf(out, "%" PRIu64 " B ",
			    snapshot_chunk_size(snap, chunk->chunk));
	strbuf_addf(out, "{%s}", strbuf_str(&words));
	strbuf_deinit(&words);
	return !proves_little(&sameness);
}

#include "analysis/typing_why.h"

#include <inttypes.h>
#include <stdlib.h>

#include "analysis/alike_why.h"
#include "analysis/describe.h"
#include "analysis/typing_chain.h"
#include "analysis/typing_fit.h"
#include "analysis/typing_places.h"
#include "analysis/typing_proof.h"
#include "base/alloc.h"
#include "base/fmt.h"
#include "snapshot/place.h"
#include "symbols/symbols.h"

enum { CANDIDATES = 12 };

struct why_line *why_add(struct why *why, const char *section, char *text)
{
	if (why->count == why->cap) {
		why->cap = why->cap ? 2 * why->cap : 16;
		why->line = xrealloc(why->line, why->cap * sizeof(*why->line));
	}
	why->line[why->count] =
		(struct why_line){.section = section, .text = text};
	return &why->line[why->count++];
}

void why_add_at(struct why *why, const char *section, uint64_t addr, char *text)
{
	struct why_line *line = why_add(why, section, text);

	line->has_addr = true;
	line->addr = addr;
}

static uint64_t first_word(const struct typing *t, uint32_t chunk)
{
	uint64_t word = 0;

	if (image_read(t->snap->contents, t->snap->chunk[chunk].addr, &word,
		       t->snap->word) != t->snap->word)
		return 0;
	return word;
}

static void why_vtable(const struct typing *t, uint32_t chunk, struct why *why)
{
	uint64_t word = first_word(t, chunk);
	char name[300];

	if (!t->symbols ||
	    !symbols_format(t->symbols, word, name, sizeof(name)))
		name[0] = '\0';
	why_add_at(
		why, "why", word,
		xasprintf("its first word is the address of a table of virtual "
			  "functions%s%s",
			  *name ? ": " : "", name));
	why_add(why, "why",
		xstrdup("the type information in front of that table names the "
			"class; the table is of the complete object, not of a "
			"base"));
	if (!typing_is_whole(t, chunk))
		why_add(why, "why",
			xstrdup("the chunk begins with such an object and is "
				"not "
				"just one: it is larger than the class, or "
				"than "
				"others that begin so, or has several"));
}

static void why_symbol(const struct typing *t, uint32_t chunk, struct why *why)
{
	struct symbol symbol;
	uint64_t at;

	if (describe_first_symbol(t->snap, t->symbols, chunk, &at, &symbol))
		why_add_at(why, "why", symbol.addr,
			   xasprintf("the word at +%" PRIu64
				     " is the very address of the %s %s",
				     at,
				     symbol.is_object ? "variable" : "function",
				     typing_name(t, chunk)));
}

static void add_chain(const struct typing *t, uint32_t chunk, struct why *why)
{
	struct strbuf sb = {0};
	uint64_t word;

	typing_chain(t, chunk, &sb);
	if (sb.len)
		why_add(why, "why", xstrdup(strbuf_str(&sb)));
	strbuf_deinit(&sb);
	if (typing_led(t, chunk, &word))
		why_add_at(
			why, "why", word,
			xstrdup("to where that begins leads no pointer whose "
				"type is known, but the word here does, and "
				"what is there begins as such objects do"));
}

/* The pointer on the way says that; or one that was met later, of which is said
 * below. */
static bool way_says(const struct typing *t, uint32_t chunk)
{
	const struct paths *p = t->paths;

	for (size_t i = 0; i < p->claims; i++) {
		const struct typed_claim *c = &p->claim[i];

		if (c->chunk == chunk && !c->at && !c->against &&
		    c->node == p->node[chunk])
			return false;
	}
	return true;
}

/* What is kept of a tag, if there is something. */
static void add_proof(const struct typing *t, uint32_t chunk, struct why *why)
{
	const struct paths *p = t->paths;

	if (p->proven && p->proven[chunk])
		why_add(why, "why", xstrdup(p->proof[p->proven[chunk] - 1]));
}

static void why_path(const struct typing *t, uint32_t chunk, struct why *why)
{
	const struct node *n = &t->paths->nodes.node[t->paths->node[chunk]];
	uint64_t room = t->snap->chunk[chunk].size - t->paths->skip[chunk];

	if (!t->paths->node[chunk]) {
		add_proof(t, chunk, why);
		return;
	}
	add_chain(t, chunk, why);
	if (!way_says(t, chunk)) {
		why_add(why, "why",
			xasprintf("which leads to its beginning; that it is %s "
				  "another pointer says",
				  n->name));
		return;
	}
	if (t->paths->form[chunk] == FORM_ARRAY && n->size)
		why_add(why, "why",
			xasprintf("which points at %s of %" PRIu64
				  " bytes each: there is room for %" PRIu64,
				  n->name, n->size, room / n->size));
	else if (t->paths->form[chunk] == FORM_BEGINS)
		why_add(why, "why",
			xasprintf("which points at %s, of %" PRIu64
				  " bytes: the chunk begins with one and is "
				  "more%s; "
				  "what follows is not known",
				  n->name, n->size,
				  room < n->size + FIT_ROUNDING
					  ? ", or just that: a larger struct "
					    "that begins so has its size, too"
					  : ""));
	else if (n->size)
		why_add(why, "why",
			xasprintf("which points at %s, of %" PRIu64 " bytes",
				  n->name, n->size));
	else
		why_add(why, "why",
			xasprintf("which points at %s, of which debug "
				  "information "
				  "has no more than the name",
				  n->name));
	add_proof(t, chunk, why);
}

/* What its tag has told: of the chunk, or of one on the way. */
static void why_tag(const struct typing *t, uint32_t chunk, struct why *why)
{
	const struct paths *p = t->paths;

	if (!p->proven || !p->proven[chunk]) {
		why_path(t, chunk, why);
		why_add(why, "why",
			xstrdup("somewhere on that way a struct was told from "
				"others that begin alike by its tag, as type "
				"says "
				"of that"));
		return;
	}
	add_chain(t, chunk, why);
	add_proof(t, chunk, why);
}

static void why_header(const struct typing *t, uint32_t chunk, struct why *why)
{
	if (t->paths && t->paths->skip[chunk])
		why_add(why, "why",
			xasprintf("all pointers lead behind its first %u "
				  "bytes, a header of the program's own "
				  "allocator, and the rest is just as large",
				  t->paths->skip[chunk]));
}

static void why_size(const struct typing *t, uint32_t chunk, struct why *why)
{
	struct strbuf sb = {0};

	typing_chain(t, chunk, &sb);
	why_add(why, "why", xasprintf("%s", strbuf_str(&sb)));
	strbuf_deinit(&sb);
	if (!bitmap_test(&t->paths->guessed, chunk))
		why_add(why, "why",
			xstrdup("somewhere on that way a type was a candidate: "
				"the only one that has this size and what "
				"pointers say is in it"));
	else
		why_add(why, "why",
			xstrdup("which leads to a part of it; of all types in "
				"the "
				"debug information this is the only one that "
				"has "
				"such a part there and just this size"));
}

static void said(void *ctx, enum said how, const char *text)
{
	static const char *const section[] = {
		[SAID_AGREES] = "it agrees with that",
		[SAID_AGAINST] = "it contradicts that",
		[SAID_DENIED] = "its size or words contradict",
		[SAID_ALONE] = "one pointer alone says"};

	why_add(ctx, section[how], xasprintf("%s", text));
}

static void why_candidates(const struct typing *t, uint32_t chunk,
			   struct why *why)
{
	struct strbuf sb = {0};
	size_t n = typing_of_size(t, chunk, CANDIDATES, &sb);

	if (n > CANDIDATES)
		strbuf_addf(&sb, " and %zu more", n - CANDIDATES);
	if (n)
		why_add(why, "types of this size",
			xasprintf("%s", strbuf_str(&sb)));
	strbuf_deinit(&sb);
}

static void why_not(const struct typing *t, uint32_t chunk, struct why *why)
{
	if (t->snap->chunk[chunk].state != CHUNK_USED) {
		why_add(why, "why",
			xstrdup("it is not in use: it has no type"));
		return;
	}
	why_add(why, "why",
		xstrdup("no variable leads to it by pointers whose types are "
			"known, and it begins with no table of virtual "
			"functions, "
			"no address of a function or variable, and no text"));
	why_candidates(t, chunk, why);
}

static void why_member(const struct typing *t, uint32_t chunk, struct why *why)
{
	struct symbol symbol;
	uint64_t at;

	if (describe_first_symbol(t->snap, t->symbols, chunk, &at, &symbol))
		why_add_at(why, "why", symbol.addr,
			   xasprintf("the word at +%" PRIu64
				     " is the very address of the variable %s, "
				     "and all structs that have a pointer to "
				     "such a one there begin alike; its other "
				     "words agree",
				     at, symbol.name));
}

static void why_part(const struct typing *t, uint32_t chunk, struct why *why)
{
	size_t first, end = places_of(t->paths, chunk, &first);

	why_add(why, "why",
		xasprintf("pointers whose types are known lead to %zu %s in "
			  "it; nothing says what it is as a whole",
			  end - first,
			  end - first == 1 ? "object" : "objects"));
}

static void why_owner(const struct typing *t, uint32_t chunk, struct why *why)
{
	why_add(why, "why",
		xstrdup("nothing says its type, but every pointer to it is in "
			"one place, or in blocks that are reached from there "
			"alone"));
	if (t->by[chunk] == TYPED_TEXT)
		why_add(why, "why", xstrdup("it begins with text"));
	else
		why_candidates(t, chunk, why);
}

static void add_reason(const struct typing *t, uint32_t chunk, struct why *why)
{
	uint32_t name;

	switch (typing_best(t, chunk, &name)) {
	case TYPED_OWNER:
		why_owner(t, chunk, why);
		break;
	case TYPED_ALIKE:
	case TYPED_SAME:
		alike_why(t, chunk, why);
		why_candidates(t, chunk, why);
		break;
	case TYPED_VTABLE:
		why_vtable(t, chunk, why);
		break;
	case TYPED_TAG:
		why_tag(t, chunk, why);
		break;
	case TYPED_PATH:
		why_path(t, chunk, why);
		why_header(t, chunk, why);
		break;
	case TYPED_PART:
		why_part(t, chunk, why);
		break;
	case TYPED_SIZE:
		why_size(t, chunk, why);
		break;
	case TYPED_SHAPE:
		why_add(why, "why",
			xstrdup("a whole container of libstdc++ was found that "
				"it "
				"is of: a ring, a red-black tree or the chains "
				"of "
				"a hash table, whose head has just their "
				"number"));
		break;
	case TYPED_MEMBER:
		why_member(t, chunk, why);
		break;
	case TYPED_SYMBOL:
		why_symbol(t, chunk, why);
		why_candidates(t, chunk, why);
		break;
	case TYPED_TEXT:
		why_add(why, "why",
			xstrdup("it begins with text, up to a NUL or to its "
				"end; "
				"what is behind that may be anything"));
		break;
	default:
		why_not(t, chunk, why);
		break;
	}
	if (t->snap->chunk[chunk].state == CHUNK_USED &&
	    t->by[chunk] < TYPED_SIZE)
		typing_proof(t, chunk, why);
}

void typing_why(const struct typing *typing, uint32_t chunk, struct why *out)
{
	const struct chunk *c = &typing->snap->chunk[chunk];
	uint32_t name;
	enum typed_by by = typing_best(typing, chunk, &name);
	char usable[FMT_MAX];

	*out = (struct why){0};
	why_add_at(out, "the chunk", c->addr,
		   xasprintf("%s usable bytes, class %" PRIu64 ", %s",
			     fmt_count(usable, sizeof(usable), c->size),
			     snapshot_chunk_size(typing->snap, chunk),
			     chunk_state_name((enum chunk_state)c->state)));
	why_add(out, "its type",
		xasprintf("%s",
			  by ? typing->name[name].text : typed_by_name(by)));
	why_add(out, "its type", xasprintf("named by: %s", typed_by_name(by)));
	add_reason(typing, chunk, out);
	typing_said(typing, chunk, said, out);
}

void why_deinit(struct why *why)
{
	if (!why)
		return;
	for (size_t i = 0; i < why->count; i++)
		free(why->line[i].text);
	free(why->line);
	*why = (struct why){0};
}

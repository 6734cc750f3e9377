#include "analysis/typing_chain.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/typing_fit.h"
#include "analysis/typing_follow.h"
#include "base/alloc.h"

enum { NESTED_MAX = 32, SHOWN_MAX = 24 };

/* Of a union, the member that leads to target. */
static const struct member *member_at(struct nodes *nodes, struct type *type,
				      uint64_t offset, uint32_t target)
{
	const struct member *m, *best = NULL;
	size_t n = type_members(type, &m);

	for (size_t i = 0; i < n; i++) {
		uint64_t size = type_size(m[i].type);
		struct type *t = type_strip(m[i].type);
		struct error ignored;
		uint32_t node = 0;

		if (m[i].bit_size || offset < m[i].offset ||
		    (size && offset - m[i].offset >= size))
			continue;
		best = &m[i];
		if (t->kind != TYPE_POINTER)
			continue;
		if (node_of(nodes, type_target(t), &node, &ignored) &&
		    node == target)
			return best;
	}
	/* What is behind its end is of an array that is longer than told. */
	if (!best && n && offset >= m[n - 1].offset &&
	    type_strip(m[n - 1].type)->kind == TYPE_ARRAY)
		best = &m[n - 1];
	return best;
}

/* ".clients", ".table[3].head": down to the pointer at offset. */
static void add_member(struct nodes *nodes, struct type *type, uint64_t offset,
		       uint32_t target, struct strbuf *out)
{
	for (unsigned depth = 0; depth < NESTED_MAX; depth++) {
		const struct member *m;

		type = type_strip(type);
		if (type->kind == TYPE_ARRAY) {
			struct type *element = type_target(type);
			uint64_t size = type_size(element);

			if (!size)
				return;
			strbuf_addf(out, "[%" PRIu64 "]", offset / size);
			offset %= size;
			type = element;
			continue;
		}
		if (type->kind != TYPE_STRUCT && type->kind != TYPE_UNION)
			return;
		m = member_at(nodes, type, offset, target);
		if (!m)
			return;
		if (m->name && !m->is_base)
			strbuf_addf(out, ".%s", m->name);
		offset -= m->offset;
		type = m->type;
	}
}

/* What the pointer at offset in a chunk of that form is called: "->next". */
static void add_step(struct paths *p, uint32_t node, enum typed_form form,
		     uint64_t offset, uint32_t target, struct strbuf *out)
{
	const struct node *n = &p->nodes.node[node];
	struct strbuf sb = {0};

	if (n->kind == NODE_POINTER || form == FORM_ARRAY) {
		strbuf_addf(out, "[%" PRIu64 "]",
			    n->size ? offset / n->size : offset);
		if (n->size)
			add_member(&p->nodes, n->type, offset % n->size, target,
				   out);
		return;
	}
	add_member(&p->nodes, n->type, offset, target, &sb);
	strbuf_addf(out, "->%s",
		    *strbuf_str(&sb) == '.' ? sb.s + 1 : strbuf_str(&sb));
	strbuf_deinit(&sb);
}

struct step {
	struct typed_link link;
	uint32_t target; /* node that it leads to */
};

static uint32_t node_at(const struct paths *p, uint32_t from)
{
	return from & FROM_CLAIM ? p->claim[from & ~FROM_CLAIM].node
				 : p->node[from];
}

static struct typed_link before(const struct paths *p, uint32_t from)
{
	return from & FROM_CLAIM ? p->claim[from & ~FROM_CLAIM].link
				 : p->link[from];
}

static uint64_t addr_of(const struct typing *t, uint32_t from)
{
	const struct typed_claim *c;

	if (!(from & FROM_CLAIM))
		return t->snap->chunk[from].addr + t->paths->skip[from];
	c = &t->paths->claim[from & ~FROM_CLAIM];
	return paths_block(t->paths, t->snap, c->chunk)->addr + c->at;
}

static void add_root(const struct typing *t, const struct step *s,
		     struct strbuf *out)
{
	const struct typed_root *root =
		&t->paths->root[s->link.from & ~FROM_ROOT];
	const struct node *n = &t->paths->nodes.node[root->node];

	strbuf_add(out, root->name);
	if (!root->addr)
		return;
	if (n->size && s->link.offset >= n->size)
		strbuf_addf(out, "[%" PRIu64 "]", s->link.offset / n->size);
	if (n->size)
		add_member(&t->paths->nodes, n->type, s->link.offset % n->size,
			   s->target, out);
}

/* Steps come from the chunk backwards; those that are equal are one. */
static void write_steps(const struct typing *t, const struct step *step,
			size_t n, struct strbuf *out)
{
	struct strbuf sb = {0};
	AUTO_FREE char *last = NULL;
	unsigned times = 0;

	for (size_t i = n; i-- > 0;) {
		const struct step *s = &step[i];

		strbuf_reset(&sb);
		if (s->link.from == FROM_NONE)
			continue;
		if (s->link.from & FROM_ROOT) {
			add_root(t, s, out);
			continue;
		}
		add_step(t->paths, node_at(t->paths, s->link.from),
			 s->link.from & FROM_CLAIM
				 ? FORM_ONE
				 : t->paths->form[s->link.from],
			 s->link.offset, s->target, &sb);
		if (last && !strcmp(last, strbuf_str(&sb))) {
			times++;
			continue;
		}
		if (times)
			strbuf_addf(out, " (x%u)", times + 1);
		times = 0;
		strbuf_add(out, strbuf_str(&sb));
		free(last);
		last = xstrdup(strbuf_str(&sb));
	}
	if (times)
		strbuf_addf(out, " (x%u)", times + 1);
	strbuf_deinit(&sb);
}

/* What made target of a pointer at offset of a node that is declared to lead to
 * a struct that is defined nowhere; NULL: it is none. */
static const struct typed_cast *cast_at(const struct paths *p, uint32_t number,
					uint64_t offset, uint32_t target,
					unsigned depth)
{
	const struct node *node = &p->nodes.node[number];
	const struct typed_cast *found = NULL;

	for (size_t i = 0; i < node->slots && !found; i++) {
		const struct slot *s = &node->slot[i];
		uint64_t in = offset - s->offset, index;

		if (offset < s->offset || !s->stride ||
		    in >= s->count * s->stride)
			continue;
		if (s->kind != SLOT_POINTER) {
			if (depth < NESTED_MAX)
				found = cast_at(p, s->node, in % s->stride,
						target, depth + 1);
		} else if (u64map_get(&p->cast_of, s->node, &index) &&
			   p->cast[index - 1].node == target) {
			found = &p->cast[index - 1];
		}
	}
	return found;
}

static const struct typed_cast *cast_of_step(const struct typing *t,
					     const struct step *s)
{
	const struct paths *p = t->paths;
	uint64_t offset = s->link.offset;
	uint32_t from = s->link.from, number;

	if (from == FROM_NONE)
		return NULL;
	number = from & FROM_ROOT ? p->root[from & ~FROM_ROOT].node
				  : node_at(p, from);
	if (p->nodes.node[number].size && !p->nodes.node[number].flex)
		offset %= p->nodes.node[number].size;
	return cast_at(p, number, offset, s->target, 0);
}

/* Each once. */
static void write_casts(const struct typing *t, const struct step *step,
			size_t n, struct strbuf *out)
{
	const struct typed_cast *last = NULL;

	for (size_t i = n; i-- > 0;) {
		const struct typed_cast *c = cast_of_step(t, &step[i]);

		if (!c || c == last)
			continue;
		last = c;
		strbuf_addf(out,
			    " (where %s, which has no one definition, is %s: "
			    "%s)",
			    t->paths->nodes.node[c->opaque].name,
			    t->paths->nodes.node[c->node].name, c->how);
	}
}

static void write_chain(const struct typing *t, struct typed_link link,
			uint32_t target, struct strbuf *out)
{
	struct step *step = NULL;
	size_t n = 0, cap = 0;
	struct error err;

	/* A chain has every chunk once at most. */
	while (n <= t->snap->chunk_count + t->paths->claims) {
		if (GROW(step, cap, n + 1, "steps", &err))
			break;
		step[n++] = (struct step){link, target};
		if (link.from == FROM_NONE || link.from & FROM_ROOT)
			break;
		target = node_at(t->paths, link.from);
		link = before(t->paths, link.from);
	}
	if (n && link.from == FROM_NONE && n > 1) {
		uint32_t from = step[n - 2].link.from;

		strbuf_addf(out, "((%s *)0x%" PRIx64 ")",
			    t->paths->nodes.node[node_at(t->paths, from)].name,
			    addr_of(t, from));
	}
	write_steps(t, step, n, out);
	write_casts(t, step, n, out);
	free(step);
}

void typing_chain(const struct typing *t, uint32_t chunk, struct strbuf *out)
{
	if (t->paths && t->paths->node[chunk])
		write_chain(t, t->paths->link[chunk], t->paths->node[chunk],
			    out);
}

bool typing_led(const struct typing *t, uint32_t chunk, uint64_t *word)
{
	const struct paths *p = t->paths;
	uint32_t from = FROM_NONE;
	struct typed_link link;

	if (!p || !p->node[chunk])
		return false;
	link = p->link[chunk];
	for (size_t n = 0; n <= p->chunks + p->claims; n++) {
		if (link.from == FROM_NONE || link.from & FROM_ROOT)
			break;
		from = link.from;
		link = before(p, from);
	}
	return from != FROM_NONE && link.from == FROM_NONE &&
	       u64map_get(&p->led, addr_of(t, from), word);
}

/* Where an array of pointers could have begun, and does not. */
static bool is_idle(const struct paths *p, const struct typed_claim *c)
{
	return c->at != p->skip[c->chunk] &&
	       p->nodes.node[c->node].kind < NODE_STRUCT;
}

void typing_said(const struct typing *t, uint32_t chunk, typing_said_fn *fn,
		 void *ctx)
{
	unsigned shown = 0;

	for (size_t i = 0; t->paths && i < t->paths->claims; i++) {
		const struct typed_claim *c = &t->paths->claim[i];
		struct strbuf sb = {0};

		if (c->chunk != chunk || is_idle(t->paths, c) ||
		    shown++ == SHOWN_MAX)
			continue;
		strbuf_addf(&sb, "%s at +%u",
			    t->paths->nodes.node[c->node].name, c->at);
		if (c->link.from != FROM_NONE)
			strbuf_add(&sb, ", by ");
		write_chain(t, c->link, c->node, &sb);
		fn(ctx,
		   c->against && t->paths->node[chunk] ? SAID_AGAINST
		   : c->against			       ? SAID_DENIED
		   : c->lone			       ? SAID_ALONE
						       : SAID_AGREES,
		   strbuf_str(&sb));
		strbuf_deinit(&sb);
	}
}

size_t typing_of_size(const struct typing *t, uint32_t chunk, size_t max,
		      struct strbuf *out)
{
	struct follow f = {.snap = t->snap, .p = t->paths};
	size_t n = 0;

	for (size_t i = 1; t->paths && i < t->paths->nodes.count; i++) {
		const struct node *node = &t->paths->nodes.node[i];

		if (node->kind != NODE_STRUCT ||
		    t->snap->chunk[chunk].size <= 3 * t->snap->word ||
		    !fit_exact(&f, chunk, node->size))
			continue;
		if (n++ < max)
			strbuf_addf(out, "%s%s", n > 1 ? ", " : "", node->name);
	}
	return n;
}

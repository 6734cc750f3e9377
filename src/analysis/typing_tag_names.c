/* What tags say, for people: proofs, and names of what they do not settle. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "analysis/typing_impl.h"
#include "analysis/typing_tags.h"
#include "base/alloc.h"
#include "base/fmt.h"

/* "KIND_TREE", "PyList_Type", "5". */
static char *value_text(struct follow *f, const struct tag_group *group)
{
	const struct tag_member *m = group->member;
	uint64_t value = group->place[0].value;
	const struct enumerator *e;
	struct symbol symbol;
	size_t n =
		m->type->kind == TYPE_ENUM ? type_enumerators(m->type, &e) : 0;

	for (size_t i = 0; i < n; i++)
		if ((uint64_t)e[i].value == value)
			return xstrdup(e[i].name);
	if (m->type->kind != TYPE_POINTER)
		return xasprintf("%" PRIu64, value);
	if (symbols_at(f->t->symbols, value, &symbol) && symbol.name &&
	    !symbol.offset)
		return xstrdup(symbol.name);
	return xasprintf("0x%" PRIx64, value);
}

static const char *name_of(const struct follow *f, uint32_t node)
{
	return f->p->nodes.node[node].name;
}

static void add_reason(struct follow *f, const struct tag_group *group,
		       const struct tag_verdict *v, struct strbuf *sb)
{
	char count[FMT_MAX];

	if (v->by == TAG_CODE)
		strbuf_addf(sb, ": %s", v->code);
	else if (v->by == TAG_KNOWN)
		strbuf_addf(sb,
			    ", as pointers say of %s other%s with that value",
			    fmt_count(count, sizeof(count), v->known),
			    v->known == 1 ? "" : "s");
	else if (v->by == TAG_ONLY)
		strbuf_addf(sb,
			    ", and no other of the %zu structs that begin like "
			    "%s does%s",
			    group->family->mores,
			    name_of(f, group->family->node),
			    v->more ? "; what is behind it is not known" : "");
	else if (v->lies)
		strbuf_add(sb, ": pointers of two types lead to blocks with "
			       "that value");
	else if (!v->fittings)
		strbuf_add(sb, ": no struct that begins so fits all of them");
	else
		strbuf_addf(sb, ": %zu struct%s that begin%s so fit%s%s",
			    v->fittings, v->fittings == 1 ? "" : "s",
			    v->fittings == 1 ? "s" : "",
			    v->fittings == 1 ? "s" : "",
			    v->fittings == 1 ? ", and nothing proves it" : "");
}

int tag_proofs(struct follow *f, struct error *err)
{
	if (f->p->proven)
		return 0;
	f->p->proven =
		try_calloc(f->p->chunks + f->p->areas, sizeof(*f->p->proven),
			   "proofs of types", err);
	return f->p->proven ? 0 : -1;
}

int tag_note(struct follow *f, const struct tag_group *group,
	     const struct tag_verdict *v, uint32_t *out, struct error *err)
{
	AUTO_FREE char *value = value_text(f, group);
	struct paths *p = f->p;
	struct strbuf sb = {0};
	char count[FMT_MAX];

	if (tag_proofs(f, err))
		return -1;
	if (GROW(p->proof, p->proof_cap, p->proofs + 1, "proofs of types", err))
		return -1;
	fmt_count(count, sizeof(count), v->fitting_blocks);
	strbuf_addf(&sb, "%s%s block%s with %s.%s = %s",
		    v->fitting_blocks < group->unknown ? ""
		    : group->unknown == 1	       ? "the "
						       : "all ",
		    count, group->unknown == 1 ? "" : "s",
		    name_of(f, group->family->node), group->member->name,
		    value);
	if (v->by != TAG_NOT)
		strbuf_addf(&sb, " fit%s %s (%" PRIu64 " bytes)",
			    group->unknown == 1 ? "s" : "", name_of(f, v->node),
			    f->p->nodes.node[v->node].size);
	add_reason(f, group, v, &sb);
	*out = (uint32_t)p->proofs;
	p->proof[p->proofs++] = strbuf_take(&sb);
	return 0;
}

static int refine_inner(struct follow *f, const struct tag_place *place,
			uint32_t node, uint32_t proof, bool whole,
			struct error *err)
{
	struct paths *p = f->p;

	/* What is said of it is kept no more. */
	if (p->cut)
		return 0;
	f->found = true;
	if (follow_is_area(f, place->chunk))
		return follow_inner(f, place->chunk, node, place->at, err);
	if (GROW(p->inner, p->inner_cap, p->inners + 1, "types", err))
		return -1;
	p->inner[p->inners++] = (struct typed_inner){place->chunk, place->at,
						     node, proof, whole};
	return follow_inner(f, place->chunk, node, place->at, err);
}

int tag_refine_alone(struct follow *f, const struct tag_place *place,
		     uint32_t node, uint32_t proof, struct error *err)
{
	f->link = (struct typed_link){.from = FROM_NONE};
	if (!place->at) {
		f->found = true;
		if (follow_tagged(f, place->chunk, node, true, err))
			return -1;
	}
	f->p->proven[place->chunk] = proof + 1;
	return place->at ? refine_inner(f, place, node, proof, true, err) : 0;
}

int tag_refine(struct follow *f, const struct tag_place *place, uint32_t node,
	       uint32_t proof, struct error *err)
{
	struct paths *p = f->p;
	bool whole = tag_whole(f, place, node);

	if (place->claim == FROM_NONE) {
		f->found = true;
		f->link = p->link[place->chunk];
		if (follow_tagged(f, place->chunk, node, whole, err))
			return -1;
		p->proven[place->chunk] = proof + 1;
		return 0;
	}
	/* That was said already, and is against what is believed. */
	if (u64map_get(&f->seen, follow_key(f, place->chunk, node, place->at),
		       NULL))
		return 0;
	f->link = p->claim[place->claim].link;
	return refine_inner(f, place, node, proof, whole, err);
}

/* "struct GCObject+ at +8 (tt 5: struct Table or struct Udata)" */
uint32_t tag_name_number(struct follow *f, const struct tag_group *group,
			 const struct tag_verdict *v, uint32_t at,
			 struct error *err)
{
	AUTO_FREE char *value = value_text(f, group);
	struct strbuf sb = {0};
	uint32_t number;

	strbuf_addf(&sb, "%s+", name_of(f, group->family->node));
	if (at)
		strbuf_addf(&sb, " at +%" PRIu32, at);
	/* What is no variable has no name that would tell more. */
	if (group->member->type->kind != TYPE_POINTER || group->object) {
		strbuf_addf(&sb, " (%s %s", group->member->name, value);
		for (size_t i = 0;
		     v->fittings > 1 && i < v->fittings &&
		     v->fittings <= TAG_SHOWN && !v->open && !v->bare;
		     i++)
			strbuf_addf(&sb, "%s%s", i ? " or " : ": ",
				    name_of(f, v->fitting[i]));
		strbuf_add(&sb, ")");
	}
	number = typing_number(f->t, strbuf_str(&sb), err);
	strbuf_deinit(&sb);
	return number;
}

static bool from_array(const struct paths *p, struct typed_link link)
{
	const struct node *node;

	if (link.from >= FROM_CLAIM)
		return false;
	node = &p->nodes.node[p->node[link.from]];
	return p->form[link.from] == FORM_ARRAY || node->kind == NODE_POINTER ||
	       (node->flex && link.offset >= node->flex);
}

void tag_name(struct follow *f, const struct tag_place *place, uint32_t name,
	      uint32_t proof)
{
	uint32_t chunk = place->chunk;

	if (follow_is_area(f, chunk) || f->t->by[chunk] == TYPED_VTABLE ||
	    (place->at && (f->p->node[chunk] || f->t->type[chunk])))
		return;
	/* An element of an array that was never written has led there. */
	if (!place->at && from_array(f->p, f->p->link[chunk]) &&
	    !tag_plausible(f, f->p->node[chunk], f->snap->chunk[chunk].addr,
			   0)) {
		f->t->type[chunk] = 0;
		f->t->by[chunk] = TYPED_NOT;
		f->p->node[chunk] = 0;
		return;
	}
	f->t->type[chunk] = name;
	f->p->proven[chunk] = proof + 1;
	if (f->t->by[chunk] == TYPED_NOT)
		f->t->by[chunk] = TYPED_PATH;
}

int tag_name_inner(struct follow *f, struct error *err)
{
	struct paths *p = f->p;

	for (size_t i = 0; i < p->inners; i++) {
		const struct typed_inner *in = &p->inner[i];
		AUTO_FREE char *name = NULL;

		if (p->node[in->chunk] == in->node &&
		    p->skip[in->chunk] == in->at)
			p->proven[in->chunk] = in->proof + 1;
		if (p->node[in->chunk] || f->t->type[in->chunk])
			continue;
		name = xasprintf("%s%s at +%" PRIu32, name_of(f, in->node),
				 in->whole ? "" : "+", in->at);
		f->t->type[in->chunk] = typing_number(f->t, name, err);
		if (!f->t->type[in->chunk])
			return -1;
		f->t->by[in->chunk] = TYPED_TAG;
		p->proven[in->chunk] = in->proof + 1;
	}
	return 0;
}

#include "analysis/typing_holder.h"

#include <inttypes.h>
#include <string.h>

#include "analysis/typing_holder_impl.h"
#include "analysis/content.h"
#include "analysis/describe.h"
#include "analysis/owners.h"
#include "analysis/typing_outside.h"
#include "analysis/typing_places.h"
#include "symbols/symbols.h"

enum { NESTED_MAX = 32, WORD_MAX = 8, TEXT_LEAST = 8 };

static uint64_t place_outside(unsigned kind, uint64_t what)
{
	return PLACE_OUTSIDE | (uint64_t)kind << PLACE_KIND_BIT | what;
}

/* Where a block has the address of the symbol that it is named by, and that
 * address. */
static uint64_t symbol_offset(const struct typing *t, uint32_t chunk,
			      uint64_t *address)
{
	struct symbol symbol;
	uint64_t at;

	*address = 0;
	if (!describe_first_symbol(t->snap, t->symbols, chunk, &at, &symbol))
		return 0;
	*address = symbol.addr;
	return at;
}

/* The node by which a chunk's words are named, or NULL. */
static const struct node *node_of_chunk(const struct typing *t, uint32_t chunk)
{
	uint32_t number = t->paths ? t->paths->node[chunk] : 0;

	return number ? &t->paths->nodes.node[number] : NULL;
}

/* What a chunk's type is by; an area has none. */
static enum typed_by by_of(const struct typing *t, uint32_t chunk)
{
	return chunk < t->snap->chunk_count ? (enum typed_by)t->by[chunk]
					    : TYPED_NOT;
}

/* By the address of a variable in it: one place as a whole. */
static bool is_named(const struct typing *t, uint32_t chunk)
{
	enum typed_by by = by_of(t, chunk);

	return by == TYPED_SYMBOL || by == TYPED_MEMBER;
}

/* Of a chunk without a type, the object there that pointers name. */
static const struct typed_claim *object_at(const struct typing *t,
					   uint32_t chunk, uint64_t offset)
{
	return t->paths && by_of(t, chunk) < TYPED_SIZE
		       ? places_find(t->paths, chunk, offset)
		       : NULL;
}

/* The node that is at an offset, which is then in that. */
static const struct node *node_at(const struct typing *t, uint32_t chunk,
				  uint64_t *offset)
{
	const struct typed_claim *c = object_at(t, chunk, *offset);

	if (!c && node_of_chunk(t, chunk))
		*offset -= t->paths->skip[chunk];
	if (!c)
		return node_of_chunk(t, chunk);
	*offset -= c->at;
	return &t->paths->nodes.node[c->node];
}

/* Bytes of a chunk that is one node or an array of them; 0: not known. */
static uint64_t bytes_of(const struct typing *t, uint32_t chunk,
			 const struct node *node)
{
	uint64_t size = t->snap->chunk[chunk].size - t->paths->skip[chunk];

	if (!node->size || node->flex)
		return 0;
	return t->paths->form[chunk] == FORM_ARRAY
		       ? size / node->size * node->size
		       : node->size;
}

/* A text that was before the word goes on in it and ends: the bytes behind that
 * may be of an old pointer, and all of them look like one. */
static bool is_text_end(const struct typing *t, uint32_t chunk, uint64_t offset)
{
	const struct snapshot *snap = t->snap;
	uint8_t bytes[TEXT_LEAST + WORD_MAX];
	size_t size = TEXT_LEAST + snap->word, run;

	if (chunk >= snap->chunk_count || offset < TEXT_LEAST ||
	    image_read(snap->contents,
		       snap->chunk[chunk].addr + offset - TEXT_LEAST, bytes,
		       size) != size)
		return false;
	run = text_run(bytes, size);
	return run > TEXT_LEAST && run < size && !bytes[run];
}

/* Of what no type tells. */
static enum holder_part untyped_part(const struct typing *t, uint32_t chunk,
				     uint64_t offset)
{
	return is_text_end(t, chunk, offset) ? HOLDER_TEXT : HOLDER_BLOCK;
}

enum holder_part holder_part(const struct typing *t, uint32_t chunk,
			     uint64_t offset)
{
	const struct node *node = node_of_chunk(t, chunk);
	uint64_t bytes, skip = t->paths ? t->paths->skip[chunk] : 0;
	bool begins;

	if (is_named(t, chunk) || by_of(t, chunk) == TYPED_ALIKE)
		return HOLDER_TYPED;
	if (by_of(t, chunk) < TYPED_SIZE)
		return object_at(t, chunk, offset)
			       ? HOLDER_TYPED
			       : untyped_part(t, chunk, offset);
	begins = !typing_is_whole(t, chunk);
	if (offset < skip)
		return HOLDER_BLOCK;
	offset -= skip;
	if (!node)
		return begins ? HOLDER_BLOCK : HOLDER_TYPED;
	if (t->by[chunk] != TYPED_VTABLE)
		begins = t->paths->form[chunk] == FORM_BEGINS;
	bytes = bytes_of(t, chunk, node);
	if (!bytes || offset < bytes)
		return HOLDER_TYPED;
	return begins ? HOLDER_BLOCK : HOLDER_SLACK;
}

/* The offset in one element of what a chunk is, or of its open array. */
static uint64_t element_offset(const struct typing *t, const struct node *node,
			       uint64_t offset)
{
	const struct node *more = &t->paths->nodes.node[node->flex_node];

	if (!node->flex)
		return node->size ? offset % node->size : offset;
	if (offset < node->flex || !more->size)
		return offset;
	return node->flex + (offset - node->flex) % more->size;
}

uint64_t holder_place(const struct typing *t, uint32_t chunk, uint64_t offset)
{
	const struct node *node = node_at(t, chunk, &offset);
	uint64_t address;

	if (by_of(t, chunk) == TYPED_SYMBOL) {
		symbol_offset(t, chunk, &address);
		if (address)
			return place_outside(PLACE_OF_SYMBOL, address);
	}
	return node ? (uint64_t)(node - t->paths->nodes.node) << 1
		    : (uint64_t)t->type[chunk] << 1 | 1;
}

uint64_t holder_key(const struct typing *t, uint32_t chunk, uint64_t offset)
{
	uint64_t place = holder_place(t, chunk, offset);
	const struct node *node = node_at(t, chunk, &offset);

	if (place & PLACE_OUTSIDE)
		return place;
	if (is_named(t, chunk) || (node && node->kind < NODE_STRUCT))
		offset = 0;
	else if (node)
		offset = element_offset(t, node, offset);
	return place << 32 ^ offset;
}

static const struct member *member_at(struct type *type, uint64_t offset)
{
	const struct member *m;
	size_t n = type_members(type, &m);

	for (size_t i = 0; i < n; i++) {
		uint64_t size = type_size(m[i].type);

		/* What is open at the end goes on. */
		if (!m[i].bit_size && offset >= m[i].offset &&
		    (offset - m[i].offset < size || (!size && i + 1 == n)))
			return &m[i];
	}
	return NULL;
}

/* ".clients", ".table[].head": down to what is at offset. */
static bool add_members(struct type *type, uint64_t offset, struct strbuf *out)
{
	for (unsigned depth = 0; depth < NESTED_MAX; depth++) {
		const struct member *m;

		type = type_strip(type);
		if (type->kind == TYPE_ARRAY) {
			struct type *element = type_target(type);
			uint64_t size = type_size(element);

			strbuf_add(out, "[]");
			if (!size)
				return false;
			offset %= size;
			type = element;
			continue;
		}
		/* Of a union, no more is told. */
		if (type->kind != TYPE_STRUCT)
			return true;
		m = member_at(type, offset);
		if (!m)
			return false;
		if (m->name && !m->is_base)
			strbuf_addf(out, ".%s", m->name);
		offset -= m->offset;
		type = m->type;
	}
	return false;
}

bool holder_member(const struct typing *t, uint32_t chunk, uint64_t offset,
		   struct strbuf *out)
{
	const struct node *node = node_at(t, chunk, &offset);

	if (by_of(t, chunk) == TYPED_MEMBER) {
		strbuf_add(out, typing_name(t, chunk));
		return true;
	}
	if (by_of(t, chunk) == TYPED_SYMBOL) {
		uint64_t address, at = symbol_offset(t, chunk, &address);

		strbuf_addf(out, "blocks with %s at +%" PRIu64,
			    typing_name(t, chunk), at);
		return true;
	}
	if (!node) {
		strbuf_addf(out, "%s +%" PRIu64, typing_name(t, chunk), offset);
		return true;
	}
	if (node->kind == NODE_OPAQUE) {
		strbuf_addf(out, "%s +%" PRIu64, node->name, offset);
		return true;
	}
	strbuf_add(out, node->name);
	if (node->kind < NODE_STRUCT) {
		strbuf_add(out, "[]");
		return true;
	}
	offset = element_offset(t, node, offset);
	return add_members(node->type, offset, out);
}

void holder_type(const struct typing *t, uint32_t chunk, uint64_t offset,
		 struct strbuf *out)
{
	const struct node *node = node_at(t, chunk, &offset);

	if (is_named(t, chunk) || (node && node->kind < NODE_STRUCT))
		holder_member(t, chunk, offset, out);
	else
		strbuf_add(out, node ? node->name : typing_name(t, chunk));
}

uint32_t holder_area(const struct typing *t, uint64_t addr, uint64_t *offset)
{
	uint32_t area = t->paths ? paths_area(t->paths, addr) : CHUNK_NONE;

	if (area == CHUNK_NONE)
		return area;
	*offset = addr - paths_block(t->paths, t->snap, area)->addr;
	return object_at(t, area, *offset) ? area : CHUNK_NONE;
}

uint64_t holder_root(const struct typing *t, const struct ref *ref,
		     struct strbuf *out)
{
	struct owner owner =
		owner_of_ref(t->snap, t->symbols, OWNER_BY_SYMBOL, ref);
	char name[320];

	/* A value may be in a register and on the stack at once. */
	if (owner.kind == OWNER_STACK || owner.kind == OWNER_REGISTERS)
		owner.kind = OWNER_THREAD;
	owner_name(&owner, t->snap, t->symbols, name, sizeof(name));
	strbuf_add(out, name);
	return place_outside(owner.kind, owner.thread != UINT32_MAX
						 ? owner.thread
						 : owner.addr);
}

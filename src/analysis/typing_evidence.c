#include "analysis/typing_evidence.h"

#include <string.h>

#include "analysis/words.h"

enum {
	LOOK_ELEMENTS = 4, /* of what a pointer may lead to several of */
	LOOK_ARRAY = 2,	   /* of an array in it: its tail may be unused */
	LOOK_MEMBERS = 512,
	NESTED_MAX = 8,
	LOOK_WORDS = 64, /* of all that it takes */
	SMALL = 4096,	 /* below this and above its negative: a mark */
	FLOAT_MAX = 8
};

struct look {
	const struct follow *f;
	struct evidence *out;
	uint64_t end; /* of the memory that it may take */
	unsigned members;
	unsigned known; /* words that lead to a chunk, and may */
};

static bool load(const struct look *l, uint64_t addr, void *buf, size_t size)
{
	return addr + size <= l->end &&
	       image_read(l->f->snap->contents, addr, buf, size) == size;
}

static bool is_text(const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (bytes[i] < ' ' || bytes[i] > '~')
			return false;
	return true;
}

static bool is_code(const struct follow *f, const struct span *span)
{
	return span->kind == PLACE_CODE &&
	       f->snap->maps.map[span->map].prot & MAP_X;
}

/* Is there the address of a chunk in use? */
static bool has_chunk(const struct look *l, uint64_t addr)
{
	uint64_t value = 0;
	uint32_t chunk;

	if (addr % l->f->snap->word || !load(l, addr, &value, l->f->snap->word))
		return false;
	chunk = finder_find(&l->f->finder, value);
	return chunk != CHUNK_NONE &&
	       l->f->snap->chunk[chunk].state == CHUNK_USED &&
	       l->f->snap->chunk[chunk].addr == value;
}

static unsigned count_chunks(const struct look *l, uint64_t addr, uint64_t end)
{
	unsigned word = l->f->snap->word, n = 0, looked = 0;

	for (addr += -addr & (word - 1);
	     addr + word <= end && looked < LOOK_WORDS; addr += word, looked++)
		n += has_chunk(l, addr);
	return n;
}

static uint64_t negative(const struct follow *f, uint64_t value)
{
	return f->snap->word == 4 ? (uint32_t)-value : -value;
}

/* Other pointers say that there is one in that place. */
static bool is_said(const struct look *l, struct type *target, uint32_t chunk,
		    uint64_t at)
{
	uint64_t node;

	return u64map_get(&l->f->p->nodes.by_type, (uintptr_t)target, &node) &&
	       u64map_get(&l->f->seen,
			  follow_key(l->f, chunk, (uint32_t)node, at), NULL);
}

/* Into a chunk: at its start, or behind a header, is there room for what it
 * should be? */
static void look_chunk(struct look *l, struct type *target, uint64_t value,
		       uint32_t chunk)
{
	const struct chunk *c = &l->f->snap->chunk[chunk];
	uint64_t size = type_size(target), skip = l->f->p->skip[chunk];

	if (c->state != CHUNK_USED)
		l->out->odd++;
	else if (value != c->addr + skip)
		l->out->good += is_said(l, target, chunk, value - c->addr);
	/* What is open at the end may be smaller than it says. */
	else if (size + skip > c->size + l->f->snap->word)
		l->out->bad++;
	else
		l->out->good++;
}

static void look_pointer(struct look *l, struct type *type, uint64_t addr)
{
	struct type *target = type_strip(type_target(type));
	const struct span *span;
	uint64_t value = 0;
	uint32_t chunk;

	if (!load(l, addr, &value, l->f->snap->word) || !value)
		return;
	l->known += has_chunk(l, addr);
	if (value < SMALL || negative(l->f, value) < SMALL) {
		l->out->odd += target->kind != TYPE_VOID;
		return;
	}
	chunk = finder_find(&l->f->finder, value);
	if (chunk != CHUNK_NONE) {
		if (target->kind == TYPE_FUNCTION)
			l->out->bad++;
		else
			look_chunk(l, target, value, chunk);
		return;
	}
	span = span_find(l->f->snap, value);
	if (!span || span->kind == PLACE_NONE) {
		if (target->kind != TYPE_VOID ||
		    is_text((const uint8_t *)&value, l->f->snap->word))
			l->out->bad++;
		else
			l->out->odd++;
	} else if (span->kind == PLACE_HEAP) {
		l->out->odd++;
	} else if (target->kind == TYPE_FUNCTION) {
		if (is_code(l->f, span))
			l->out->good++;
		else if (span->kind != PLACE_ANON)
			l->out->bad++;
	} else if (is_code(l->f, span) && target->kind != TYPE_VOID) {
		l->out->bad++;
	}
}

/* Too small to be normal: an integer, or an address. */
static void look_float(struct look *l, uint64_t size, uint64_t addr)
{
	uint64_t bits = 0, exponent;

	if ((size != 4 && size != FLOAT_MAX) || !load(l, addr, &bits, size))
		return;
	exponent = size == 4 ? bits & 0x7f800000 : bits << 1 >> 53;
	if (bits && !exponent && bits << (64 - 8 * size + 1))
		l->out->bad++;
}

static void look_enum(struct look *l, struct type *type, uint64_t addr)
{
	const struct enumerator *e;
	size_t n = type_enumerators(type, &e);
	uint64_t size = type_size(type), value = 0, all = 0;
	uint8_t bytes[4];

	if (!n || size != sizeof(bytes) || !load(l, addr, bytes, size))
		return;
	memcpy(&value, bytes, size);
	for (size_t i = 0; i < n; i++)
		all |= (uint64_t)e[i].value;
	if (!(value & ~all & UINT32_MAX))
		return;
	if (is_text(bytes, size))
		l->out->bad++;
	else
		l->out->odd++;
}

static void look_number(struct look *l, uint64_t size, uint64_t addr)
{
	uint8_t bytes[8];

	if ((size != 4 && size != 8) || !load(l, addr, bytes, size))
		return;
	if (!is_text(bytes, size))
		return;
	l->out->bad += size == 8;
	l->out->odd += size == 4;
}

/* Of a union, and the rest of an array, nothing is told. */
static void look_any(struct look *l, uint64_t size, uint64_t addr)
{
	l->known += count_chunks(l, addr, addr + size);
}

static void look_at(struct look *l, struct type *type, uint64_t addr,
		    unsigned depth);

static void look_array(struct look *l, struct type *type, uint64_t addr,
		       unsigned depth)
{
	struct type *element = type_target(type);
	uint64_t size = type_size(element);
	uint64_t n = type->has_count ? type->count : 0;

	if (type_strip(element)->kind == TYPE_CHAR || !size)
		return;
	for (uint64_t i = 0; i < n && i < LOOK_ARRAY; i++)
		look_at(l, element, addr + i * size, depth + 1);
	if (n > LOOK_ARRAY)
		look_any(l, (n - LOOK_ARRAY) * size, addr + LOOK_ARRAY * size);
}

static void look_members(struct look *l, struct type *type, uint64_t addr,
			 unsigned depth)
{
	const struct member *m;
	size_t n = type_members(type, &m);

	for (size_t i = 0; i < n && l->members < LOOK_MEMBERS; i++)
		if (!m[i].bit_size && !m[i].is_virtual)
			look_at(l, m[i].type, addr + m[i].offset, depth + 1);
}

static void look_at(struct look *l, struct type *type, uint64_t addr,
		    unsigned depth)
{
	uint8_t byte;

	type = type_strip(type);
	l->members++;
	if (depth > NESTED_MAX)
		return;
	switch (type->kind) {
	case TYPE_POINTER:
	case TYPE_REFERENCE:
		look_pointer(l, type, addr);
		break;
	case TYPE_BOOL:
		if (type_size(type) == 1 && load(l, addr, &byte, 1) && byte > 1)
			l->out->bad++;
		break;
	case TYPE_FLOAT:
		look_float(l, type_size(type), addr);
		break;
	case TYPE_ENUM:
		look_enum(l, type, addr);
		break;
	case TYPE_INT:
		look_number(l, type_size(type), addr);
		break;
	case TYPE_ARRAY:
		look_array(l, type, addr, depth);
		break;
	case TYPE_STRUCT:
		look_members(l, type, addr, depth);
		break;
	case TYPE_UNION:
		look_any(l, type_size(type), addr);
		break;
	default:
		break;
	}
}

void evidence_add(const struct follow *f, uint32_t node, uint64_t addr,
		  uint64_t end, struct evidence *out)
{
	const struct node *n = &f->p->nodes.node[node];
	struct look l = {.f = f, .out = out, .end = end};
	uint64_t start = addr;
	unsigned words;

	if (n->kind == NODE_OPAQUE || !n->size)
		return;
	for (unsigned i = 0; i < LOOK_ELEMENTS && addr + n->size <= end; i++) {
		look_at(&l, n->type, addr, 0);
		addr += n->size;
	}
	words = count_chunks(&l, start,
			     n->flex || addr + n->size <= end ? addr : end);
	if (words > l.known)
		out->odd += words - l.known;
}

long evidence_balance(const struct evidence *evidence)
{
	return (long)evidence->good + 1 - 2 * (long)evidence->bad -
	       (long)evidence->odd;
}

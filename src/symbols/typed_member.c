/* Pointers to members of C++, as gdb shows them. */
#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "symbols/symbols.h"
#include "symbols/typed_impl.h"

enum { BASES = 16 };

static void add_class(struct type *class, struct strbuf *out)
{
	strbuf_addf(out, "%s%s", class->scope ? class->scope : "",
		    class->name ? class->name : "{...}");
}

/* The member at that offset of the class, or of one that it is derived from. */
static const struct member *member_at(struct type **class, uint64_t offset)
{
	for (int i = 0; i < BASES; i++) {
		const struct member *m, *base = NULL;
		size_t n = type_members(*class, &m);

		for (size_t k = 0; k < n; k++) {
			if (m[k].is_virtual)
				continue;
			if (!m[k].is_base && m[k].offset == offset)
				return &m[k];
			if (m[k].is_base && offset >= m[k].offset &&
			    offset - m[k].offset < type_size(m[k].type))
				base = base ? base : &m[k];
		}
		if (!base)
			return NULL;
		offset -= base->offset;
		*class = type_strip(base->type);
	}
	return NULL;
}

static void add_data(struct type *type, int64_t offset, struct strbuf *out)
{
	struct type *class = type_strip(type_class(type));
	const struct member *m =
		offset < 0 ? NULL : member_at(&class, (uint64_t)offset);

	if (offset == -1) {
		strbuf_add(out, "NULL");
	} else if (m && m->name) {
		strbuf_addc(out, '&');
		add_class(class, out);
		strbuf_addf(out, "::%s", m->name);
	} else {
		strbuf_addf(out, "%" PRId64, offset);
	}
}

/* "_ZTVN3app5ShapeE"; of a template nobody knows: NULL. */
static char *table_name(const struct type *class)
{
	const char *scope = class->scope;
	struct strbuf name = {0};

	if (!class->name || strchr(class->name, '<') ||
	    (scope && (strpbrk(scope, "<( ") || !strncmp(scope, "std::", 5))))
		return NULL;
	strbuf_addf(&name, "_ZTV%s", scope ? "N" : "");
	while (scope && *scope) {
		const char *end = strstr(scope, "::");

		if (!end)
			break;
		strbuf_addf(&name, "%d%.*s", (int)(end - scope),
			    (int)(end - scope), scope);
		scope = end + 2;
	}
	strbuf_addf(&name, "%zu%s%s", strlen(class->name), class->name,
		    class->scope ? "E" : "");
	return strbuf_take(&name);
}

/* The class's own function at that place of its table of virtual ones. */
static bool virtual_at(const struct typed_source *source, struct type *class,
		       uint64_t place, struct symbol *out)
{
	AUTO_FREE char *name = table_name(class);
	uint64_t code = 0;
	struct symbol table;
	struct error err;

	/* before the functions: the offset to the top, and the type */
	return name && source->symbols && source->read &&
	       !symbols_find(source->symbols, name, &table, &err) &&
	       place < table.size &&
	       table.size - place > 2 * (uint64_t)source->word &&
	       source->read(source->ctx,
			    table.addr + 2 * (uint64_t)source->word + place,
			    &code, source->word) &&
	       symbols_at(source->symbols, code, out) && !out->offset &&
	       strncmp(out->name, "__cxa_", 6) != 0;
}

static void add_method(const struct typed_source *source, struct type *type,
		       uint64_t code, int64_t adjustment, struct strbuf *out)
{
	struct symbol symbol;

	if (!code) {
		strbuf_add(out, "NULL");
		return;
	}
	if (code & 1 && virtual_at(source, type_strip(type_class(type)),
				   code - 1, &symbol)) {
		strbuf_addf(out, "&virtual %s", symbol.name);
		return;
	}
	if (code & 1) {
		strbuf_addf(out, "&virtual table offset %" PRIu64, code - 1);
	} else {
		strbuf_addc(out, '(');
		type_name(type, out);
		strbuf_addf(out, ") 0x%" PRIx64, code);
		typed_symbol(source, code, out);
	}
	if (adjustment)
		strbuf_addf(out, ", this adjustment %" PRId64, adjustment);
}

void typed_add_member(const struct typed_source *source, struct type *type,
		      const struct typed_value *v, struct strbuf *out)
{
	unsigned word = source->word;
	uint64_t first = 0;
	int64_t second = 0;

	if (v->len < type->size ||
	    (type->size != word && type->size != 2 * (uint64_t)word)) {
		strbuf_add(out, "<invalid pointer to member>");
		return;
	}
	memcpy(&first, v->bytes, word);
	if (type->size > word) {
		memcpy(&second, (const uint8_t *)v->bytes + word, word);
		add_method(source, type, first,
			   word == 4 ? (int32_t)second : second, out);
	} else {
		add_data(type, word == 4 ? (int32_t)first : (int64_t)first,
			 out);
	}
}

#include "analysis/describe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/content.h"
#include "analysis/typing.h"
#include "base/alloc.h"
#include "symbols/demangle.h"
#include "symbols/symbols.h"

enum {
	NAME_MAX_ = 2000, /* of a class, as the compiler writes it */
	TEXT_MAX = 32,	  /* bytes of text that are shown */
	FIRST_WORDS = 4
};

/* The word at addr, which must be aligned and in a module; 0: there is none. */
static uint64_t table_word(const struct snapshot *snap, uint64_t addr)
{
	struct error ignored;
	uint64_t value = 0;

	if (addr % snap->word || !snap->memory || !span_in_module(snap, addr) ||
	    target_read_word(snap->memory, addr, &value, &ignored))
		return 0;
	return value;
}

/* A type's mangled name: letters, digits and what templates have. */
static bool is_type_name(const char *name)
{
	static const char more[] = "_$.";
	size_t n = 0;

	for (; name[n]; n++)
		if (!(name[n] >= '0' && name[n] <= '9') &&
		    !(name[n] >= 'a' && name[n] <= 'z') &&
		    !(name[n] >= 'A' && name[n] <= 'Z') &&
		    !strchr(more, name[n]))
			return false;
	return n;
}

/* The mangled name in type information at addr; false if it is none. */
static bool type_name(const struct snapshot *snap, uint64_t addr, char *buf,
		      size_t cap)
{
	uint64_t at = table_word(snap, addr + snap->word);
	size_t got;

	if (!span_in_module(snap, at))
		return false;
	got = target_read_some(snap->memory, at, buf, cap);
	if (!got || strnlen(buf, got) == got)
		return false;
	/* In front of the name of a type that only one file knows. */
	if (*buf == '*')
		memmove(buf, buf + 1, strlen(buf));
	return is_type_name(buf);
}

/* The type information that a table of virtual functions has, or 0. */
static uint64_t type_of_table(const struct snapshot *snap, uint64_t vptr)
{
	/* The distance to the start of the complete object: this is its
	 * start. */
	if (!table_word(snap, vptr) ||
	    table_word(snap, vptr - 2 * snap->word) != 0)
		return 0;
	return table_word(snap, vptr - snap->word);
}

/* It is an object of one of the classes that class types have. */
static bool is_class_type(const struct snapshot *snap, uint64_t type)
{
	uint64_t vptr = table_word(snap, type);
	char name[NAME_MAX_];

	return vptr &&
	       type_name(snap, table_word(snap, vptr - snap->word), name,
			 sizeof name) &&
	       strstr(name, "__cxxabiv1") && strstr(name, "class_type_info");
}

bool describe_class(const struct snapshot *snap, uint64_t vptr, char *buf,
		    size_t cap)
{
	static const char prefix[] = "typeinfo for ";
	uint64_t type = type_of_table(snap, vptr);
	char mangled[NAME_MAX_ + 8] = "_ZTI";
	AUTO_FREE char *name = NULL;

	if (!type || !is_class_type(snap, type) ||
	    !type_name(snap, type, mangled + 4, NAME_MAX_))
		return false;
	name = demangle(mangled);
	if (name && !strncmp(name, prefix, sizeof prefix - 1))
		snprintf(buf, cap, "%s", name + sizeof prefix - 1);
	else
		snprintf(buf, cap, "%s", mangled + 4);
	return true;
}

bool describe_object(const struct snapshot *snap, uint32_t chunk, uint64_t vptr,
		     char *buf, size_t cap)
{
	static const char begins[] = "begins with ";
	size_t skip = snap->chunk[chunk].size > DESCRIBE_LARGE
			      ? sizeof begins - 1
			      : 0;

	if (cap <= skip || !describe_class(snap, vptr, buf + skip, cap - skip))
		return false;
	memcpy(buf, begins, skip);
	return true;
}

static bool first_symbol(struct symbols *symbols, const uint8_t *bytes,
			 size_t len, unsigned word, uint64_t *at,
			 struct symbol *out)
{
	for (*at = 0; *at + word <= len && *at < FIRST_WORDS * word;
	     *at += word) {
		uint64_t value = 0;

		memcpy(&value, bytes + *at, word);
		if (value && symbols_at(symbols, value, out) && out->name &&
		    !out->offset)
			return true;
	}
	return false;
}

bool describe_first_symbol(const struct snapshot *snap, struct symbols *symbols,
			   uint32_t chunk, uint64_t *at, struct symbol *out)
{
	const struct chunk *c = &snap->chunk[chunk];
	uint8_t bytes[FIRST_WORDS * sizeof(uint64_t)];
	size_t len = c->size < sizeof bytes ? c->size : sizeof bytes;

	len = image_read(snap->contents, c->addr, bytes, len);
	return first_symbol(symbols, bytes, len, snap->word, at, out);
}

bool describe_is_address(const struct snapshot *snap, uint64_t word,
			 size_t text)
{
	return text <= snap->word && maps_find(&snap->maps, word);
}

enum description describe_chunk(const struct snapshot *snap,
				struct symbols *symbols, uint32_t chunk,
				char *buf, size_t cap)
{
	const struct chunk *c = &snap->chunk[chunk];
	uint8_t bytes[TEXT_MAX + 1];
	uint64_t first = 0, at;
	size_t len = c->size < sizeof bytes ? c->size : sizeof bytes, text;
	struct symbol symbol;

	buf[0] = '\0';
	if (snap->typing && snap->typing->by[chunk] >= TYPED_SIZE) {
		snprintf(buf, cap, "%s", typing_name(snap->typing, chunk));
		return snap->typing->by[chunk] == TYPED_VTABLE &&
				       typing_is_whole(snap->typing, chunk)
			       ? DESCRIBED_CLASS
			       : DESCRIBED_TYPE;
	}
	if (!snap->contents || c->state != CHUNK_USED)
		return DESCRIBED_NOT;
	len = image_read(snap->contents, c->addr, bytes, len);
	if (len < snap->word)
		return DESCRIBED_NOT;
	memcpy(&first, bytes, snap->word);
	if (first && describe_object(snap, chunk, first, buf, cap))
		return DESCRIBED_CLASS;
	text = text_run(bytes, len);
	if (text >= 4 && (text == len || !bytes[text]) &&
	    !describe_is_address(snap, first, text)) {
		text_quote(bytes, text, TEXT_MAX, buf, cap);
		return DESCRIBED_TEXT;
	}
	if (symbols &&
	    first_symbol(symbols, bytes, len, snap->word, &at, &symbol)) {
		snprintf(buf, cap, "%s", symbol.name);
		return DESCRIBED_SYMBOL;
	}
	return DESCRIBED_NOT;
}

enum description describe_type(const struct snapshot *snap,
			       struct symbols *symbols, uint32_t chunk,
			       char *buf, size_t cap)
{
	enum description known = describe_chunk(snap, symbols, chunk, buf, cap);

	if (known == DESCRIBED_TEXT)
		snprintf(buf, cap, "text");
	return known;
}

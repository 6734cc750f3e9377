#include "view/chunk_members.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "symbols/symbols_types.h"
#include "symbols/typed_text.h"
#include "target/image.h"

enum { STRUCT_MAX = 1 << 20 };

static bool read_then(void *ctx, uint64_t addr, void *buf, size_t len)
{
	const struct snapshot *snap = ctx;
	struct error err;

	return !target_read(snap->memory, addr, buf, len, &err);
}

/* Of "T[]", "T+", "T+ (tag 5)", "T at +16": T, and where it is. */
static struct type *find(struct symbols *symbols, const char *name,
			 uint64_t *offset)
{
	AUTO_FREE char *bare = xstrdup(name);
	char *at = strstr(bare, " at +"), *tag = strstr(bare, "+ (");
	struct type *type;
	struct error err;
	size_t len;

	*offset = 0;
	if (at) {
		*offset = strtoull(at + strlen(" at +"), NULL, 10);
		*at = '\0';
	} else if (tag) {
		tag[1] = '\0';
	}
	len = strlen(bare);
	if (len > 2 && !strcmp(bare + len - 2, "[]"))
		bare[len - 2] = '\0';
	else if (len && bare[len - 1] == '+')
		bare[len - 1] = '\0';
	if (!*bare || strchr(bare, '*') ||
	    symbols_type_find(symbols, bare, &type, &err))
		return NULL;
	type = type_strip(type);
	return type->kind == TYPE_STRUCT || type->kind == TYPE_UNION ? type
								     : NULL;
}

static void tell(const struct typed_source *source, const struct chunk *c,
		 uint64_t base, const uint8_t *bytes, uint64_t size,
		 const struct member *m, chunk_member_fn *fn, void *ctx)
{
	struct typed_value value = {.type = m->type,
				    .addr = c->addr + base + m->offset,
				    .bit_offset = m->bit_offset,
				    .bit_size = m->bit_size};
	struct strbuf text = {0};

	if (m->offset > size)
		return;
	value.bytes = bytes + m->offset;
	value.len = size - m->offset;
	if (!m->bit_size && type_size(m->type) < value.len)
		value.len = type_size(m->type);
	if (m->is_base)
		type_name(m->type, &text);
	else
		strbuf_add(&text, m->name ? m->name : "(no name)");
	strbuf_add(&text, " = ");
	typed_text_inner(source, &value, 0, &text);
	fn(ctx, base + m->offset, strbuf_str(&text));
	strbuf_deinit(&text);
}

void chunk_members_each(const struct snapshot *snap, struct symbols *symbols,
			uint32_t chunk, const char *name, chunk_member_fn *fn,
			void *ctx)
{
	const struct chunk *c = &snap->chunk[chunk];
	struct typed_source source = {.symbols = symbols,
				      .read = read_then,
				      .ctx = (void *)snap,
				      .word = snap->word};
	uint64_t base = 0;
	struct type *type = symbols ? find(symbols, name, &base) : NULL;
	uint64_t size = type ? type_size(type) : 0;
	const struct member *m;
	uint8_t *bytes;
	size_t n;

	if (!size || base > c->size || size > c->size - base ||
	    size > STRUCT_MAX)
		return;
	bytes = xmalloc(size);
	if (image_read(snap->contents, c->addr + base, bytes, size) == size) {
		n = type_members(type, &m);
		for (size_t i = 0; i < n; i++)
			tell(&source, c, base, bytes, size, &m[i], fn, ctx);
	}
	free(bytes);
}

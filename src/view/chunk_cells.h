/* What a chunk says of itself in every table that lists chunks. */
#ifndef VIEW_CHUNK_CELLS_H
#define VIEW_CHUNK_CELLS_H

#include "snapshot/snapshot.h"
#include "view/view.h"

struct symbols;

enum { PREVIEW_MAX = 48 };

struct value chunk_arena_value(const struct chunk *chunk);
/* What describe_type() says of it, written to buf; no value if that is nothing,
 * or index is CHUNK_NONE. */
struct value chunk_type_value(const struct snapshot *snap,
			      struct symbols *symbols, uint32_t index,
			      char *buf, size_t cap);
/*
 * What a chunk begins with, for people: text in quotes, or the class of a C++
 * object, or the symbol its first word is the address of, or the first words;
 * "" without contents.  symbols may be NULL.  own: names by what the mapped
 * files say, so that the text is the same with debug files and without.
 */
void chunk_preview(const struct snapshot *snap, struct symbols *symbols,
		   uint32_t index, bool own, char *buf, size_t cap);

#endif

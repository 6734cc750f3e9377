/*
 * What a place in memory is called where somebody who holds a block is named:
 * by the variable, the function whose frame it is in, the chunk and its class.
 */
#ifndef ANALYSIS_NAMES_H
#define ANALYSIS_NAMES_H

#include "analysis/refs.h"

struct symbols;

/* The place of the word that ref is, a register included. */
struct place name_place_of_ref(const struct snapshot *snap,
			       const struct ref *ref);

/*
 * Bytes from the start of what is named to the place: chunk, variable, the
 * lowest byte of the stack frame, the thread pointer (may be negative).  False
 * if there is no such start: a register, no symbol.  symbols may be NULL.
 */
bool name_offset(const struct snapshot *snap, struct symbols *symbols,
		 const struct place *place, int64_t *out);

/* "chunk 0x55d0c0a3f2a0 (http::Session)": what it seems to be, if anything.
 * symbols may be NULL. */
void name_chunk(const struct snapshot *snap, struct symbols *symbols,
		uint32_t chunk, char *buf, size_t cap);

/*
 * "chunk 0x55d0c0a3f2a0 class 64 +16 (http::Session)", "g_sessions+0x10
 * (libfoo.so)", "thread 4711 frame #2 handle_request +0x38", "thread 4711
 * thread-local fs:-0x8", and what place_format() says of the rest.  The file is
 * named unless it is the program itself.  symbols may be NULL.
 */
void name_format(const struct snapshot *snap, struct symbols *symbols,
		 const struct place *place, char *buf, size_t cap);

#endif

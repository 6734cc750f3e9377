/*
 * What an address is: in which chunk, global, stack frame or mapping it lies.
 */
#ifndef SNAPSHOT_PLACE_H
#define SNAPSHOT_PLACE_H

#include "snapshot/snapshot.h"

struct symbols;

struct place {
	enum place_kind kind;
	uint64_t addr;
	uint32_t chunk;	 /* PLACE_CHUNK */
	uint64_t offset; /* in the chunk, or in the mapping */
	uint32_t thread; /* index in snapshot: STACK, TLS, REGISTER */
	uint32_t frame;	 /* STACK: index in its frames, UINT32_MAX none */
	unsigned reg;	 /* REGISTER: DWARF number */
};

struct place place_of(const struct snapshot *snap, uint64_t addr);
/* "chunk", "heap", "global", "code", "stack", "tls", "register", "anon",
 * "file", "none": as in JSON. */
const char *place_kind_name(enum place_kind kind);
/* "used", "free", "cached", "top". */
const char *chunk_state_name(enum chunk_state state);
/* The segment register by which the program reaches its TLS: "fs", "gs". */
const char *place_tls_register(const struct snapshot *snap);
/*
 * For people: "chunk 0x55..+16 (64 B, used)", "main_arena+0x60",
 * "thread 4711 \"worker\" frame #2 handle_request+0x1f", "libc.so.6+0x1d2cc0".
 * symbols may be NULL.
 */
void place_format(const struct place *place, const struct snapshot *snap,
		  struct symbols *symbols, char *buf, size_t cap);

#endif

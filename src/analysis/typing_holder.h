/* What has a word in it, in the program's terms: a member of a type, a
 * variable, a thread. */
#ifndef ANALYSIS_TYPING_HOLDER_H
#define ANALYSIS_TYPING_HOLDER_H

#include "analysis/refs.h"
#include "analysis/typing.h"
#include "base/strbuf.h"

enum holder_part {
	/* Nothing says its type; or it is behind the T of a "T+". */
	HOLDER_BLOCK,
	HOLDER_TEXT,  /* such a block, and a text ends there: no pointer */
	HOLDER_TYPED, /* or named by a symbol: one place as a whole */
	HOLDER_SLACK  /* behind what a chunk is: malloc's rounding, or more of
		       * it than its type tells */
};

/* What is at that offset of a used chunk. */
enum holder_part holder_part(const struct typing *typing, uint32_t chunk,
			     uint64_t offset);
/* Two words in chunks with one key are in the same member of one type; of a
 * place of which the type is known. */
uint64_t holder_key(const struct typing *typing, uint32_t chunk,
		    uint64_t offset);
/*
 * What the names below are of, never 0: a type, the address of a symbol, a
 * thread.  Two variables or two types of one name are two places.
 */
uint64_t holder_place(const struct typing *typing, uint32_t chunk,
		      uint64_t offset);
/*
 * "struct client.buf", "struct dict.ht_table[]", "dictEntry *[]", "blocks with
 * PyList_Type at +8": of such a place.  A union goes by its own name: which of
 * its members is there, the address does not say.  False: no member is there.
 */
bool holder_member(const struct typing *typing, uint32_t chunk, uint64_t offset,
		   struct strbuf *out);
/* "struct client": the whole that such a member is of. */
void holder_type(const struct typing *typing, uint32_t chunk, uint64_t offset,
		 struct strbuf *out);
/* Where there is an object outside of the heap: the number by which the above
 * know its memory, with *offset; CHUNK_NONE: none is there. */
uint32_t holder_area(const struct typing *typing, uint64_t addr,
		     uint64_t *offset);
/* "g_server", "prog+0x1d2cc0 (.bss)", "thread 4711 \"worker\"", "thread 4711
 * TLS": of a word outside of the heap; its place. */
uint64_t holder_root(const struct typing *typing, const struct ref *ref,
		     struct strbuf *out);
/* Names of several places, from the number first on, get behind them which is
 * meant: "cache (b.c)"; and the address where that does not tell. */
int holder_tell_apart(struct typing *typing, size_t first,
		      struct error *err) MUST_CHECK;

#endif

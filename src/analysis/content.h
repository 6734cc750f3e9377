/*
 * What a word in memory seems to be: a pointer (to what), text, or a number.
 * Words that mean the same make the same pattern: what diff and near fold by.
 */
#ifndef ANALYSIS_CONTENT_H
#define ANALYSIS_CONTENT_H

#include "analysis/fold.h"
#include "snapshot/finder.h"
#include "snapshot/place.h"

struct symbols;

enum content_kind {
	CONTENT_UNKNOWN, /* its bytes are not kept */
	CONTENT_ZERO,
	CONTENT_TEXT,	/* a: the text's first bytes, zeros behind it */
	CONTENT_CHUNK,	/* a: class, b: state; flags: CONTENT_INTERIOR */
	CONTENT_MODULE, /* a: the very address, code or data of a module */
	CONTENT_PLACE,	/* a: enum place_kind, b: tid, or the mapping's start */
	CONTENT_NUMBER	/* a: the word */
};

enum { CONTENT_INTERIOR = 1 };

/*
 * What word tells: pointers first, then text (at least four printable bytes up
 * to the word's end or a NUL), then a number.  finder: over all chunks of snap.
 * *chunk: where a pointer to a chunk leads, else CHUNK_NONE.
 */
struct pattern content_of(const struct snapshot *snap,
			  const struct finder *finder, uint64_t word,
			  uint32_t *chunk);
/*
 * The first word of chunk i; CONTENT_UNKNOWN when it is not kept.  *word: the
 * word itself.
 */
struct pattern content_first(const struct snapshot *snap,
			     const struct finder *finder, uint32_t i,
			     uint64_t *word);
/*
 * "sale_ops", "\"GET / HT\"", "-> chunk of class 64", "0x1f"; of a table of
 * virtual functions the class, "Foo".  symbols may be NULL.
 */
void content_name(const struct pattern *pattern, const struct snapshot *snap,
		  struct symbols *symbols, char *buf, size_t cap);

/* The length of text at bytes, at most len: printable ASCII, tabs, line ends.
 */
size_t text_run(const uint8_t *bytes, size_t len);
/* Such text in quotes, at most max bytes of it, control characters as \n. */
void text_quote(const uint8_t *bytes, size_t len, size_t max, char *buf,
		size_t cap);

#endif

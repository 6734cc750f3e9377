/* Between near_held.c, which folds, and near_held_rows.c, which tells. */
#ifndef ANALYSIS_NEAR_HELD_H
#define ANALYSIS_NEAR_HELD_H

#include "analysis/near_impl.h"
#include "base/u64map.h"

#define ANY_THREAD UINT32_MAX

/* Flags of a pattern. */
enum {
	FROM_GROUP = 1,
	FROM_ITSELF = 2,
	MANY_WORDS = 4, /* offset stands for several */
};

/*
 * Patterns: kind is the holder's enum place_kind.
 * CHUNK: offset of the word, a = class, b = where inside it points.
 * GLOBAL: a = the word's address, or the symbol's with MANY_WORDS.
 * STACK: a = thread, b = function.  REGISTER: a = thread, b = register.
 * TLS: a = thread, b = offset from its thread pointer.  Others: a = start of
 * the mapping.
 */
struct held {
	struct near_build *b;
	struct refs refs;
	struct u64map words_of; /* holder chunk, or global symbol -> words */
	struct fold fold;
	/* STACK, REGISTER and TLS again, with ANY_THREAD for a. */
	struct fold wide;
	struct fold rows; /* what is told: of fold, or of wide instead */
};

static inline bool held_by_thread(const struct pattern *p)
{
	return p->kind == PLACE_STACK || p->kind == PLACE_REGISTER ||
	       p->kind == PLACE_TLS;
}

/* Rows from what was folded. */
int held_emit(struct held *h, struct error *err) MUST_CHECK;

#endif

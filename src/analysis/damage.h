/*
 * What a snapshot's defects mean: who lies beside the place, who probably wrote
 * there, and what it wrote.  All of it is what the memory suggests, no more.
 */
#ifndef ANALYSIS_DAMAGE_H
#define ANALYSIS_DAMAGE_H

#include "snapshot/snapshot.h"

/* What is where something else should be. */
enum wrote {
	WROTE_UNKNOWN, /* nothing was read there, or nothing is wrong there */
	WROTE_ZEROS,
	WROTE_TEXT,
	WROTE_PATTERN, /* one value over and over: "value" */
	WROTE_POINTER, /* "value" is an address of something */
	WROTE_NUMBER   /* "value", which says nothing */
};

/* How sure it is that the block before wrote past its end. */
enum suspicion {
	SUSPECT_NONE,	 /* nothing says so, or no block lies just before */
	SUSPECT_MAY,	 /* it lies just before */
	SUSPECT_PROBABLY /* and ends with what goes on here */
};

struct damage {
	const struct defect *defect;  /* borrowed from the snapshot */
	uint32_t before, here, after; /* chunks, or CHUNK_NONE */
	bool just_before, just_after; /* no gap between */
	enum suspicion suspicion;     /* of the chunk before */
	enum wrote wrote;
	uint64_t value;
	size_t text, text_len; /* WROTE_TEXT: where in defect->bytes */
};

/* Of defect i. */
struct damage damage_of(const struct snapshot *snap, uint32_t i);

/* "size", "link" ...: as in JSON; "impossible size": as people read it. */
const char *defect_kind_key(enum defect_kind kind);
const char *defect_kind_name(enum defect_kind kind);
/* "zeros", "text" ...: as in JSON. */
const char *wrote_name(enum wrote wrote);
const char *suspicion_name(enum suspicion suspicion); /* "no", "may" ... */

#endif

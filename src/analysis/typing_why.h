/* Why a chunk has the type that it has, in lines for people. */
#ifndef ANALYSIS_TYPING_WHY_H
#define ANALYSIS_TYPING_WHY_H

#include "analysis/typing.h"

struct why_line {
	const char *section; /* static: "its type", "why" */
	bool has_addr;
	uint64_t addr; /* of what the line speaks of */
	char *text;    /* owned */
};

struct why {
	struct why_line *line; /* owned */
	size_t count, cap;
};

/* Of a chunk of any state; out is the caller's, by why_deinit(). */
void typing_why(const struct typing *typing, uint32_t chunk, struct why *out);
/* A line more; text becomes why's. */
struct why_line *why_add(struct why *why, const char *section, char *text);
void why_add_at(struct why *why, const char *section, uint64_t addr,
		char *text);
void why_deinit(struct why *why);

#endif

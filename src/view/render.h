/* A view as text, JSON (COMMANDS.md 3) or CSV, written to a stream row by row.
 */
#ifndef VIEW_RENDER_H
#define VIEW_RENDER_H

#include <stdio.h>

#include "view/view.h"

enum render_format { RENDER_TEXT, RENDER_JSON, RENDER_CSV };

struct render_opts {
	enum render_format format;
	uint32_t limit; /* rows; 0: all.  What is cut is said. */
	bool exact;	/* bytes, not KiB */
	bool color;
	unsigned width; /* of the terminal; 0: do not cut lines */
	/* For JSON's head. */
	const char *command;		       /* the line as run */
	const char *target_kind, *exe, *glibc; /* "" unknown */
	unsigned word; /* bytes of an address; 0: unknown */
	int pid;
};

int render(const struct view *view, const struct render_opts *opts, FILE *out,
	   struct error *err) MUST_CHECK;
/* {"heapscope":..., "command":..., "error":{"code":..., "message":...}} */
void render_json_error(const struct error *err, const struct render_opts *opts,
		       FILE *out);

#endif

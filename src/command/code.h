/* Instructions as lines of a view, for disas and x/i. */
#ifndef COMMAND_CODE_H
#define COMMAND_CODE_H

#include "command/session.h"
#include "view/views.h"

/*
 * At most max instructions of the len bytes at addr (fewer where memory ends).
 * mark: an address to point out with "=>", 0 none.  *out is the caller's;
 * *next is the address after the last; *now as session_read says.
 */
int code_lines(struct session *session, uint64_t addr, uint64_t len,
	       uint64_t mark, size_t max, struct code_line **out,
	       uint32_t *count, uint64_t *next, bool *now,
	       struct error *err) MUST_CHECK;

#endif

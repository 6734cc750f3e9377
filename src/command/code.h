/* Instructions as lines of a view, for disas and x/i. */
#ifndef COMMAND_CODE_H
#define COMMAND_CODE_H

#include "base/words.h"
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

/* info line ADDR: the source line of a place in the code, and where the code of
 * that line begins and ends. */
int code_info_line(struct session *session, const struct words *words,
		   struct view **out, struct error *err) MUST_CHECK;

#endif

/* Chunk sets of a command line, chosen from the snapshot they speak of. */
#ifndef COMMAND_SELECT_H
#define COMMAND_SELECT_H

#include "command/session.h"
#include "snapshot/set.h"

struct selection {
	struct set *set;
	const struct snapshot *snap; /* current, or one of the diff's */
	const struct bitmap *fresh;  /* new (or gone) chunks of snap; or NULL */
	uint32_t *index;	     /* owned, ascending */
	uint32_t count;
	char *unmatched; /* owned: names behind type= that no chunk has; NULL */
};

/*
 * words: the SET; none: fallback.  "new" and "gone" make the diff of the last
 * two snapshots if none was made.  On failure there is nothing to release.
 */
int selection_make(struct session *session, char *const *word, size_t count,
		   const char *fallback, struct selection *out,
		   struct error *err) MUST_CHECK;
/* Says of the answer's view what no chunk has. */
void selection_warn(const struct selection *selection, struct view *view);
void selection_deinit(struct selection *selection);
/* The chosen indices become the caller's. */
uint32_t *selection_take(struct selection *selection);

#endif

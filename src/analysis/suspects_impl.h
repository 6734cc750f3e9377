/* Between suspects.c, which finds, suspects_shared.c, which finds what several
 * share, and suspects_text.c, which tells. */
#ifndef ANALYSIS_SUSPECTS_IMPL_H
#define ANALYSIS_SUSPECTS_IMPL_H

#include "analysis/suspects.h"

/* A tree, of dominators or of shortest ways, and who is right below a node. */
struct suspects_tree {
	const struct retained *r;
	uint32_t *largest, *direct; /* owned, a node each */
};

int suspects_tree_init(struct suspects_tree *tree, const struct retained *r,
		       struct error *err) MUST_CHECK;
void suspects_tree_deinit(struct suspects_tree *tree);

/* How many chunks of one class follow each other, from "at" on. */
uint32_t suspects_run(const struct suspects_tree *tree, uint32_t at,
		      uint32_t *last);
/* Are bytes that many percent of all used ones? */
bool suspects_is_share(const struct retained *r, uint64_t bytes,
		       unsigned percent);

/* Where in the tree of shortest ways the bytes are that no owner among the
 * suspects has alone: kind, from, held, point, direct, list, alone, root and
 * steps are filled in.  At most as many as there are shares in the whole. */
struct suspects_points {
	struct suspect at[100 / SUSPECT_HOLDER_SHARE];
	uint32_t count;
};
int suspects_shared(const struct retained *alone,
		    const struct suspects_tree *nearest,
		    struct suspects_points *out, struct error *err) MUST_CHECK;

/* The same of SUSPECT_NEW_SHARE of the bytes that are new; none if there are
 * fewer than SUSPECT_MANY such chunks. */
int suspects_growing(const struct retained *alone,
		     const struct suspects_tree *nearest,
		     const struct bitmap *fresh, struct suspects_points *out,
		     struct error *err) MUST_CHECK;

/* s->name and s->text from the rest.  before: the earlier snapshot's name, or
 * NULL. */
void suspect_tell(struct suspect *s, const struct retained *r,
		  const struct retained *nearest, const char *before,
		  struct symbols *symbols);

#endif

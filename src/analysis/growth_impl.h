/* Between growth.c and its parts. */
#ifndef ANALYSIS_GROWTH_IMPL_H
#define ANALYSIS_GROWTH_IMPL_H

#include "analysis/growth.h"
#include "base/u64map.h"
#include "snapshot/finder.h"

/* How many used chunks a class, or group, has in each snapshot. */
struct growth_class {
	uint64_t size;
	uint64_t reused, unsure, unknown;
};

struct growth_count {
	const struct snapshot *const *snap; /* borrowed */
	uint32_t snaps;
	struct u64map class_of;	    /* size -> index + 1 */
	struct growth_class *class; /* owned */
	size_t classes, class_cap;
	uint32_t *in_class; /* owned: [class * snaps + snapshot] */
	size_t in_class_cap;
	/* Groups: a pattern of content.h whose offset is the class' index; by
	 * type one whose a is the number of a name. */
	struct fold fold;
	uint32_t *in_group; /* owned: [group * snaps + snapshot] */
	size_t in_group_cap;
	const struct snapshot *without_content;
	uint64_t without_count;
	const struct typing *const *type; /* borrowed, one a snapshot; or NULL
					   */
	const char **name;		  /* owned, of names of type's */
	size_t names, name_cap;
	struct u64map name_of; /* hash of a name -> its number + 1 */
};

/* How chunk i of snap begins, as groups are told apart. */
struct pattern growth_pattern(const struct snapshot *snap,
			      const struct finder *finder, uint32_t i);
/* groups: by content too, as far as the bytes are there. */
int growth_count_all(struct growth_count *c, bool groups,
		     struct error *err) MUST_CHECK;
/* Fills reused, unsure and unknown of the classes. */
int growth_count_identities(struct growth_count *c,
			    struct error *err) MUST_CHECK;
/* Rows of classes of which nearly all that is new since first is of one type
 * that describe.h knows (text counts as none) get its name; last must have
 * its contents, else nothing is done. */
int growth_name_types(struct growth *growth, const struct snapshot *first,
		      const struct snapshot *last, struct symbols *symbols,
		      struct error *err) MUST_CHECK;
/* A group is what nearly all of its class' growth is from this share on. */
bool growth_is_nearly_all(int64_t part, int64_t all);

void growth_count_deinit(struct growth_count *c);

#endif

/* Between growth.c and growth_count.c. */
#ifndef ANALYSIS_GROWTH_IMPL_H
#define ANALYSIS_GROWTH_IMPL_H

#include "analysis/growth.h"
#include "base/u64map.h"

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
	/* Groups: a pattern of content.h whose offset is the class' index. */
	struct fold fold;
	uint32_t *in_group; /* owned: [group * snaps + snapshot] */
	size_t in_group_cap;
	const struct snapshot *without_content;
	uint64_t without_count;
};

/* groups: by content too, as far as the bytes are there. */
int growth_count_all(struct growth_count *c, bool groups,
		     struct error *err) MUST_CHECK;
/* Fills reused, unsure and unknown of the classes. */
int growth_count_identities(struct growth_count *c,
			    struct error *err) MUST_CHECK;
void growth_count_deinit(struct growth_count *c);

#endif

/* Between diff.c and diff_content.c. */
#ifndef ANALYSIS_DIFF_IMPL_H
#define ANALYSIS_DIFF_IMPL_H

#include "analysis/diff.h"

enum diff_side { DIFF_NEW, DIFF_GONE, DIFF_KEPT };

typedef int diff_each_fn(void *ctx, const struct snapshot *snap, uint32_t chunk,
			 enum diff_side side, struct error *err);

/* Every used chunk of after, then the gone ones of before, that set has. */
int diff_each(const struct diff *diff, const struct set *set,
	      diff_each_fn *each, void *ctx, struct error *err) MUST_CHECK;

void diff_class_add(struct diff_class *row, enum diff_side side,
		    uint64_t bytes);

/* Of a kept chunk of after: what it was judged to be. */
void diff_class_judge(struct diff_class *row, const struct diff *diff,
		      uint32_t chunk);

/* Fills delta_bytes too. */
void diff_classes_sort(struct diff_class *row, uint32_t count);

int diff_by_content(const struct diff *diff, const struct set *set,
		    struct symbols *symbols, struct diff_class **out,
		    uint32_t *count, char *warning, size_t warning_cap,
		    struct error *err) MUST_CHECK;

#endif

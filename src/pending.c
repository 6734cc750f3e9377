/* Stands in for what is being written beside this; goes when it lands. */
#include <string.h>

#include "analysis/diff.h"
#include "malloc/allocator.h"
#include "malloc/mallinfo.h"

#define WEAK __attribute__((weak))

const struct allocator *const allocators[] WEAK = {NULL};

WEAK size_t allocator_foreign(struct target *target, struct symbols *symbols,
			      struct foreign_allocator *out, size_t cap)
{
	(void)target, (void)symbols, (void)out, (void)cap;
	return 0;
}

WEAK void mallinfo2_sum(const struct arena *arena, size_t count,
			const struct malloc_params *params,
			struct mallinfo2_totals *out)
{
	(void)arena, (void)count, (void)params;
	memset(out, 0, sizeof(*out));
}

WEAK int diff_make(const struct snapshot *before, const struct snapshot *after,
		   struct diff **out, struct error *err)
{
	(void)before, (void)after, (void)out;
	return error_set(err, ERR_UNSUPPORTED, "diff is not built yet");
}

WEAK void diff_destroy(struct diff *diff)
{
	(void)diff;
}

#include "malloc/mallinfo.h"

void mallinfo2_sum(const struct arena *arena, size_t count,
		   const struct malloc_params *params,
		   struct mallinfo2_totals *out)
{
	struct mallinfo2_totals t = {0};

	for (size_t i = 0; i < count; i++) {
		const struct arena *a = &arena[i];

		t.arena += a->system_bytes;
		/* The top counts, even of an arena that has none yet. */
		t.ordblks += a->bin_count + 1;
		t.smblks += a->fast_count;
		t.fsmblks += a->fast_bytes;
		t.fordblks += a->bin_bytes + a->fast_bytes + a->top_bytes;
		if (a->is_main)
			t.keepcost = a->top_bytes;
	}
	t.uordblks = t.arena - t.fordblks;
	t.hblks = params->n_mmaps;
	t.hblkhd = params->mmapped_bytes;
	*out = t;
}

/*
 * Words changed in libc's data: whatever is found there is found in it, and a
 * walk of it ends.
 */

#include "tests/fuzz/edits.h"
#include "tests/lib/families.h"
#include "tests/lib/marks.h"

static struct fake_heap f;
static struct fake_walk w;

void fuzz_locate(const uint8_t *data, size_t size)
{
	struct bytes b = {data, size};
	struct glibc_data range;
	struct finding arena = {0}, params = {0};
	struct edit edit[MAX_EDITS];
	struct target *t;
	struct error err;

	fake_init_as(&f, take_family(&b));
	take_edits(&b, &f, edit);
	range = (struct glibc_data){.start = fake_at(&f, FAKE_DATA)};
	range.end = range.start + FAKE_REGION_SIZE;
	t = fake_target(&f, 0);
	glibc_locate_memory(t, &range, &arena, &params);
	target_close(t);
	ck_assert(!arena.addr || glibc_in_data(&range, arena.addr));
	ck_assert(!params.addr || glibc_in_data(&range, params.addr));
	if (arena.addr && arena.state && params.addr && params.params) {
		f.g.main_arena = arena.addr;
		f.g.mp = params.addr;
		f.g.state = arena.state;
		f.g.params = params.params;
		if (!fake_walk(&f, &w, &err))
			fake_invariants(&w);
	}
	fake_deinit(&f);
}

#ifdef FUZZ_TARGET
#include "tests/fuzz/fuzz_main.h"

FUZZ_MAIN(fuzz_locate)
#endif

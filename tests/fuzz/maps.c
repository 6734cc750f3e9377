/* Any text is refused, or parsed into mappings that ascend and can be found. */
#include <stdio.h>
#include <string.h>

#include "target/maps.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/marks.h"

static const char *const known[] = {
	"55550000-55560000 ",
	"rw-p ",
	"r-xp ",
	"---s ",
	"00000000 ",
	"08:01 ",
	"7 ",
	"/libc",
	"[heap]",
	"[stack]",
	"\n",
	" ",
	"-",
	"7f0000000000-7f0000001000 ",
	"ffffffffffffffff-0 ",
	"0-1000 rw-p 00000000 00:00 0 \n",
	"1000-2000 rw-p 00000000 00:00 0 [anon: x]\n",
	" (deleted)\n",
};

void fuzz_maps(const uint8_t *data, size_t size)
{
	struct bytes b = {data, size};
	char text[8192];
	struct maps maps = {0};
	struct error err;
	size_t n = 0;

	while (b.size && n < sizeof text - 64) {
		unsigned c = take8(&b);

		if (c < 128)
			text[n++] = (char)c;
		else
			n += (size_t)snprintf(
				text + n, sizeof text - n, "%s",
				known[c % (sizeof known / sizeof *known)]);
	}
	if (!maps_parse(text, n, &maps, &err)) {
		for (size_t i = 0; i < maps.count; i++) {
			const struct map *m = &maps.map[i];

			ck_assert(m->start < m->end);
			ck_assert(!i || m[-1].end <= m->start);
			ck_assert(maps_find(&maps, m->start) == m);
			ck_assert(maps_find(&maps, m->end - 1) == m);
		}
	}
	maps_deinit(&maps);
}

#ifdef FUZZ_TARGET
#include "tests/fuzz/fuzz_main.h"

FUZZ_MAIN(fuzz_maps)
#endif

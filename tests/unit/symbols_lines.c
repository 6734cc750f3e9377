#include "symbols/symbols.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/lib/fixture.h"
#include "tests/lib/hs_test.h"

TEST(the_line_of_a_call_is_the_one_that_the_fixture_says)
{
	struct fixture f;
	struct target *target;
	struct symbols *symbols;
	struct error err;
	const char *at;
	uint64_t ret;
	unsigned number, count = 0;
	int used;

	fixture_start(&f, "lines", NULL, NULL);
	OK(target_open_live(f.pid, NULL, &target, &err));
	OK(symbols_open(target, NULL, &symbols, &err));
	for (at = f.said;
	     sscanf(at, "line %" SCNx64 " %u\n%n", &ret, &number, &used) == 2;
	     at += used, count++) {
		struct line line;
		const char *name;

		ck_assert_msg(symbols_line(symbols, ret - 1, &line), "line %u",
			      number);
		ck_assert_uint_eq(line.line, number);
		name = strrchr(line.file, '/');
		ck_assert_str_eq(name ? name + 1 : line.file, "lines.c");
	}
	ck_assert_uint_ge(count, 7);

	struct line line;

	/* neither the stack nor the headers have lines */
	ck_assert(!symbols_line(symbols, 0x1000, &line));
	ck_assert(!symbols_line(symbols, symbols_exe(symbols)->start, &line));
	symbols_close(symbols);
	target_close(target);
	fixture_end(&f);
}

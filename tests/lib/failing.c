/* For tests/build/harness.t: tests that end in every way a test can. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "tests/lib/hs_test.h"

static struct error err;

static int works(void)
{
	return 0;
}

static int breaks(void)
{
	return error_set(&err, ERR_GONE, "it is gone");
}

TEST(passes)
{
	OK(works());
	FAILS(ERR_GONE, breaks());
}

TEST(fails_an_assertion)
{
	ck_assert_int_eq(1, 2);
}

TEST(is_skipped)
{
	SKIP("there is no such thing");
}

TEST(crashes)
{
	raise(SIGSEGV);
}

TEST(crashes_with_a_file)
{
	char path[300];
	FILE *file;

	snprintf(path, sizeof path, "%s/under", hs_test_folder());
	ck_assert_int_eq(mkdir(path, 0700), 0);
	snprintf(path, sizeof path, "%s/under/file", hs_test_folder());
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fclose(file);
	fprintf(stderr, "made %s\n", path);
	raise(SIGSEGV);
}

TEST(exits)
{
	exit(0);
}

TEST_DIES(dies_as_it_should, SIGTERM)
{
	raise(SIGTERM);
}

TEST_DIES(lives_when_it_should_die, SIGTERM)
{
}

TEST_EXITS(exits_as_it_should, 3)
{
	exit(3);
}

TEST(meets_an_error)
{
	OK(breaks());
}

TEST(misses_an_error)
{
	FAILS(ERR_GONE, works());
}

TEST(gets_another_error)
{
	FAILS(ERR_USAGE, breaks());
}

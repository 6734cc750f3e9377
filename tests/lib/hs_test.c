#include "tests/lib/hs_test.h"

#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_TESTS = 500, MAX_REASON = 200 };

static struct {
	const TTest *test;
	TTest wrapped; /* what libcheck is given: the same, run by run_one() */
	int signal, status;
} tests[MAX_TESTS];
static int count;

/* Shared with the tests' processes. */
static struct note {
	bool ended; /* the test came to its end: exit(0) in it is no success */
	char skipped[MAX_REASON];
} * notes;
static int running;
static char folder[200]; /* named before the tests' processes begin */

void hs_test_add(const TTest *test, int signal, int status)
{
	if (count == MAX_TESTS)
		abort();
	tests[count].test = test;
	tests[count].signal = signal;
	tests[count].status = status;
	count++;
}

void hs_test_skip(const char *reason)
{
	snprintf(notes[running].skipped, MAX_REASON, "%s", reason);
}

const char *hs_test_folder(void)
{
	/* There is one already if another test has asked. */
	(void)mkdir(folder, 0700);
	return folder;
}

static void name_folder(void)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(folder, sizeof folder, "%s/heapscope-unit.%d",
		 tmp ? tmp : "/tmp", (int)getpid());
}

static int remove_one(const char *path, const struct stat *st, int type,
		      struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

uint32_t hs_test_deep(uint32_t n)
{
#ifdef HS_SANITIZE
	enum { FEWER = 300000, STACK_BYTES = 1 << 20 };
	struct rlimit limit = {STACK_BYTES, STACK_BYTES};

	ck_assert_int_eq(setrlimit(RLIMIT_STACK, &limit), 0);
	return n < FEWER ? n : FEWER;
#else
	return n;
#endif
}

/* In the test's own process; libcheck's loop index says which test it is. */
static void run_one(int i)
{
	running = i;
	tests[i].test->fn(i);
	notes[i].ended = true;
}

static void add_to_suite(Suite *suite, int i)
{
	/* A test case each, so that a result's name is the test's. */
	TCase *tcase = tcase_create(tests[i].test->name);

	tests[i].wrapped = *tests[i].test;
	tests[i].wrapped.fn = run_one;
	_tcase_add_test(tcase, &tests[i].wrapped, tests[i].signal,
			tests[i].status, i, i + 1);
	suite_add_tcase(suite, tcase);
}

/* As a sentence: the underscores were for the compiler. */
static void print_name(const char *name)
{
	for (; *name; name++)
		putchar(*name == '_' ? ' ' : *name);
}

static int find_test(const char *name)
{
	for (int i = 0; i < count; i++)
		if (!strcmp(tests[i].test->name, name))
			return i;
	abort();
}

static bool report(int number, TestResult *result)
{
	int i = find_test(tr_tcname(result));
	bool must_end = !tests[i].signal && !tests[i].status;
	bool passed = tr_rtype(result) == CK_PASS;
	const char *why = tr_msg(result);

	if (passed && must_end && !notes[i].ended) {
		passed = false;
		why = "it called exit()";
	}

	printf("%s %d - ", passed ? "ok" : "not ok", number);
	print_name(tests[i].test->name);
	if (passed && notes[i].skipped[0])
		printf(" # SKIP %s", notes[i].skipped);
	putchar('\n');
	if (!passed)
		printf("# %s:%d: %s\n", tr_lfile(result), tr_lno(result), why);
	return passed;
}

/* Arguments: parts of the names of the tests to run; none for all. */
static bool wanted(const char *name, char **parts)
{
	if (!*parts)
		return true;
	for (; *parts; parts++)
		if (strstr(name, *parts))
			return true;
	return false;
}

int main(int argc, char **argv)
{
	Suite *suite = suite_create(argc ? argv[0] : "?");
	int failed = 0;

	notes = mmap(NULL, MAX_TESTS * sizeof *notes, PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (notes == MAP_FAILED)
		abort();
	name_folder();
	for (int i = 0; i < count; i++)
		if (wanted(tests[i].test->name, argv + (argc > 0)))
			add_to_suite(suite, i);

	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_SILENT);
	(void)nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);

	int ran = srunner_ntests_run(runner);
	TestResult **results = srunner_results(runner);

	printf("1..%d\n", ran);
	for (int i = 0; i < ran; i++)
		failed |= !report(i + 1, results[i]);
	free(results);
	srunner_free(runner);
	return failed;
}

/*
 * TEST(sentence) { ... } is all a test needs: no list, no main.  Each runs in
 * a process of its own with a time limit (libcheck); the output is TAP.
 */
#ifndef TESTS_LIB_HS_TEST_H
#define TESTS_LIB_HS_TEST_H

#include <stdint.h>

#include "base/error.h"
#include "tests/lib/marks.h"

void hs_test_add(const TTest *test, int signal, int status);

/* The running test is reported as skipped, with the reason; returns from it. */
#define SKIP(reason)                                                           \
	do {                                                                   \
		hs_test_skip(reason);                                          \
		return;                                                        \
	} while (0)
void hs_test_skip(const char *reason);

/*
 * A folder for the files of tests, made when it is first asked for: all tests
 * of the program share it, and it is gone, with all in it, when the last has
 * ended, however that was.  Valid for good.
 */
const char *hs_test_folder(void);

/*
 * For what must not recurse: n, of which any stack would be too small; in a
 * build with sanitizers, which is slow, fewer, and the stack is made small.
 */
uint32_t hs_test_deep(uint32_t n);

/*
 * A call that must succeed or fail with this code; both use the caller's
 * "struct error err", whose text is the report.
 */
#define OK(call)                                                               \
	do {                                                                   \
		ck_assert_msg((call) == 0, "%s: %s", #call, err.msg);          \
	} while (0)

#define FAILS(code_, call)                                                     \
	do {                                                                   \
		err = (struct error){0};                                       \
		ck_assert_msg((call) == -1, "%s did not fail", #call);         \
		ck_assert_msg(err.code == (code_), "%s: code %d, not %s: %s",  \
			      #call, (int)err.code, #code_, err.msg);          \
		ck_assert_msg(err.msg[0], "%s: no text", #call);               \
	} while (0)

#define TEST_ENDS(name, signal, status)                                        \
	static void name##_run(int _i CK_ATTRIBUTE_UNUSED);                    \
	static const TTest name##_test = {#name, name##_run, __FILE__,         \
					  __LINE__};                           \
	__attribute__((constructor)) static void name##_add(void)              \
	{                                                                      \
		hs_test_add(&name##_test, signal, status);                     \
	}                                                                      \
	static void name##_run(int _i CK_ATTRIBUTE_UNUSED)

#define TEST(name) TEST_ENDS(name, 0, 0)
/* The test must die of the signal, or call exit(status). */
#define TEST_DIES(name, signal)	 TEST_ENDS(name, signal, 0)
#define TEST_EXITS(name, status) TEST_ENDS(name, 0, status)

#endif

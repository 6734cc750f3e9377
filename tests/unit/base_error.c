#include "base/error.h"

#include <errno.h>
#include <string.h>

#include "tests/lib/hs_test.h"

TEST(error_set_fills_all_fields_and_returns_minus_one)
{
	struct error err = {.code = ERR_SYSTEM, .sys_errno = 7, .addr = 9};

	ck_assert_int_eq(error_set(&err, ERR_GONE, "pid %d", 42), -1);
	ck_assert_int_eq(err.code, ERR_GONE);
	ck_assert_int_eq(err.sys_errno, 0);
	ck_assert_uint_eq(err.addr, 0);
	ck_assert_str_eq(err.msg, "pid 42");
}

TEST(error_sys_takes_errno_and_says_its_text)
{
	struct error err = {0};

	errno = ENOENT;
	ck_assert_int_eq(error_sys(&err, "cannot open %s", "x"), -1);
	ck_assert_int_eq(err.code, ERR_SYSTEM);
	ck_assert_int_eq(err.sys_errno, ENOENT);
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_str_eq(err.msg, "cannot open x: No such file or directory");
}

TEST(error_at_keeps_the_address)
{
	struct error err = {0};

	error_at(&err, ERR_FAULT, 0x1234, "bad");
	ck_assert_int_eq(err.code, ERR_FAULT);
	ck_assert_uint_eq(err.addr, 0x1234);
}

TEST(error_wrap_puts_context_in_front_and_keeps_the_rest)
{
	struct error err = {0};

	error_at(&err, ERR_FAULT, 0x10, "cannot read");
	ck_assert_int_eq(error_wrap(&err, "arena %d", 3), -1);
	error_wrap(&err, "snapshot");
	ck_assert_str_eq(err.msg, "snapshot: arena 3: cannot read");
	ck_assert_int_eq(err.code, ERR_FAULT);
	ck_assert_uint_eq(err.addr, 0x10);
}

TEST(the_old_message_may_be_an_argument)
{
	struct error err = {0};

	error_set(&err, ERR_FORMAT, "inner");
	error_set(&err, ERR_USAGE, "outer (%s)", err.msg);
	ck_assert_str_eq(err.msg, "outer (inner)");
}

TEST(a_message_that_is_too_long_is_cut_but_the_cause_is_seen)
{
	char wide[2 * sizeof((struct error){0}.msg)];
	struct error err = {0};

	memset(wide, 'w', sizeof wide - 1);
	wide[sizeof wide - 1] = '\0';
	error_set(&err, ERR_FORMAT, "the cause");
	error_wrap(&err, "%s", wide);
	ck_assert_uint_lt(strlen(err.msg), sizeof err.msg);
	ck_assert_ptr_nonnull(strstr(err.msg, ": the cause"));
	error_set(&err, ERR_FORMAT, "%s", wide);
	ck_assert_uint_eq(strlen(err.msg), sizeof err.msg - 1);
	errno = EPERM;
	error_sys(&err, "%s", wide);
	ck_assert_uint_eq(strlen(err.msg), sizeof err.msg - 1);
}

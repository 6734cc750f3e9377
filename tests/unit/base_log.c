#include "base/log.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "tests/lib/hs_test.h"

static struct error err;
static char path[100];

static void new_file(void)
{
	snprintf(path, sizeof path, "%s/hs-log.XXXXXX",
		 getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");

	AUTO_CLOSE int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
}

/* The file's text; the file is removed. */
static const char *content(void)
{
	static char text[10000];
	AUTO_CLOSE int fd = open(path, O_RDONLY);
	ssize_t n = read(fd, text, sizeof text - 1);

	ck_assert_int_ge(n, 0);
	text[n] = '\0';
	unlink(path);
	return text;
}

/* What goes to stderr meanwhile lands in the file. */
static void stderr_to_file(void)
{
	new_file();

	AUTO_CLOSE int fd = open(path, O_WRONLY);

	ck_assert_int_eq(dup2(fd, STDERR_FILENO), STDERR_FILENO);
}

TEST(the_log_is_off_until_opened)
{
	stderr_to_file();
	ck_assert(!log_is_on());
	log_warn("not seen");
	ck_assert_str_eq(content(), "");
}

TEST(an_open_log_has_a_line_for_each_level)
{
	new_file();
	OK(log_open(path, &err));
	ck_assert(log_is_on());
	log_debug("one %d", 1);
	log_info("two");
	log_warn("three");
	log_close();
	log_warn("four");

	const char *text = content();

	ck_assert_ptr_nonnull(strstr(text, " debug one 1\n"));
	ck_assert_ptr_nonnull(strstr(text, " info two\n"));
	ck_assert_ptr_nonnull(strstr(text, " warn three\n"));
	ck_assert_ptr_null(strstr(text, "four"));
}

TEST(a_log_is_appended_to)
{
	new_file();
	for (int i = 0; i < 2; i++) {
		OK(log_open(path, &err));
		log_info("round %d", i);
		log_close();
	}

	const char *text = content();

	ck_assert_ptr_nonnull(strstr(text, "round 0"));
	ck_assert_ptr_nonnull(strstr(text, "round 1"));
}

TEST(verbose_writes_information_to_stderr_and_debug_when_doubled)
{
	stderr_to_file();
	log_verbose(1);
	log_debug("quiet");
	log_info("loud");
	log_verbose(2);
	log_debug("deep");
	log_verbose(0);
	log_warn("over");
	ck_assert_str_eq(content(), "heapscope: loud\nheapscope: deep\n");
}

TEST(a_long_line_is_cut_and_still_ends)
{
	new_file();
	OK(log_open(path, &err));
	log_info("%5000d", 1);
	log_info("next");
	log_close();

	const char *text = content();

	ck_assert_ptr_nonnull(strstr(text, "info next\n"));
	ck_assert_ptr_nonnull(strchr(text, '\n'));
}

TEST(a_log_that_cannot_be_opened_is_an_error)
{
	FAILS(ERR_SYSTEM, log_open("/nowhere/at/all", &err));
	ck_assert_ptr_nonnull(strstr(err.msg, "/nowhere/at/all"));
}

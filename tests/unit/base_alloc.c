#include "base/alloc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/emergency.h"
#include "tests/lib/hs_test.h"

static struct error err;

TEST(xasprintf_is_as_long_as_its_text)
{
	AUTO_FREE char *s = xasprintf("%0*d", 5000, 7);

	ck_assert_uint_eq(strlen(s), 5000);
	ck_assert_int_eq(s[4999], '7');
}

TEST(xstrndup_stops_at_the_nul_and_at_n)
{
	AUTO_FREE char *shorter = xstrndup("abc", 2);
	AUTO_FREE char *whole = xstrndup("abc", 20);
	AUTO_FREE char *copy = xstrdup("abc");

	ck_assert_str_eq(shorter, "ab");
	ck_assert_str_eq(whole, "abc");
	ck_assert_str_eq(copy, "abc");
}

TEST(xcalloc_zeroes)
{
	AUTO_FREE unsigned char *p = xcalloc(100, 10);

	for (int i = 0; i < 1000; i++)
		ck_assert_int_eq(p[i], 0);
}

TEST(grow_keeps_the_items_and_gives_the_room)
{
	int *items = NULL;
	size_t cap = 0;

	for (int i = 0; i < 10000; i++) {
		OK(GROW(items, cap, (size_t)i + 1, "test", &err));
		ck_assert_uint_gt(cap, (size_t)i);
		items[i] = i;
	}
	for (int i = 0; i < 10000; i++)
		ck_assert_int_eq(items[i], i);
	free(items);
}

TEST(grow_does_nothing_when_there_is_room)
{
	int *items = NULL;
	size_t cap = 0;

	OK(GROW(items, cap, 100, "test", &err));

	int *before = items;
	size_t cap_before = cap;

	OK(GROW(items, cap, cap, "test", &err));
	ck_assert_ptr_eq(items, before);
	ck_assert_uint_eq(cap, cap_before);
	free(items);
}

TEST(grow_that_fails_leaves_all_as_it_was_and_names_the_size)
{
	uint64_t *items = NULL;
	size_t cap = 0;

	OK(GROW(items, cap, 1, "test", &err));

	uint64_t *before = items;
	size_t cap_before = cap;

	alloc_fail_checked_at(1);
	FAILS(ERR_NO_MEMORY,
	      GROW(items, cap, 1024 * 1024, "chunk table", &err));
	ck_assert_ptr_eq(items, before);
	ck_assert_uint_eq(cap, cap_before);
	ck_assert_str_eq(err.msg, "no memory for chunk table: 8.0 MiB wanted");
	OK(GROW(items, cap, 1024 * 1024, "chunk table", &err));
	free(items);
}

TEST(a_size_that_overflows_is_no_memory)
{
	uint64_t *items = NULL;
	size_t cap = 0;

	FAILS(ERR_NO_MEMORY, GROW(items, cap, SIZE_MAX / 4, "test", &err));
	FAILS(ERR_NO_MEMORY, GROW(items, cap, SIZE_MAX / 16, "test", &err));
	ck_assert_ptr_null(items);
	err = (struct error){0};
	ck_assert_ptr_null(try_calloc(UINT64_MAX, 2, "test", &err));
	ck_assert_int_eq(err.code, ERR_NO_MEMORY);
}

TEST(the_kth_allocation_fails_and_only_that)
{
	alloc_fail_checked_at(3);
	for (int i = 1; i <= 5; i++) {
		err = (struct error){0};
		AUTO_FREE void *small = xmalloc(8); /* does not count */
		AUTO_FREE void *p = try_calloc(4, 4, "test", &err);

		ck_assert_int_eq(!p, i == 3);
		ck_assert_int_eq(err.code, i == 3 ? ERR_NO_MEMORY : ERR_NONE);
		ck_assert_ptr_nonnull(small);
	}
}

TEST(alloc_fail_at_counts_every_kind)
{
	alloc_fail_at(3);
	AUTO_FREE void *a = xmalloc(1);
	AUTO_FREE void *b = xcalloc(1, 1);
	AUTO_FREE void *c = try_calloc(1, 1, "test", &err);
	AUTO_FREE void *d = try_calloc(1, 1, "test", &err);

	ck_assert_ptr_nonnull(a);
	ck_assert_ptr_nonnull(b);
	ck_assert_ptr_null(c);
	ck_assert_ptr_nonnull(d);
}

static int undone[2];

static void undo(void *ctx)
{
	(void)ctx;
	if (write(undone[1], "u", 1) != 1)
		abort();
}

/* The parent of the dying process looks at what was undone. */
static int status_of_oom(void (*allocate)(void))
{
	char c = 0;
	int status;

	ck_assert_int_eq(pipe(undone), 0);

	pid_t pid = fork();

	if (!pid) {
		int null = open("/dev/null", O_WRONLY);

		dup2(null, STDERR_FILENO);
		OK(emergency_add(undo, NULL, &err));
		alloc_fail_at(1);
		allocate();
		_exit(0);
	}
	close(undone[1]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(read(undone[0], &c, 1), 1);
	ck_assert_int_eq(c, 'u');
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void allocate_malloc(void)
{
	free(xmalloc(10));
}

static void allocate_calloc(void)
{
	free(xcalloc(10, 10));
}

static void allocate_text(void)
{
	free(xasprintf("%d", 10));
}

TEST(out_of_memory_undoes_and_ends_with_70)
{
	ck_assert_int_eq(status_of_oom(allocate_malloc), 70);
	ck_assert_int_eq(status_of_oom(allocate_calloc), 70);
	ck_assert_int_eq(status_of_oom(allocate_text), 70);
}

static int closed_by_scope(void)
{
	AUTO_CLOSE int none = -1;
	AUTO_CLOSE int fd = open("/dev/null", O_RDONLY);

	ck_assert_int_eq(none, -1);
	ck_assert_int_ge(fd, 0);
	errno = EILSEQ;
	return fd;
}

TEST(auto_close_closes_and_keeps_errno)
{
	int fd = closed_by_scope();

	ck_assert_int_eq(errno, EILSEQ);
	ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
}

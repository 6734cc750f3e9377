#include "base/alloc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/emergency.h"
#include "base/fmt.h"

/* Countdowns of the test hook; 0 is off. */
static uint64_t fail_any;
static uint64_t fail_checked;

void alloc_fail_at(uint64_t k)
{
	fail_any = k;
}

void alloc_fail_checked_at(uint64_t k)
{
	fail_checked = k;
}

static int must_fail(uint64_t *countdown)
{
	return *countdown && !--*countdown;
}

static void out_of_memory(size_t size) __attribute__((noreturn));

static void out_of_memory(size_t size)
{
	char text[100];

	emergency_run();
	int n = snprintf(text, sizeof text,
			 "heapscope: out of memory (%zu bytes wanted)\n", size);
	if (write(STDERR_FILENO, text, (size_t)n) < 0) {
		/* nobody left to tell */
	}
	_exit(70);
}

void *xrealloc(void *p, size_t size)
{
	void *q = must_fail(&fail_any) ? NULL : realloc(p, size ? size : 1);

	if (!q)
		out_of_memory(size);
	return q;
}

void *xmalloc(size_t size)
{
	return xrealloc(NULL, size);
}

void *xcalloc(size_t count, size_t size)
{
	void *p = must_fail(&fail_any)
			  ? NULL
			  : calloc(count ? count : 1, size ? size : 1);

	if (!p)
		out_of_memory(count * size);
	return p;
}

static char *copy_of(const char *s, size_t len)
{
	char *copy = xmalloc(len + 1);

	memcpy(copy, s, len);
	copy[len] = '\0';
	return copy;
}

char *xstrndup(const char *s, size_t n)
{
	return copy_of(s, strnlen(s, n));
}

char *xstrdup(const char *s)
{
	return copy_of(s, strlen(s));
}

char *xvasprintf(const char *fmt, va_list ap)
{
	va_list again;

	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0) /* a text longer than INT_MAX or an unencodable one */
		return xstrdup("?");

	char *s = xmalloc((size_t)n + 1);

	vsnprintf(s, (size_t)n + 1, fmt, ap);
	return s;
}

char *xasprintf(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	char *s = xvasprintf(fmt, ap);
	va_end(ap);
	return s;
}

static int no_memory(const char *what, uint64_t count, size_t size,
		     struct error *err)
{
	uint64_t bytes;
	char text[FMT_MAX];

	if (__builtin_mul_overflow(count, (uint64_t)size, &bytes))
		return error_set(err, ERR_NO_MEMORY,
				 "no memory for %s: more than 2^64 bytes",
				 what);
	return error_set(err, ERR_NO_MEMORY, "no memory for %s: %s wanted",
			 what, fmt_bytes(text, sizeof text, bytes, false));
}

/* Either hook may ask for it; both count. */
static int checked_must_fail(void)
{
	int any = must_fail(&fail_any);

	return must_fail(&fail_checked) || any;
}

int grow(void *items, size_t *cap, size_t need, size_t item_size,
	 const char *what, struct error *err)
{
	void *old;
	size_t bytes, want = *cap + *cap / 2;

	if (need <= *cap)
		return 0;
	if (want < need)
		want = need;
	if (want < 8)
		want = 8;
	if (__builtin_mul_overflow(want, item_size, &bytes) ||
	    checked_must_fail())
		return no_memory(what, need, item_size, err);
	/* memcpy, since a T ** is not a void ** to the optimizer */
	memcpy(&old, items, sizeof old);

	void *new = realloc(old, bytes);

	if (!new &&want > need) { /* then without the reserve */
		want = need;
		new = realloc(old, want * item_size);
	}
	if (!new)
		return no_memory(what, need, item_size, err);
	memcpy(items, &new, sizeof new);
	*cap = want;
	return 0;
}

void *try_calloc(uint64_t count, size_t size, const char *what,
		 struct error *err)
{
	void *p = NULL;

	if (!checked_must_fail())
		p = calloc(count ? count : 1, size);
	if (!p)
		no_memory(what, count, size, err);
	return p;
}

void auto_free(void *pp)
{
	void *p;

	memcpy(&p, pp, sizeof p);
	free(p);
}

void auto_close(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	errno = saved;
}

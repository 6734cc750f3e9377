/*
 * Memory of our own.
 *
 * Small things come from xmalloc() and its kin, which never return NULL: when
 * there is no memory they undo what the target must not keep (emergency_run),
 * say so and end the program with status 70.  Whatever grows with the target
 * (chunk tables, contents, symbol tables) goes through grow() or try_calloc(),
 * which fail with ERR_NO_MEMORY and name the size wanted, so that the session
 * goes on.  All of it is released with free().
 */
#ifndef BASE_ALLOC_H
#define BASE_ALLOC_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

void *xmalloc(size_t size) __attribute__((malloc, returns_nonnull));
void *xcalloc(size_t count, size_t size)
	__attribute__((malloc, returns_nonnull));
void *xrealloc(void *p, size_t size) __attribute__((returns_nonnull));
char *xstrdup(const char *s) __attribute__((malloc, returns_nonnull));
char *xstrndup(const char *s, size_t n)
	__attribute__((malloc, returns_nonnull));
char *xasprintf(const char *fmt, ...) PRINTF(1, 2)
	__attribute__((malloc, returns_nonnull));
char *xvasprintf(const char *fmt, va_list ap) PRINTF(1, 0)
	__attribute__((malloc, returns_nonnull));

/*
 * Make room for "need" items in a growable array.  "items" is the address of
 * the array's pointer (NULL at first), *cap its capacity in items; both are
 * untouched on failure, and nothing is done when need <= *cap.  New room is
 * not zeroed.  "what" names the table in the error: "chunk table".
 */
int grow(void *items, size_t *cap, size_t need, size_t item_size,
	 const char *what, struct error *err) MUST_CHECK;

/* The same, with the item size taken from the array. */
#define GROW(items, cap, need, what, err)                                      \
	grow(&(items), &(cap), (need), sizeof *(items), (what), (err))

/* A zeroed array in one piece; NULL with ERR_NO_MEMORY.  count 0 is allowed. */
void *try_calloc(uint64_t count, size_t size, const char *what,
		 struct error *err) MUST_CHECK;

/* Locals that release themselves: AUTO_FREE char *s = xstrdup(...); */
#define AUTO_FREE  __attribute__((cleanup(auto_free)))
#define AUTO_CLOSE __attribute__((cleanup(auto_close)))
void auto_free(void *pp); /* the address of a pointer; NULL inside is fine */
void auto_close(int *fd); /* -1 is fine; errno is kept */

/*
 * For tests: the k-th allocation from now on (1 is the next) fails, once, as
 * if memory had run out; 0 takes the order back.  alloc_fail_checked_at counts
 * only grow() and try_calloc(), whose callers are to survive.
 */
void alloc_fail_at(uint64_t k);
void alloc_fail_checked_at(uint64_t k);

#endif

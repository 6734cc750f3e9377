/*
 * A string that grows.  Start from {0}; s is NUL-terminated after the first
 * addition and owned by the buffer, len does not count the NUL.
 */
#ifndef BASE_STRBUF_H
#define BASE_STRBUF_H

#include <stdarg.h>
#include <stddef.h>

#include "base/error.h"

struct strbuf {
	char *s;
	size_t len, cap;
};

void strbuf_add(struct strbuf *sb, const char *s);
void strbuf_addn(struct strbuf *sb, const void *bytes, size_t n);
void strbuf_addc(struct strbuf *sb, char c);
void strbuf_addf(struct strbuf *sb, const char *fmt, ...) PRINTF(2, 3);
void strbuf_addv(struct strbuf *sb, const char *fmt, va_list ap) PRINTF(2, 0);
void strbuf_pad(struct strbuf *sb, size_t len, char c); /* until len bytes */
void strbuf_reset(struct strbuf *sb); /* empty; the room is kept */
void strbuf_deinit(struct strbuf *sb);

/* Never NULL; borrowed, until the next change. */
const char *strbuf_str(const struct strbuf *sb);

/* The string becomes the caller's (free()); the buffer is empty. */
char *strbuf_take(struct strbuf *sb);

#endif

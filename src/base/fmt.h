/*
 * Numbers as people read them, and back.
 *
 * Every fmt_* writes at most cap bytes with the NUL and returns buf, so that
 * it can stand in an argument list; FMT_MAX is enough for each of them.
 */
#ifndef BASE_FMT_H
#define BASE_FMT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum { FMT_MAX = 40 };

/*
 * "512 B", "4.0 KiB", "412.0 MiB": three digits and more are never needed, the
 * unit steps by 1024.  exact: all the bytes, "432013312".
 */
char *fmt_bytes(char *buf, size_t cap, uint64_t bytes, bool exact);

char *fmt_count(char *buf, size_t cap, uint64_t n);   /* "1,204,311" */
char *fmt_addr(char *buf, size_t cap, uint64_t addr); /* "0x55d0c0a3f2a0" */
char *fmt_usec(char *buf, size_t cap, uint64_t usec); /* "4.2 ms" */

/* Signed: "+1,204", "-3", "0". */
char *fmt_delta(char *buf, size_t cap, int64_t n);
/* Signed sizes: "+4.0 KiB", "-512 B", "0 B"; exact: "+4096". */
char *fmt_delta_bytes(char *buf, size_t cap, int64_t bytes, bool exact);

/*
 * The whole text must be the number; else ERR_USAGE, which quotes the text and
 * says what is wanted.  *out is written on success only.
 */
int parse_u64(const char *text, uint64_t *out,
	      struct error *err) MUST_CHECK; /* "12", "0x1f" */
/* Bytes: "64", "0x40", "4k", "1M", "2G", "1T", also "4K", "4KiB", "4kB". */
int parse_size(const char *text, uint64_t *out, struct error *err) MUST_CHECK;
/* Milliseconds: "50", "50ms", "2s", "1.5s", "1m". */
int parse_msec(const char *text, uint64_t *out, struct error *err) MUST_CHECK;

#endif

#include "base/fmt.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

char *fmt_bytes(char *buf, size_t cap, uint64_t bytes, bool exact)
{
	static const char *const unit[] = {"B",	  "KiB", "MiB", "GiB",
					   "TiB", "PiB", "EiB"};
	int u = 0;

	if (exact) {
		snprintf(buf, cap, "%" PRIu64, bytes);
		return buf;
	}
	/*
	 * In integers: tenths, rounded half up.  The unit is the first in which
	 * the rounded number stays below 1024.0 ("1.0 MiB", not "1024.0 KiB").
	 */
	uint64_t whole = bytes, rest = 0;

	while ((whole * 10 + (rest * 10 + 512) / 1024) >= 10240 && u < 6) {
		rest = whole % 1024;
		whole /= 1024;
		u++;
	}

	uint64_t tenths = whole * 10 + (rest * 10 + 512) / 1024;

	if (u)
		snprintf(buf, cap, "%" PRIu64 ".%" PRIu64 " %s", tenths / 10,
			 tenths % 10, unit[u]);
	else
		snprintf(buf, cap, "%" PRIu64 " B", bytes);
	return buf;
}

char *fmt_count(char *buf, size_t cap, uint64_t n)
{
	char digits[24], text[FMT_MAX];
	int len = snprintf(digits, sizeof digits, "%" PRIu64, n);
	int at = 0;

	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			text[at++] = ',';
		text[at++] = digits[i];
	}
	text[at] = '\0';
	snprintf(buf, cap, "%s", text);
	return buf;
}

char *fmt_addr(char *buf, size_t cap, uint64_t addr)
{
	snprintf(buf, cap, "0x%" PRIx64, addr);
	return buf;
}

char *fmt_usec(char *buf, size_t cap, uint64_t usec)
{
	if (usec < 1000)
		snprintf(buf, cap, "%" PRIu64 " us", usec);
	else if (usec < 1000 * 1000 - 50)
		snprintf(buf, cap, "%.1f ms", (double)usec / 1e3);
	else if (usec < UINT64_C(100) * 1000 * 1000)
		snprintf(buf, cap, "%.1f s", (double)usec / 1e6);
	else
		snprintf(buf, cap, "%" PRIu64 " s", usec / 1000000);
	return buf;
}

/* Of INT64_MIN too, which has no positive int64_t. */
static uint64_t magnitude(int64_t n)
{
	return n < 0 ? -(uint64_t)n : (uint64_t)n;
}

static const char *sign(int64_t n)
{
	return n < 0 ? "-" : n > 0 ? "+" : "";
}

char *fmt_delta(char *buf, size_t cap, int64_t n)
{
	char text[FMT_MAX];

	fmt_count(text, sizeof text, magnitude(n));
	snprintf(buf, cap, "%s%s", sign(n), text);
	return buf;
}

char *fmt_delta_bytes(char *buf, size_t cap, int64_t bytes, bool exact)
{
	char text[FMT_MAX];

	fmt_bytes(text, sizeof text, magnitude(bytes), exact);
	snprintf(buf, cap, "%s%s", sign(bytes), text);
	return buf;
}

#include "base/fmt.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { TOO_LARGE = 1 };

/*
 * The digits at the start of text, decimal or after 0x; *end is behind them.
 * 0, -1 if there are none, or TOO_LARGE.
 * strtoull alone would take "-1", " 1" and "+1".
 */
static int digits(const char *text, uint64_t *out, const char **end)
{
	int base = 10;
	char *stop;

	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		base = 16;
		text += 2;
	}
	if (base == 16 ? !isxdigit((unsigned char)*text)
		       : !isdigit((unsigned char)*text))
		return -1;
	errno = 0;
	*out = strtoull(text, &stop, base);
	*end = stop;
	return errno ? TOO_LARGE : 0;
}

static int too_large(const char *text, struct error *err)
{
	return error_set(err, ERR_USAGE,
			 "'%s' is too large: numbers have 64 bits", text);
}

int parse_u64(const char *text, uint64_t *out, struct error *err)
{
	const char *end;
	uint64_t n;
	int bad = digits(text, &n, &end);

	if (bad == TOO_LARGE && !*end)
		return too_large(text, err);
	if (bad || *end)
		return error_set(err, ERR_USAGE,
				 "'%s' is not a number: write 123 or 0x7b",
				 text);
	*out = n;
	return 0;
}

/* log2 of the unit, or -1. */
static int unit_shift(const char *unit)
{
	static const char letters[] = "kmgtpe";

	if (!*unit || !strcasecmp(unit, "b"))
		return 0;

	const char *at = strchr(letters, tolower((unsigned char)*unit));

	if (!at || (unit[1] && strcasecmp(unit + 1, "b") &&
		    strcasecmp(unit + 1, "ib")))
		return -1;
	return 10 * (int)(at - letters + 1);
}

int parse_size(const char *text, uint64_t *out, struct error *err)
{
	const char *end;
	uint64_t n;
	int shift, bad = digits(text, &n, &end);

	if (bad == TOO_LARGE && unit_shift(end) >= 0)
		return too_large(text, err);
	if (bad || (shift = unit_shift(end)) < 0)
		return error_set(err, ERR_USAGE,
				 "'%s' is not a size: write 64, 4k, 1M or 2G",
				 text);
	if (shift && n > UINT64_MAX >> shift)
		return error_set(err, ERR_USAGE, "'%s' is more than 2^64 bytes",
				 text);
	*out = n << shift;
	return 0;
}

static int unit_msec(const char *unit, uint64_t *factor)
{
	static const struct {
		const char *name;
		uint64_t factor;
	} units[] = {{"", 1},	       {"ms", 1},	   {"s", 1000},
		     {"m", 60 * 1000}, {"min", 60 * 1000}, {"h", 3600 * 1000}};

	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (!strcmp(unit, units[i].name)) {
			*factor = units[i].factor;
			return 0;
		}
	return -1;
}

int parse_msec(const char *text, uint64_t *out, struct error *err)
{
	uint64_t n, factor, total, part = 0, scale = 1;
	const char *end;

	if (digits(text, &n, &end) || text[1] == 'x' || text[1] == 'X')
		goto bad;
	if (*end == '.') {
		if (!isdigit((unsigned char)end[1]))
			goto bad;
		for (end++; isdigit((unsigned char)*end); end++)
			if (scale < 1000000) {
				part = part * 10 + (uint64_t)(*end - '0');
				scale *= 10;
			}
	}
	if (unit_msec(end, &factor) ||
	    __builtin_mul_overflow(n, factor, &total) ||
	    __builtin_add_overflow(total, part * factor / scale, &total))
		goto bad;
	*out = total;
	return 0;
bad:
	return error_set(err, ERR_USAGE,
			 "'%s' is not a time: write 50 (ms), 2s or 1m", text);
}

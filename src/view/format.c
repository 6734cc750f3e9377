#include <stdio.h>
#include <string.h>

#include "base/fmt.h"
#include "view/view.h"

size_t view_format(const struct value *value, bool exact, char *buf, size_t cap)
{
	switch (value->kind) {
	case V_NONE:
		snprintf(buf, cap, "-");
		break;
	case V_BYTES:
		fmt_bytes(buf, cap, value->u, exact);
		break;
	case V_COUNT:
		fmt_count(buf, cap, value->u);
		break;
	case V_ADDR:
		fmt_addr(buf, cap, value->u);
		break;
	case V_TEXT:
		return view_clean(value->text ? value->text : "", false, buf,
				  cap);
	case V_PERCENT:
		snprintf(buf, cap, "%.1f%%", value->f);
		break;
	case V_RATIO:
		snprintf(buf, cap, "%.2f", value->f);
		break;
	case V_CHANGE:
		fmt_delta(buf, cap, value->i);
		break;
	case V_USEC:
		fmt_usec(buf, cap, value->u);
		break;
	case V_DELTA:
		fmt_delta_bytes(buf, cap, value->i, exact);
		break;
	case V_BOOL:
		snprintf(buf, cap, "%s", value->u ? "yes" : "no");
		break;
	case V_NUMBER:
		snprintf(buf, cap, "%ju", (uintmax_t)value->u);
		break;
	case V_HEX:
		snprintf(buf, cap, "0x%jx", (uintmax_t)value->u);
		break;
	}
	return strlen(buf);
}

const char *value_kind_name(enum value_kind kind)
{
	static const char *const name[] = {
		[V_NONE] = "none",     [V_BYTES] = "bytes",
		[V_COUNT] = "count",   [V_ADDR] = "addr",
		[V_TEXT] = "text",     [V_PERCENT] = "percent",
		[V_USEC] = "usec",     [V_DELTA] = "delta",
		[V_BOOL] = "bool",     [V_HEX] = "hex",
		[V_NUMBER] = "number", [V_RATIO] = "ratio",
		[V_CHANGE] = "change",
	};

	return name[kind];
}

/* Length of the well-formed UTF-8 character at s, or 0. */
static size_t utf8_length(const unsigned char *s)
{
	uint32_t code;
	size_t len;

	if (s[0] < 0x80)
		return 1;
	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		len = 2;
	else if ((s[0] & 0xf0) == 0xe0)
		len = 3;
	else if (s[0] >= 0xf0 && s[0] <= 0xf4)
		len = 4;
	else
		return 0;
	code = s[0] & (0x7f >> len);
	for (size_t i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (s[i] & 0x3f);
	}
	if ((len == 3 && code < 0x800) || (len == 4 && code < 0x10000) ||
	    (code >= 0xd800 && code <= 0xdfff) || code > 0x10ffff)
		return 0;
	return len;
}

/* C0, DEL, and the C1 controls, which terminals obey too. */
static bool is_control(const unsigned char *s)
{
	return s[0] < 0x20 || s[0] == 0x7f || (s[0] == 0xc2 && s[1] < 0xa0);
}

size_t view_clean(const char *text, bool keep_controls, char *buf, size_t cap)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t used = 0;

	while (*s) {
		size_t len = utf8_length(s);

		if (len && (keep_controls || !is_control(s))) {
			if (used + len >= cap)
				break;
			memcpy(buf + used, s, len);
			used += len;
			s += len;
			continue;
		}
		if (used + 4 >= cap)
			break;
		used += (size_t)snprintf(buf + used, cap - used, "\\x%02x",
					 *s++);
	}
	if (cap)
		buf[used] = '\0';
	return used;
}

size_t view_width(const char *text)
{
	size_t width = 0;

	for (; *text; text++)
		width += (*text & 0xc0) != 0x80;
	return width;
}

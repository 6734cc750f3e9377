#include <inttypes.h>
#include <string.h>

#include "view/render_impl.h"

/* RFC 4180. */
static void put_text(const char *text, FILE *out)
{
	if (!text[strcspn(text, ",\"\r\n")]) {
		fputs(text, out);
		return;
	}
	fputc('"', out);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

static void put_value(const struct value *value, FILE *out)
{
	switch (value->kind) {
	case V_NONE:
		break;
	case V_BYTES:
	case V_COUNT:
	case V_NUMBER:
	case V_USEC:
		fprintf(out, "%" PRIu64, value->u);
		break;
	case V_ADDR:
	case V_HEX:
		fprintf(out, "0x%" PRIx64, value->u);
		break;
	case V_TEXT:
		put_text(value->text, out);
		break;
	case V_PERCENT:
	case V_RATIO:
		fprintf(out, "%.6g", value->f);
		break;
	case V_DELTA:
	case V_CHANGE:
		fprintf(out, "%" PRId64, value->i);
		break;
	case V_BOOL:
		fputs(value->u ? "true" : "false", out);
		break;
	}
}

int render_csv(const struct view *view, const struct render_opts *opts,
	       uint32_t rows, FILE *out, struct error *err)
{
	const struct view_ops *ops = view->ops;

	(void)opts;
	for (uint32_t c = 0; c < ops->column_count; c++) {
		if (c)
			fputc(',', out);
		put_text(ops->column[c].key, out);
	}
	fputs("\r\n", out);
	for (uint32_t i = 0; i < rows; i++) {
		if (render_row_check(i, out, err))
			return -1;
		for (uint32_t c = 0; c < ops->column_count; c++) {
			struct value value = value_none();

			if (c)
				fputc(',', out);
			ops->column[c].cell(view, view->order[i], &value);
			put_value(&value, out);
		}
		fputs("\r\n", out);
	}
	return 0;
}

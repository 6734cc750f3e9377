#include "view/render.h"

#include <errno.h>

#include "base/interrupt.h"
#include "view/render_impl.h"

int render_row_check(uint32_t row, FILE *out, struct error *err)
{
	if (ferror(out))
		return error_sys(err, "cannot write the answer");
	return row % 1024 ? 0 : interrupt_check(err);
}

int render(const struct view *view, const struct render_opts *opts, FILE *out,
	   struct error *err)
{
	uint32_t rows = view->shown;
	int ret = -1;

	if (opts->limit && opts->limit < rows)
		rows = opts->limit;
	errno = 0;
	switch (opts->format) {
	case RENDER_TEXT:
		ret = render_text(view, opts, rows, out, err);
		break;
	case RENDER_JSON:
		ret = render_json(view, opts, rows, out, err);
		break;
	case RENDER_CSV:
		ret = render_csv(view, opts, rows, out, err);
		break;
	}
	if (ret)
		return -1;
	if (fflush(out) || ferror(out))
		return error_sys(err, "cannot write the answer");
	return 0;
}

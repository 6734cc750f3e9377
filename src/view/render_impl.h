/* What render*.c share.  rows: how many of view->order to write. */
#ifndef VIEW_RENDER_IMPL_H
#define VIEW_RENDER_IMPL_H

#include "view/render.h"

int render_text(const struct view *view, const struct render_opts *opts,
		uint32_t rows, FILE *out, struct error *err) MUST_CHECK;
int render_json(const struct view *view, const struct render_opts *opts,
		uint32_t rows, FILE *out, struct error *err) MUST_CHECK;
int render_csv(const struct view *view, const struct render_opts *opts,
	       uint32_t rows, FILE *out, struct error *err) MUST_CHECK;

/* Before each row: the stream still takes it, and nobody pressed ^C. */
int render_row_check(uint32_t row, FILE *out, struct error *err) MUST_CHECK;

#endif

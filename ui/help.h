/* The list of keys, made from their table. */
#ifndef UI_HELP_H
#define UI_HELP_H

#include "base/error.h"
#include "ui/theme.h"
#include "view/view.h"

int help_view(struct view **out, struct error *err) MUST_CHECK;

/* The last line of the screen: keys and what they do, the most important ones
 * where it is narrow. */
void help_draw_keys(const struct theme *theme, int y, int width);
/* While a line is typed. */
void help_draw_typing(const struct theme *theme, int y, int width,
		      const char *text);

#endif

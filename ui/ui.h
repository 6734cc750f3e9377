/*
 * What the screen is at any moment.  Owned by ui_run(); the rest of ui/ works
 * on it.  Between two keys it is drawn from this alone.
 */
#ifndef UI_UI_H
#define UI_UI_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "command/session.h"
#include "ui/status.h"
#include "ui/tabs.h"
#include "ui/terminal.h"
#include "ui/theme.h"
#include "ui/trail.h"

enum ui_mode { UI_TABLE, UI_COMMAND, UI_FILTER };

struct ui {
	struct session *session; /* borrowed */
	struct terminal terminal;
	struct theme theme;
	struct status status;
	struct trail trail[TAB_COUNT];
	int tab;
	enum ui_mode mode;
	bool bytes;	       /* the bytes pane is wanted */
	uint64_t bytes_skip;   /* words of the row scrolled off there */
	int64_t bytes_row;     /* the row they belong to */
	int bytes_y;	       /* where the pane is; -1: it is not shown */
	int bytes_lines;       /* of it, without its title */
	bool in_bytes;	       /* keys move there, not in the table */
	bool here;	       /* what a row leads to stays in its tab */
	char find[100];	       /* the text looked for last */
	char kept_filter[100]; /* while another is typed */
	char repeat[1024];     /* what an empty line at the prompt runs */
	bool gone;	       /* the target has ended, and that was said */
	bool done;	       /* leave */
	sigset_t awake;	       /* the signal mask while we wait */
};

/* The step that is looked at, NULL if there is none yet. */
struct step *ui_step(const struct ui *ui);

#endif

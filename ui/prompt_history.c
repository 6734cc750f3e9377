#include "ui/prompt_history.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <readline/history.h>

#include "base/alloc.h"

enum { KEPT = 1000 };

static struct {
	char *file; /* owned; NULL: none */
	int added;  /* lines not in the file yet */
	HISTORY_STATE *hidden;
} history;

static char *default_file(void)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

	if (state && *state == '/')
		return xasprintf("%s/heapscope/history", state);
	if (home && *home)
		return xasprintf("%s/.local/state/heapscope/history", home);
	return NULL;
}

void prompt_history_open(void)
{
	const char *file = getenv("HEAPSCOPE_HISTORY");

	using_history();
	stifle_history(KEPT);
	if (!file)
		history.file = default_file();
	else if (*file && strcmp(file, "none"))
		history.file = xstrdup(file);
	if (history.file)
		read_history(history.file);
}

static void make_folders(char *path)
{
	for (char *s = path + 1; *s; s++) {
		if (*s != '/')
			continue;
		*s = '\0';
		mkdir(path, 0700);
		*s = '/';
	}
}

/* A history that cannot be written is no reason to say anything. */
static void save(void)
{
	FILE *file;

	if (!history.file || !history.added)
		return;
	make_folders(history.file);
	file = fopen(history.file, "ae");
	if (!file)
		return;
	fchmod(fileno(file), 0600);
	fclose(file);
	append_history(history.added, history.file);
	history_truncate_file(history.file, KEPT);
}

void prompt_history_close(void)
{
	save();
	clear_history();
	free(history.file);
	history.file = NULL;
	history.added = 0;
}

void prompt_history_add(const char *line)
{
	HIST_ENTRY *last;

	if (!*line)
		return;
	last = history_length ? history_get(history_base + history_length - 1)
			      : NULL;
	if (last && !strcmp(last->line, line))
		return;
	add_history(line);
	history.added++;
}

void prompt_history_hide(bool hide)
{
	HISTORY_STATE none = {0};

	if (hide && !history.hidden) {
		history.hidden = history_get_history_state();
		history_set_history_state(&none);
	} else if (!hide && history.hidden) {
		history_set_history_state(history.hidden);
		free(history.hidden);
		history.hidden = NULL;
	}
}

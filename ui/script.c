#include "ui/script.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "ui/actions.h"
#include "ui/app_events.h"
#include "ui/keys.h"
#include "ui/run.h"
#include "ui/screen.h"
#include "ui/ui.h"

int script_open(const char *path, FILE **out, struct error *err)
{
	*out = fopen(path, "re");
	if (!*out)
		return error_set(err, ERR_USAGE, "cannot read %s: %s", path,
				 strerror(errno));
	return 0;
}

static void press(struct ui *ui, int code)
{
	if (ui->mode == UI_TABLE)
		action_key(ui, code);
	else
		action_typed(ui, code & 0xff);
}

static int do_key(struct ui *ui, char *rest, struct error *err)
{
	char *save = NULL;

	for (char *name = strtok_r(rest, " ", &save); name;
	     name = strtok_r(NULL, " ", &save)) {
		int code = key_code(name);

		if (!code)
			return error_set(err, ERR_USAGE,
					 "script: there is no key \"%s\"",
					 name);
		press(ui, code);
		screen_draw(ui);
	}
	return 0;
}

static int do_type(struct ui *ui, char *rest, struct error *err)
{
	(void)err;
	for (; *rest; rest++)
		press(ui, (unsigned char)*rest);
	return 0;
}

static int do_command(struct ui *ui, char *rest, struct error *err)
{
	(void)err;
	run_line(ui, rest);
	return 0;
}

static int do_save(struct ui *ui, char *rest, struct error *err)
{
	int rows = getmaxy(stdscr), columns = getmaxx(stdscr);
	AUTO_FREE char *line = xmalloc((size_t)columns * 8 + 1);
	FILE *file = fopen(rest, "we");

	(void)ui;
	if (!file)
		return error_sys(err, "script: cannot write %s", rest);
	for (int y = 0; y < rows; y++) {
		int len = mvinnstr(y, 0, line, columns * 8);

		while (len > 0 && line[len - 1] == ' ')
			len--;
		fprintf(file, "%.*s\n", len < 0 ? 0 : len, line);
	}
	if (fclose(file))
		return error_sys(err, "script: cannot write %s", rest);
	return 0;
}

static int do_resize(struct ui *ui, char *rest, struct error *err)
{
	int columns, rows;

	(void)ui;
	if (sscanf(rest, "%dx%d", &columns, &rows) != 2 || columns < 1 ||
	    rows < 1 || columns > 1000 || rows > 1000)
		return error_set(err, ERR_USAGE,
				 "script: resize takes 80x24, not \"%s\"",
				 rest);
	resizeterm(rows, columns);
	return 0;
}

static int do_wait_end(struct ui *ui, char *rest, struct error *err)
{
	struct pollfd fd = {.events = POLLIN};

	(void)rest;
	fd.fd = target_pidfd(ui->session->target);
	while (poll(&fd, 1, -1) < 0)
		if (errno != EINTR)
			return error_sys(err, "script: cannot wait");
	app_notice_end(ui);
	return 0;
}

static const struct {
	const char *name;
	int (*run)(struct ui *ui, char *rest, struct error *err);
} words[] = {
	{"key", do_key},	 {"type", do_type},
	{"command", do_command}, {"save-screen", do_save},
	{"resize", do_resize},	 {"wait-end", do_wait_end},
};

int script_step(struct ui *ui, FILE *file, bool *more, struct error *err)
{
	char *line = NULL, *rest;
	size_t cap = 0, len;
	ssize_t got = getline(&line, &cap, file);
	int ret = 0;

	*more = got >= 0;
	if (got > 0 && line[got - 1] == '\n')
		line[got - 1] = '\0';
	if (got < 0 || !*line || *line == '#') {
		free(line);
		return 0;
	}
	len = strcspn(line, " ");
	rest = line + len + (line[len] == ' ');
	ret = error_set(err, ERR_USAGE, "script: unknown line \"%s\"", line);
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strlen(words[i].name) == len &&
		    !strncmp(words[i].name, line, len))
			ret = words[i].run(ui, rest, err);
	free(line);
	screen_draw(ui);
	return ret;
}

#include "ui/app.h"

#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "ui/actions.h"
#include "ui/app_events.h"
#include "ui/app_signals.h"
#include "ui/prompt.h"
#include "ui/run.h"
#include "ui/screen.h"
#include "ui/script.h"
#include "ui/ui.h"

void app_notice_end(struct ui *ui)
{
	if (ui->gone || !ui->session->target ||
	    !target_gone(ui->session->target))
		return;
	ui->gone = true;
	ui->session->said_gone = true;
	status_say(ui, THEME_ERROR,
		   "process %d has ended; the snapshots taken stay usable",
		   (int)ui->session->target->pid);
}

static void suspend(struct ui *ui)
{
	terminal_leave(&ui->terminal);
	app_signals_suspend();
	terminal_return(&ui->terminal);
	if (ui->mode != UI_TABLE)
		terminal_mouse(&ui->terminal, false);
}

/* All that was typed.  False at the end of the input. */
static bool read_keys(struct ui *ui)
{
	int waiting = 0, code;

	if (ioctl(STDIN_FILENO, FIONREAD, &waiting) || !waiting)
		return false;
	for (;;) {
		if (ui->mode == UI_TABLE) {
			code = getch();
			if (code == ERR)
				break;
			action_key(ui, code);
		} else {
			if (ioctl(STDIN_FILENO, FIONREAD, &waiting) || !waiting)
				break;
			action_typed(ui, -1);
		}
		if (ui->done)
			break;
	}
	return true;
}

static int poll_once(struct ui *ui, struct error *err)
{
	struct pollfd fd[2] = {{.fd = STDIN_FILENO, .events = POLLIN},
			       {.fd = -1, .events = POLLIN}};

	if (ui->session->target && !ui->gone)
		fd[1].fd = target_pidfd(ui->session->target);
	if (ppoll(fd, 2, NULL, &ui->awake) < 0 && errno != EINTR)
		return error_sys(err, "cannot wait for a key");
	app_signals_deliver(&ui->awake);
	if (app_signals_take(SIGWINCH))
		terminal_resize(&ui->terminal);
	if (app_signals_take(SIGTSTP))
		suspend(ui);
	if (interrupt_pending()) {
		interrupt_clear();
		action_interrupt(ui);
	}
	if (fd[1].revents)
		app_notice_end(ui);
	if (fd[0].revents & POLLIN && !read_keys(ui))
		ui->done = true;
	else if (fd[0].revents & (POLLHUP | POLLERR | POLLNVAL) &&
		 !(fd[0].revents & POLLIN))
		ui->done = true;
	return 0;
}

static int loop(struct ui *ui, FILE *script, struct error *err)
{
	bool more;

	while (!ui->done) {
		screen_draw(ui);
		if (!script) {
			if (poll_once(ui, err))
				return -1;
			continue;
		}
		if (script_step(ui, script, &more, err))
			return -1;
		app_notice_end(ui);
		if (!more)
			return 0;
	}
	return 0;
}

/* The first snapshot.  What makes it impossible ends us, ^C does not. */
static int begin(struct ui *ui, struct error *err)
{
	struct session *session = ui->session;

	ui->tab = *session->no_heap ? TAB_MAPS : TAB_HEAP;
	if (!session->current) {
		status_echo(ui, "snapshot");
		status_say(ui, THEME_TEXT, "taking the first one");
		screen_draw(ui);
		run_line(ui, "snapshot");
	} else {
		status_snapshot(ui);
		run_refresh(ui);
	}
	if (!session->current && session->target &&
	    target_gone(session->target))
		return error_set(err, ERR_GONE, "%s", ui->status.message);
	if (*session->no_heap && ui->tab == TAB_HEAP)
		run_tab(ui, TAB_MAPS);
	return 0;
}

int ui_run(struct session *session, const char *path, struct error *err)
{
	struct ui ui = {.session = session, .bytes = true, .bytes_row = -1};
	FILE *script = NULL;
	int ret;

	setlocale(LC_CTYPE, "");
	session->interactive = true;
	if (path && script_open(path, &script, err))
		return -1;
	if (app_signals_open(&ui.awake, err) ||
	    terminal_open(&ui.terminal, script, err)) {
		if (script)
			fclose(script);
		return -1;
	}
	theme_init(&ui.theme, session->opts.color);
	prompt_open(session);
	ret = begin(&ui, err);
	if (!ret)
		ret = loop(&ui, script, err);
	prompt_close();
	for (int i = 0; i < TAB_COUNT; i++)
		trail_clear(&ui.trail[i]);
	terminal_close(&ui.terminal);
	app_signals_close();
	if (script)
		fclose(script);
	return ret;
}

#include "ui/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <term.h>

#include "base/emergency.h"

/* Async-signal-safe: write() and tcsetattr() only. */
static void give_back(void *ctx)
{
	struct terminal *terminal = ctx;
	ssize_t ignored;

	if (terminal->headless)
		return;
	ignored = write(STDOUT_FILENO, terminal->undo, terminal->undo_len);
	(void)ignored;
	if (terminal->has_modes)
		tcsetattr(STDIN_FILENO, TCSANOW, &terminal->modes);
	if (terminal->stderr_copy >= 0)
		dup2(terminal->stderr_copy, STDERR_FILENO);
}

static void add_undo(struct terminal *terminal, const char *text)
{
	size_t len;

	if (!text || text == (const char *)-1)
		return;
	len = strlen(text);
	if (terminal->undo_len + len > sizeof(terminal->undo))
		return;
	memcpy(terminal->undo + terminal->undo_len, text, len);
	terminal->undo_len += len;
}

static void prepare_undo(struct terminal *terminal)
{
	static const char *const name[] = {"sgr0", "op", "cnorm", "rmkx",
					   "rmcup"};

	add_undo(terminal, "\033[?1000l\033[?1006l"); /* the mouse */
	for (size_t i = 0; i < sizeof(name) / sizeof(*name); i++)
		add_undo(terminal, tigetstr(name[i]));
}

/* Libraries that complain on stderr would write over the screen. */
static void hush_stderr(struct terminal *terminal)
{
	terminal->stderr_copy = terminal->noise = -1;
	if (terminal->headless || !isatty(STDERR_FILENO))
		return;
	terminal->noise = memfd_create("heapscope-stderr", MFD_CLOEXEC);
	if (terminal->noise < 0)
		return;
	terminal->stderr_copy = dup(STDERR_FILENO);
	dup2(terminal->noise, STDERR_FILENO);
}

static void restore_stderr(struct terminal *terminal)
{
	char buf[4096];
	ssize_t len;

	if (terminal->stderr_copy < 0)
		return;
	dup2(terminal->stderr_copy, STDERR_FILENO);
	close(terminal->stderr_copy);
	lseek(terminal->noise, 0, SEEK_SET);
	while ((len = read(terminal->noise, buf, sizeof(buf))) > 0)
		if (write(STDERR_FILENO, buf, (size_t)len) < 0)
			break;
	close(terminal->noise);
	terminal->stderr_copy = terminal->noise = -1;
}

/* Can the cursor be moved? */
static bool is_capable(void)
{
	const char *cup = tigetstr("cup");

	return cup && cup != (const char *)-1;
}

/* Where there is no other screen to go back to, the shell goes on below. */
static void leave_line(void)
{
	move(getmaxy(stdscr) - 1, 0);
	clrtoeol();
	refresh();
	endwin();
}

static int number(const char *name, int otherwise)
{
	const char *text = getenv(name);
	int n = text ? atoi(text) : 0;

	return n > 0 && n < 1000 ? n : otherwise;
}

static int open_files(struct terminal *terminal, bool script, struct error *err)
{
	bool tty = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);

	terminal->in = stdin;
	terminal->out = stdout;
	if (tty)
		return 0;
	if (!script)
		return error_set(err, ERR_USAGE,
				 "the screen needs a terminal; a command "
				 "(heapscope -p PID heap) does not");
	terminal->headless = true;
	terminal->in = fopen("/dev/null", "re");
	terminal->out = fopen("/dev/null", "we");
	if (!terminal->in || !terminal->out)
		return error_sys(err, "cannot open /dev/null");
	return 0;
}

int terminal_open(struct terminal *terminal, bool script, struct error *err)
{
	const char *type = getenv("TERM");

	*terminal = (struct terminal){.stderr_copy = -1, .noise = -1};
	if (open_files(terminal, script, err))
		return -1;
	if (terminal->headless)
		type = "xterm-256color";
	terminal->has_modes = !terminal->headless &&
			      !tcgetattr(STDIN_FILENO, &terminal->modes);
	terminal->screen = newterm(type, terminal->out, terminal->in);
	if (!terminal->screen && terminal->headless)
		terminal->screen = newterm("dumb", terminal->out, terminal->in);
	if (!terminal->screen)
		return error_set(err, ERR_USAGE,
				 "the terminal \"%s\" is not known here: set "
				 "TERM to one that is, xterm for instance",
				 type ? type : "");
	if (!terminal->headless && !is_capable()) {
		terminal_close(terminal);
		return error_set(err, ERR_USAGE,
				 "a terminal of type \"%s\" cannot show a "
				 "screen: set TERM to what it is, or give a "
				 "COMMAND",
				 type ? type : "");
	}
	if (terminal->headless)
		resizeterm(number("LINES", 24), number("COLUMNS", 80));
	prepare_undo(terminal);
	if (emergency_add(give_back, terminal, err)) {
		terminal_close(terminal);
		return -1;
	}
	cbreak();
	noecho();
	nonl();
	set_escdelay(25);
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	meta(stdscr, TRUE);
	curs_set(0);
	mouseinterval(0);
	terminal_mouse(terminal, true);
	hush_stderr(terminal);
	return 0;
}

void terminal_close(struct terminal *terminal)
{
	if (!terminal->screen)
		return;
	terminal_mouse(terminal, false);
	leave_line();
	emergency_remove(give_back, terminal);
	delscreen(terminal->screen);
	terminal->screen = NULL;
	if (terminal->headless) {
		fclose(terminal->in);
		fclose(terminal->out);
	}
	restore_stderr(terminal);
}

void terminal_leave(struct terminal *terminal)
{
	terminal_mouse(terminal, false);
	leave_line();
}

void terminal_return(struct terminal *terminal)
{
	terminal_resize(terminal);
	terminal_mouse(terminal, true);
	clearok(curscr, TRUE);
	refresh();
}

void terminal_resize(struct terminal *terminal)
{
	struct winsize size;

	if (terminal->headless)
		return;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_row ||
	    !size.ws_col)
		return;
	resizeterm(size.ws_row, size.ws_col);
	clearok(curscr, TRUE);
}

void terminal_mouse(struct terminal *terminal, bool on)
{
	/* A press and its release that come at once are a click to curses. */
	mmask_t mask = BUTTON1_PRESSED | BUTTON1_CLICKED |
		       BUTTON1_DOUBLE_CLICKED | BUTTON4_PRESSED |
		       BUTTON5_PRESSED;

	if (!terminal->headless)
		mousemask(on ? mask : 0, NULL);
}

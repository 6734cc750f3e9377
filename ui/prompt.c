#include "ui/prompt.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <readline/history.h>
#include <readline/readline.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "command/command.h"
#include "ui/draw.h"
#include "ui/prompt_history.h"

/* readline's callbacks have no context, so it is here. */
static struct {
	struct session *session;
	FILE *nowhere;
	enum prompt_kind kind;
	enum prompt_state state;
	int pending; /* byte for readline; -1: none, read the terminal */
	bool fed;    /* by prompt_feed(): the terminal is not to be read */
	char *line;  /* owned: what was typed when it was done */
	struct strbuf matches;
	char *completion[200]; /* owned */
	size_t completions;
	int from; /* first column shown */
} prompt = {.pending = -1};

static void on_line(char *line)
{
	rl_callback_handler_remove();
	free(prompt.line);
	prompt.line = line;
	prompt.state = line ? PROMPT_DONE : PROMPT_GIVEN_UP;
}

static int get_byte(FILE *stream)
{
	int byte = prompt.pending;

	prompt.pending = -1;
	if (byte >= 0)
		return byte;
	return prompt.fed ? EOF : rl_getc(stream);
}

/* readline looks ahead for more to insert at once. */
static int is_more_there(void)
{
	struct pollfd fd = {.fd = STDIN_FILENO, .events = POLLIN};

	return !prompt.fed && poll(&fd, 1, 0) > 0;
}

static void draw_nothing(void)
{
}

static char *next_completion(const char *text, int again)
{
	static size_t at; /* as readline wants it */

	(void)text;
	if (!again)
		at = 0;
	if (at >= prompt.completions)
		return NULL;
	return xstrdup(prompt.completion[at++]);
}

static char **complete(const char *text, int start, int end)
{
	char **found;

	(void)start;
	rl_attempted_completion_over = 1;
	if (prompt.kind != PROMPT_COMMAND)
		return NULL;
	prompt.completions = command_complete(
		prompt.session, rl_line_buffer, (size_t)end, prompt.completion,
		sizeof(prompt.completion) / sizeof(*prompt.completion));
	found = rl_completion_matches(text, next_completion);
	while (prompt.completions)
		free(prompt.completion[--prompt.completions]);
	return found;
}

static void list_matches(char **match, int count, int longest)
{
	(void)longest;
	strbuf_reset(&prompt.matches);
	for (int i = 1; i <= count; i++)
		strbuf_addf(&prompt.matches, "%s%s", i > 1 ? "  " : "",
			    match[i]);
}

void prompt_open(struct session *session)
{
	prompt.session = session;
	prompt.nowhere = fopen("/dev/null", "we");
	rl_readline_name = "heapscope";
	rl_instream = stdin;
	rl_outstream = prompt.nowhere;
	rl_catch_signals = 0;
	rl_catch_sigwinch = 0;
	rl_change_environment = 0;
	rl_prep_term_function = NULL;
	rl_deprep_term_function = NULL;
	rl_redisplay_function = draw_nothing;
	rl_getc_function = get_byte;
	rl_input_available_hook = is_more_there;
	rl_attempted_completion_function = complete;
	rl_completion_display_matches_hook = list_matches;
	rl_basic_word_break_characters = " \t";
	rl_completer_quote_characters = "\"'";
	rl_completion_query_items = 0;
	rl_initialize();
	rl_variable_bind("bell-style", "none");
	prompt_history_open();
}

void prompt_close(void)
{
	if (!prompt.nowhere)
		return;
	prompt_cancel();
	prompt_history_close();
	fclose(prompt.nowhere);
	prompt.nowhere = NULL;
	rl_outstream = NULL;
	free(prompt.line);
	prompt.line = NULL;
	strbuf_deinit(&prompt.matches);
	prompt.state = PROMPT_OFF;
}

void prompt_start(enum prompt_kind kind, const char *text)
{
	prompt_cancel();
	prompt.kind = kind;
	prompt.state = PROMPT_TYPING;
	prompt.from = 0;
	prompt_history_hide(kind == PROMPT_FILTER);
	strbuf_reset(&prompt.matches);
	rl_callback_handler_install(
		kind == PROMPT_COMMAND ? "(heapscope) " : "/", on_line);
	rl_insert_text(text);
}

/* After readline was fed: what becomes of the line. */
static enum prompt_state settle(void)
{
	enum prompt_state state = prompt.state;

	if (state == PROMPT_TYPING)
		return state;
	prompt_history_hide(false);
	if (state == PROMPT_DONE && prompt.kind == PROMPT_COMMAND)
		prompt_history_add(prompt.line);
	prompt.state = PROMPT_OFF;
	return state;
}

static enum prompt_state feed(int byte)
{
	strbuf_reset(&prompt.matches);
	/* Like vi and less: rubbing out nothing leaves. */
	if (!rl_end && (byte == 127 || byte == 8)) {
		prompt_cancel();
		return PROMPT_GIVEN_UP;
	}
	prompt.pending = byte;
	rl_callback_read_char();
	return settle();
}

enum prompt_state prompt_feed(int byte)
{
	if (prompt.state != PROMPT_TYPING)
		return PROMPT_OFF;
	prompt.fed = true;
	return feed(byte);
}

static bool more_follows(void)
{
	struct pollfd fd = {.fd = STDIN_FILENO, .events = POLLIN};

	return poll(&fd, 1, 30) > 0;
}

enum prompt_state prompt_read(void)
{
	unsigned char byte;

	if (prompt.state != PROMPT_TYPING)
		return PROMPT_OFF;
	prompt.fed = false;
	if (read(STDIN_FILENO, &byte, 1) != 1) {
		prompt_cancel();
		return PROMPT_GIVEN_UP;
	}
	/* Escape alone leaves, but where it is a command of vi mode. */
	if (byte == 27 && rl_editing_mode == 1 && !more_follows()) {
		prompt_cancel();
		return PROMPT_GIVEN_UP;
	}
	return feed(byte);
}

void prompt_cancel(void)
{
	if (prompt.state != PROMPT_TYPING)
		return;
	rl_callback_handler_remove();
	prompt_history_hide(false);
	strbuf_reset(&prompt.matches);
	prompt.state = PROMPT_OFF;
}

const char *prompt_text(void)
{
	if (prompt.state == PROMPT_TYPING)
		return rl_line_buffer;
	return prompt.line ? prompt.line : "";
}

const char *prompt_matches(void)
{
	return strbuf_str(&prompt.matches);
}

/* The bytes before the cursor as columns. */
static int columns_before(const char *text, int bytes)
{
	AUTO_FREE char *before = xstrndup(text, (size_t)bytes);

	return draw_width(before);
}

void prompt_draw(const struct theme *theme, int y, int width)
{
	const char *ask = rl_display_prompt ? rl_display_prompt : "";
	const char *text = rl_line_buffer;
	int asked, at, room;

	asked = draw_in(theme, THEME_PROMPT, y, 0, width, ask);
	at = columns_before(text, rl_point);
	room = width - asked - 1;
	if (room < 1)
		return;
	if (at < prompt.from)
		prompt.from = at;
	if (at > prompt.from + room)
		prompt.from = at - room;
	for (int skip = prompt.from; skip > 0 && *text; skip--) {
		text++;
		while ((*text & 0xc0) == 0x80)
			text++;
	}
	draw_text(theme, y, asked, room + 1, text);
	move(y, asked + at - prompt.from);
}

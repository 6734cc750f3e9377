#include "command/command.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/progress.h"
#include "base/strbuf.h"
#include "command/session.h"
#include "command/session_typing.h"

/* Is name, of len bytes, one of "a|b|c"?  prefix: or how one of them starts. */
static bool in_list(const char *list, const char *name, size_t len, bool prefix)
{
	while (list && *list) {
		size_t n = strcspn(list, "|");

		if (n >= len && !strncmp(list, name, len) &&
		    (prefix || n == len))
			return true;
		list += n + (list[n] == '|');
	}
	return false;
}

static bool matches(const struct command *command, const char *name, size_t len,
		    bool prefix)
{
	return in_list(command->name, name, len, prefix) ||
	       in_list(command->alias, name, len, prefix);
}

const struct command *command_find(const char *name, struct error *err)
{
	const struct command *found = NULL;
	size_t len = strlen(name), count = 0;
	struct strbuf sb = {0};

	for (size_t i = 0; commands[i]; i++)
		if (matches(commands[i], name, len, false))
			return commands[i];
	for (size_t i = 0; commands[i] && len; i++) {
		if (!matches(commands[i], name, len, true))
			continue;
		found = commands[i];
		strbuf_addf(&sb, "%s%s", count++ ? ", " : "", found->name);
	}
	if (count == 1) {
		strbuf_deinit(&sb);
		return found;
	}
	if (count)
		error_set(err, ERR_USAGE, "ambiguous command \"%s\": %s", name,
			  strbuf_str(&sb));
	else
		error_set(err, ERR_USAGE,
			  "unknown command \"%s\"; help lists them", name);
	strbuf_deinit(&sb);
	return NULL;
}

/* The line's first word: its length, and where the rest begins.  gdb's "x/8gx"
 * and "!ls" need no blank after the name. */
static size_t first_word(const char *line, const char **rest)
{
	size_t len = strcspn(line, " \t\n/");

	if (line[0] == '!')
		len = 1;
	*rest = line + len;
	if (**rest != '/')
		*rest += strspn(*rest, " \t");
	return len;
}

int command_of_line(const char *line, const struct command **out,
		    struct error *err)
{
	const char *rest;
	char name[64];

	*out = NULL;
	line += strspn(line, " \t\r\n");
	if (!*line || *line == '#')
		return 0;
	snprintf(name, sizeof(name), "%.*s", (int)first_word(line, &rest),
		 line);
	*out = command_find(name, err);
	return *out ? 0 : -1;
}

static int meet_needs(struct session *session, const struct command *command,
		      struct error *err)
{
	unsigned need = command->need;
	char what[100];

	/* After detach the snapshots are still there. */
	if (!session->target && need &&
	    (need & (NEED_TARGET | NEED_LIVE) || !session->current))
		return error_set(err, ERR_USAGE,
				 "%s needs a process: -p PID or -p NAME",
				 command->name);
	if (need & NEED_LIVE && session_need_live(session, err))
		return -1;
	if (need & (NEED_HEAP | NEED_DIFF) && !session->allocator &&
	    session_need_heap(session, err))
		return -1;
	if (need & (NEED_SNAPSHOT | NEED_HEAP) && !session->current &&
	    session_snapshot(session, NULL, err))
		return -1;
	if (need & (NEED_HEAP | NEED_DIFF) && session_need_heap(session, err))
		return -1;
	if (need & NEED_DIFF && session->snapshot_count < 2) {
		snprintf(what, sizeof(what), "%s compares two snapshots",
			 command->name);
		return session_few(session, 2, what, err);
	}
	return 0;
}

static int run(struct session *session, const struct command *command,
	       const char *rest, struct view **out, struct error *err)
{
	const char *old_rest = session->rest;
	AUTO_FREE char *line = xasprintf("%s %s", command->name, rest);
	struct error why = {0};
	struct words words;
	int ret;

	if (words_split(&words, command->raw ? command->name : line, err))
		return -1;
	ret = meet_needs(session, command, err) ||
			      (command->need & (NEED_HEAP | NEED_DIFF) &&
			       session_name_types(session, &why, err))
		      ? -1
		      : 0;
	if (!ret) {
		session->rest = rest;
		ret = command->run(session, &words, out, err);
		session->rest = old_rest;
	}
	if (!ret && *out && why.code)
		view_warn(*out, "blocks are not named by types: %s", why.msg);
	words_deinit(&words);
	return ret;
}

int command_run(struct session *session, const char *text, struct view **out,
		struct error *err)
{
	AUTO_FREE char *copy = xstrdup(text + strspn(text, " \t\r\n"));
	const struct command *command;
	char name[64], cause[sizeof(err->msg)];
	const char *rest;
	size_t len = strlen(copy);
	int ret;

	*out = NULL;
	while (len && strchr(" \t\r\n", copy[len - 1]))
		copy[--len] = '\0';
	if (!*copy || *copy == '#')
		return 0;
	len = first_word(copy, &rest);
	snprintf(name, sizeof(name), "%.*s", (int)len, copy);
	snprintf(session->last_line, sizeof(session->last_line), "%s", copy);
	command = command_find(name, err);
	if (!command)
		return -1;
	snprintf(session->last_line, sizeof(session->last_line), "%s%s%s",
		 command->name, *rest && *rest != '/' ? " " : "", rest);
	progress_begin();
	ret = run(session, command, rest, out, err);
	progress_end();
	if (ret && err->code != ERR_GONE && err->code != ERR_USAGE &&
	    session->target && target_gone(session->target)) {
		memcpy(cause, err->msg, sizeof(cause));
		error_set(err, ERR_GONE, "process %d has ended (%.600s)",
			  (int)session->target->pid, cause);
	}
	return ret;
}

static size_t add_string(char **out, size_t n, size_t cap, const char *s)
{
	if (n < cap)
		out[n++] = xstrdup(s);
	return n;
}

size_t command_offer(const char *word, const char *const *list, size_t count,
		     const char **out, size_t n, size_t cap)
{
	for (size_t i = 0; i < count && n < cap; i++)
		if (!strncmp(list[i], word, strlen(word)))
			out[n++] = list[i];
	return n;
}

size_t command_complete(struct session *session, const char *line,
			size_t cursor, char **out, size_t cap)
{
	size_t start = cursor, first = strspn(line, " \t"), n = 0, found;
	const struct command *command;
	const char *list[64];
	char word[256], name[64];
	struct error err;

	while (start > first && !strchr(" \t", line[start - 1]))
		start--;
	snprintf(word, sizeof(word), "%.*s", (int)(cursor - start),
		 line + start);
	if (start <= first) {
		for (size_t i = 0; commands[i]; i++)
			if (!strncmp(commands[i]->name, word, strlen(word)))
				n = add_string(out, n, cap, commands[i]->name);
		return n;
	}
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(line + first, " \t/"),
		 line + first);
	command = command_find(name, &err);
	if (!command || !command->complete)
		return 0;
	found = command->complete(session, word, list, cap < 64 ? cap : 64);
	for (size_t i = 0; i < found; i++)
		n = add_string(out, n, cap, list[i]);
	return n;
}

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "command/commands.h"
#include "view/views.h"

struct topic {
	const char *name, *summary, *text;
};

static const struct topic topics[] = {
	{"addresses", "how an address can be written",
	 "An ADDR is one of\n"
	 "  0x55d0c0a3f2a0, 94356   a number\n"
	 "  main_arena, stdout+0x10 a symbol, and an offset from it\n"
	 "  #3                      the address in row 3 of the last table\n"
	 "  $rsp, $pc               a register of the current thread (the one\n"
	 "                          that bt TID chose last, else the first);\n"
	 "                          $esp, $eip in a 32-bit program\n"
	 "  $_                      the address used last\n"
	 "The address of a chunk is what malloc returned; any address inside\n"
	 "the chunk names it too.\n"},
	{"sets", "how the chunks of a question are chosen",
	 "A SET is made of\n"
	 "  used free cached top mmapped all   by state (without a SET: used)\n"
	 "  new gone                           by the last diff\n"
	 "  size=N  size>=N  size<=N  size>N   by usable size, as malloc was\n"
	 "                                     asked; N takes k, M, G\n"
	 "  class=N  class>=N ...              by chunk size, as sizes and "
	 "diff\n"
	 "                                     show it: usable size and "
	 "header\n"
	 "  arena=N  state=free                by place and state\n"
	 "  content=\"TEXT\"                     by what is in them\n"
	 "  type=NAME                          as types has it, exactly;\n"
	 "                                     \"client\" also finds\n"
	 "                                     \"struct client\"; unknown.\n"
	 "                                     Quoted if it has a blank:\n"
	 "                                     \"type=struct client\"\n"
	 "  leaked                             definite and indirect\n"
	 "  leak=definite|indirect|possible|reachable\n"
	 "                                     as leaks has them\n"
	 "joined by and, or, not and parentheses; words that follow each "
	 "other\n"
	 "are joined by and.\n"
	 "\n"
	 "  chunks new class=352\n"
	 "  count used and size>=1M and not mmapped\n"
	 "  sizes arena=2\n"},
};

/* x/FMT is one word. */
static const char *gap(const struct command *c)
{
	return *c->args && *c->args != '/' ? " " : "";
}

static void list_commands(struct strbuf *sb)
{
	strbuf_add(sb, "Commands (any unique prefix will do; "
		       "\"help COMMAND\" says more):\n");
	for (size_t i = 0; commands[i]; i++) {
		const struct command *c = commands[i];
		size_t at = sb->len;

		strbuf_addf(sb, "  %s%s%s", c->name, gap(c), c->args);
		if (sb->len - at > 22)
			strbuf_addf(sb, "\n%24s", "");
		else
			strbuf_pad(sb, at + 24, ' ');
		strbuf_addf(sb, "%s\n", c->summary);
	}
	strbuf_add(sb, "\nTopics:\n");
	for (size_t i = 0; i < sizeof(topics) / sizeof(*topics); i++)
		strbuf_addf(sb, "  help %-16s %s\n", topics[i].name,
			    topics[i].summary);
}

static void one_command(struct strbuf *sb, const struct command *c)
{
	strbuf_addf(sb, "%s%s%s\n", c->name, gap(c), c->args);
	if (c->alias) {
		strbuf_add(sb, "also: ");
		for (const char *s = c->alias; *s; s++)
			strbuf_add(sb, *s == '|' ? ", " : (char[]){*s, '\0'});
		strbuf_addc(sb, '\n');
	}
	strbuf_addf(sb, "%s\n\n%s", c->summary, c->help);
}

int command_help(const char *name, char **out, struct error *err)
{
	struct strbuf sb = {0};
	const struct command *command;

	if (!name || !*name) {
		list_commands(&sb);
		*out = strbuf_take(&sb);
		return 0;
	}
	for (size_t i = 0; i < sizeof(topics) / sizeof(*topics); i++) {
		size_t len = strlen(name);

		/* "set" is a command, "sets" and "addr" are topics. */
		if (len < 4 || strncmp(topics[i].name, name, len))
			continue;
		*out = xstrdup(topics[i].text);
		return 0;
	}
	command = command_find(name, err);
	if (!command)
		return -1;
	one_command(&sb, command);
	*out = strbuf_take(&sb);
	return 0;
}

static int help_run(struct session *session, const struct words *words,
		    struct view **out, struct error *err)
{
	AUTO_FREE char *text = NULL;

	(void)session;
	if (words->count > 2)
		return error_set(err, ERR_USAGE, "help takes one command");
	if (command_help(words->word[1], &text, err))
		return -1;
	return view_text("", text, out, err);
}

static size_t help_complete(struct session *session, const char *word,
			    const char **out, size_t cap)
{
	size_t n = 0;

	(void)session;
	for (size_t i = 0; commands[i] && n < cap; i++)
		if (!strncmp(commands[i]->name, word, strlen(word)))
			out[n++] = commands[i]->name;
	return n;
}

const struct command command_entry_help = {
	.name = "help",
	.alias = "h|?",
	.args = "[COMMAND]",
	.summary = "list the commands, or explain one",
	.help = "Without a word: every command with one line. With one: what\n"
		"it answers, what it takes, an example. Topics: sets,\n"
		"addresses.\n"
		"\n"
		"  help diff\n"
		"  help sets\n",
	.run = help_run,
	.complete = help_complete,
};

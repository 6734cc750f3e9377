/*
 * Commands: the only way anything happens, from a script, a prompt or a key.
 *
 * One table (commands[]); help, completion and the manual's list come from it.
 * Names may be cut to a unique prefix, as in gdb.
 */
#ifndef COMMAND_COMMAND_H
#define COMMAND_COMMAND_H

#include <stddef.h>

#include "base/error.h"
#include "base/words.h"
#include "view/view.h"

struct session;

enum command_need {
	NEED_TARGET = 1,
	NEED_LIVE = 2,
	NEED_SNAPSHOT = 4, /* taken first if there is none */
	NEED_HEAP = 8,	   /* ... of an allocator we can walk */
	NEED_DIFF = 16	   /* two snapshots at least */
};

struct command {
	const char *name, *alias; /* alias: "dis|disassemble" or NULL */
	const char *args;	  /* "[SET]", for usage lines */
	const char *summary;	  /* one line; the man page and help use it */
	const char *help; /* paragraphs with an example, for "help NAME" */
	unsigned need;	  /* enum command_need bits */
	/* The rest of the line is not words but text: session->rest. */
	bool raw;
	/* words[0] is the command's full name.  *out: a view to show, owned by
	 * the caller, or NULL for none. */
	int (*run)(struct session *, const struct words *words,
		   struct view **out, struct error *);
	/* Completions of the last word; optional. */
	size_t (*complete)(struct session *, const char *word, const char **out,
			   size_t cap);
};

extern const struct command *const commands[]; /* sorted, NULL-terminated */

/* Unique prefix or alias; ERR_USAGE "unknown command" / "ambiguous: a, b". */
const struct command *command_find(const char *name, struct error *err);

/* The command of a line; NULL for an empty line or a comment. */
int command_of_line(const char *line, const struct command **out,
		    struct error *err) MUST_CHECK;

/*
 * Runs one line.  Comments (#) and empty lines are fine: *out NULL.  The line
 * as understood (aliases and prefixes spelled out) goes to session->last_line.
 * The caller clears an old ^C (interrupt_clear) and sets a progress function.
 */
int command_run(struct session *session, const char *line, struct view **out,
		struct error *err) MUST_CHECK;

/*
 * For a command's complete: those of count words in list that begin with word
 * are put behind the n that out has.  Returns how many it has then, at most
 * cap.
 */
size_t command_offer(const char *word, const char *const *list, size_t count,
		     const char **out, size_t n, size_t cap);

/* Completions of the word before the cursor: at most cap, owned strings. */
size_t command_complete(struct session *session, const char *line,
			size_t cursor, char **out, size_t cap);

/* Text of "help", "help COMMAND" and "help TOPIC" (name NULL or "": all). */
int command_help(const char *name, char **out, struct error *err) MUST_CHECK;

#endif

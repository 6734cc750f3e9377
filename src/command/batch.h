/*
 * Commands without a screen: run in order, each answer written to a stream as
 * it comes; the first failure ends the run.
 */
#ifndef COMMAND_BATCH_H
#define COMMAND_BATCH_H

#include <stdio.h>

#include "command/session.h"

/* Exit status: the contract of the manual page's EXIT STATUS. */
enum {
	STATUS_DONE = 0,
	STATUS_CONDITION = 1,
	STATUS_USAGE = 2,
	STATUS_PERMISSION = 3,
	STATUS_GONE = 4,
	STATUS_NO_HEAP = 5,
	STATUS_INCOMPLETE = 6,
	STATUS_FAULT = 70,
	STATUS_INTERRUPTED = 130
};

int status_of_error(enum err_code code);

/*
 * Runs the lines; answers to stdout, errors and warnings to stderr (and, as
 * JSON, to stdout).  Returns the exit status of the whole.
 */
int batch_run(struct session *session, const char *const *line, size_t count);

/* A progress_fn that rewrites a line of stderr. */
void batch_progress(void *ctx, const char *what, uint64_t done, uint64_t total);

/* An error before or outside a command, in the format asked for. */
int batch_error(const struct session *session, const struct error *err);

#endif

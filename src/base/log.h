/*
 * What heapscope does, for whoever must find out why it did it.  Off until
 * log_open() or log_verbose(); a line costs one test of a flag until then.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

#include "base/error.h"

/* All levels go to the file, appended, a line each with the time. */
int log_open(const char *path, struct error *err) MUST_CHECK;
void log_close(void);

/* -v: info and warnings to stderr; twice: debug too; 0 ends it. */
void log_verbose(int level);

bool log_is_on(void); /* is a debug line worth preparing? */

void log_debug(const char *fmt, ...) PRINTF(1, 2);
void log_info(const char *fmt, ...) PRINTF(1, 2);
void log_warn(const char *fmt, ...) PRINTF(1, 2);

#endif

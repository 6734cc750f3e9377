#include "base/log.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum level { DEBUG, INFO, WARN };

static int log_fd = -1;
static int verbose;

int log_open(const char *path, struct error *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);

	if (fd < 0)
		return error_sys(err, "cannot open the log %s", path);
	log_close();
	log_fd = fd;
	return 0;
}

void log_close(void)
{
	if (log_fd >= 0)
		close(log_fd);
	log_fd = -1;
}

void log_verbose(int level)
{
	verbose = level;
}

bool log_is_on(void)
{
	return log_fd >= 0 || verbose > 1;
}

/* One write(2) a line: the agent and the front share the file. */
static void put(int fd, const char *line, size_t len)
{
	if (write(fd, line, len) < 0) {
		/* a log that cannot be written must not stop the work */
	}
}

static void write_line(enum level level, const char *fmt, va_list ap)
{
	static const char *const name[] = {"debug", "info", "warn"};
	char line[1200], body[1000];
	struct timespec now;
	struct tm tm;
	int n;

	vsnprintf(body, sizeof body, fmt, ap);
	if (verbose && (level > DEBUG || verbose > 1)) {
		n = snprintf(line, sizeof line, "heapscope: %s\n", body);
		put(STDERR_FILENO, line, (size_t)n);
	}
	if (log_fd < 0)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	n = snprintf(line, sizeof line,
		     "%04d-%02d-%02dT%02d:%02d:%02d.%06ldZ %d %s %s\n",
		     tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
		     tm.tm_min, tm.tm_sec, now.tv_nsec / 1000, (int)getpid(),
		     name[level], body);
	put(log_fd, line, (size_t)n);
}

#define LOG_AT(function, level)                                                \
	void function(const char *fmt, ...)                                    \
	{                                                                      \
		va_list ap;                                                    \
                                                                               \
		if (log_fd < 0 && !verbose)                                    \
			return;                                                \
		va_start(ap, fmt);                                             \
		write_line(level, fmt, ap);                                    \
		va_end(ap);                                                    \
	}

LOG_AT(log_debug, DEBUG)
LOG_AT(log_info, INFO)
LOG_AT(log_warn, WARN)

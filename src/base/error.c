#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static int fill(struct error *err, enum err_code code, int sys_errno,
		uint64_t addr, const char *fmt, va_list ap)
{
	char text[sizeof err->msg];

	/* Not straight into msg: an argument may be the old message. */
	vsnprintf(text, sizeof text, fmt, ap);
	err->code = code;
	err->sys_errno = sys_errno;
	err->addr = addr;
	memcpy(err->msg, text, sizeof text);
	return -1;
}

int error_set(struct error *err, enum err_code code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fill(err, code, 0, 0, fmt, ap);
	va_end(ap);
	return -1;
}

int error_sys(struct error *err, const char *fmt, ...)
{
	int saved = errno;
	char reason[100];
	va_list ap;

	va_start(ap, fmt);
	fill(err, ERR_SYSTEM, saved, 0, fmt, ap);
	va_end(ap);

	size_t len = strlen(err->msg);

	snprintf(err->msg + len, sizeof err->msg - len, ": %s",
		 strerror_r(saved, reason, sizeof reason));
	errno = saved;
	return -1;
}

int error_at(struct error *err, enum err_code code, uint64_t addr,
	     const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fill(err, code, 0, addr, fmt, ap);
	va_end(ap);
	return -1;
}

int error_wrap(struct error *err, const char *fmt, ...)
{
	char front[sizeof err->msg];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(front, sizeof front, fmt, ap);
	va_end(ap);

	/*
	 * Where both do not fit, the end of the cause is cut, but never the
	 * whole of it: the front may take three quarters.
	 */
	char text[sizeof err->msg];

	snprintf(text, sizeof text, "%.*s: %s", (int)(sizeof text * 3 / 4),
		 front, err->msg);
	memcpy(err->msg, text, sizeof text);
	return -1;
}

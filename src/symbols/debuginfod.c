#include "symbols/debuginfod.h"

#include <stddef.h>

#ifdef HAVE_DEBUGINFOD

#include <elfutils/debuginfod.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/progress.h"

struct fetch {
	char what[100];
	struct error err; /* ERR_INTERRUPTED: it is to end */
};

int debuginfod_need(struct error *err)
{
	(void)err;
	return 0;
}

/* Called while it waits, too; not 0 ends the transfer. */
static int on_progress(debuginfod_client *client, long done, long total)
{
	struct fetch *fetch = debuginfod_get_user_data(client);

	return progress_tick(fetch->what, done > 0 ? (uint64_t)done : 0,
			     total > 0 ? (uint64_t)total : 0, &fetch->err);
}

static const char *reason(int code)
{
	switch (code) {
	case ENOSYS:
		return "DEBUGINFOD_URLS names no server";
	case ENOENT:
		return "no server has its debug information";
	case ETIME:
	case ETIMEDOUT:
		return "no server answers in time (DEBUGINFOD_TIMEOUT)";
	case ECONNREFUSED:
	case EHOSTUNREACH:
		return "no server can be reached";
	default:
		return strerror(code);
	}
}

int debuginfod_fetch(const char *build_id, const char *module, char **path,
		     struct error *err)
{
	debuginfod_client *client = debuginfod_begin();
	struct fetch fetch = {.err = {0}};
	int fd;

	*path = NULL;
	if (!client)
		return error_set(err, ERR_NO_MEMORY, "debuginfod: no memory");
	snprintf(fetch.what, sizeof fetch.what,
		 "downloading debug information of %s", module);
	debuginfod_set_user_data(client, &fetch);
	debuginfod_set_progressfn(client, on_progress);
	fd = debuginfod_find_debuginfo(client, (const unsigned char *)build_id,
				       0, path);
	debuginfod_end(client);
	if (fd >= 0)
		return fd;
	free(*path);
	*path = NULL;
	if (fetch.err.code) {
		*err = fetch.err;
		return -1;
	}
	return error_set(err, ERR_NOT_FOUND, "debuginfod: %s", reason(-fd));
}

#else

int debuginfod_need(struct error *err)
{
	return error_set(err, ERR_UNSUPPORTED,
			 "this heapscope is built without debuginfod "
			 "(configure --with-debuginfod)");
}

int debuginfod_fetch(const char *build_id, const char *module, char **path,
		     struct error *err)
{
	(void)build_id;
	(void)module;
	*path = NULL;
	return debuginfod_need(err);
}

#endif

/* From a PID or a name to a process. */
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "target/proc.h"

enum { LISTED_MAX = 12 };

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Exact comm, or the last part of the executable's path. */
static bool matches(pid_t pid, const char *name)
{
	struct strbuf text = {0};
	struct error ignored;
	char path[64], exe[4096];
	bool yes;
	ssize_t n;

	if (proc_read(pid, "comm", &text, &ignored) < 0)
		return false;
	if (text.len && text.s[text.len - 1] == '\n')
		text.s[text.len - 1] = 0;
	yes = !strcmp(strbuf_str(&text), name);
	strbuf_deinit(&text);
	if (yes)
		return true;
	snprintf(path, sizeof path, "/proc/%d/exe", pid);
	n = readlink(path, exe, sizeof exe - 1);
	if (n <= 0)
		return false;
	exe[n] = 0;
	n -= (ssize_t)strlen(" (deleted)");
	if (n > 0 && !strcmp(exe + n, " (deleted)"))
		exe[n] = 0;
	return !strcmp(base_name(exe), name);
}

static void describe(pid_t pid, struct strbuf *out)
{
	struct strbuf line = {0};
	struct error ignored;

	if (proc_read(pid, "cmdline", &line, &ignored) == 0 && line.len) {
		for (size_t i = 0; i + 1 < line.len; i++)
			if (!line.s[i])
				line.s[i] = ' ';
		strbuf_addf(out, "\n  %d  %.60s", pid, line.s);
	} else {
		strbuf_addf(out, "\n  %d", pid);
	}
	strbuf_deinit(&line);
}

static int find_pid(const char *text, pid_t *out, struct error *err)
{
	char *end;
	long pid = strtol(text, &end, 10);

	if (*end || pid <= 0 || pid > INT32_MAX)
		return error_set(err, ERR_USAGE, "%s is no process id", text);
	if (!proc_exists((pid_t)pid))
		return error_set(err, ERR_GONE,
				 "process %ld: there is no such process", pid);
	*out = (pid_t)pid;
	return 0;
}

int proc_find(const char *pid_or_name, pid_t *out, struct error *err)
{
	struct strbuf list = {0};
	struct dirent *entry;
	size_t found = 0;
	DIR *dir;

	if (isdigit((unsigned char)pid_or_name[0]) &&
	    strspn(pid_or_name, "0123456789") == strlen(pid_or_name))
		return find_pid(pid_or_name, out, err);
	if (!*pid_or_name)
		return error_set(err, ERR_USAGE, "a process has no empty name");
	dir = opendir("/proc");
	if (!dir)
		return error_sys(err, "cannot read /proc");
	while ((entry = readdir(dir))) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (pid <= 0 || pid == getpid() || !matches(pid, pid_or_name))
			continue;
		*out = pid;
		if (found++ < LISTED_MAX)
			describe(pid, &list);
	}
	closedir(dir);
	if (found == 0)
		error_set(err, ERR_GONE, "no process is named %s", pid_or_name);
	else if (found > 1)
		error_set(err, ERR_USAGE,
			  "%zu processes are named %s; say which by its "
			  "number:%s%s",
			  found, pid_or_name, strbuf_str(&list),
			  found > LISTED_MAX ? "\n  ..." : "");
	strbuf_deinit(&list);
	return found == 1 ? 0 : -1;
}

#include "target/kernel_words.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { PATH = 320, LINE = 256 };

/* A number behind key, in hexadecimal, where line begins with start. */
static bool value_in(const char *line, const char *start, const char *key,
		     uint64_t *value)
{
	const char *at =
		strncmp(line, start, strlen(start)) ? NULL : strstr(line, key);

	return at && sscanf(at + strlen(key), "%" SCNx64, value) == 1;
}

static int each_in(const struct kernel_words *w, const char *path, bool *opened,
		   struct error *err)
{
	FILE *file = fopen(path, "re");
	char line[LINE];
	uint64_t value;
	int ret = 0;

	*opened = file;
	while (!ret && file && fgets(line, sizeof line, file))
		if (value_in(line, "tfd:", "data:", &value) ||
		    value_in(line, "signal:", "/", &value))
			ret = w->word(w->ctx,
				      w->word_size == 4 ? (uint32_t)value
							: value,
				      err);
	if (file)
		fclose(file);
	return ret;
}

int kernel_words_each(const struct kernel_words *w, bool *all,
		      struct error *err)
{
	const struct dirent *entry;
	char path[PATH];
	bool opened;
	int ret;
	DIR *dir;

	snprintf(path, sizeof path, "/proc/%d/timers", w->pid);
	ret = each_in(w, path, &opened, err);
	snprintf(path, sizeof path, "/proc/%d/fdinfo", w->pid);
	dir = opendir(path);
	*all = dir;
	while (!ret && dir && (entry = readdir(dir))) {
		if (*entry->d_name == '.')
			continue;
		snprintf(path, sizeof path, "/proc/%d/fdinfo/%s", w->pid,
			 entry->d_name);
		ret = each_in(w, path, &opened, err);
		/* It may have been closed since. */
		*all &= opened || errno == ENOENT;
	}
	if (dir)
		closedir(dir);
	return ret;
}

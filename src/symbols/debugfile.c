#include "symbols/debugfile.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "symbols/debuginfod.h"

struct search {
	const struct elf *elf;
	const struct debugfile_where *where;
	uint32_t crc;
	struct strbuf *path, *note;
	struct elf *found;
};

int debugfile_crc(int fd, uint32_t *out)
{
	uint32_t table[256], crc = ~UINT32_C(0);
	uint8_t buf[65536];
	off_t off = 0;
	ssize_t n;

	for (uint32_t i = 0; i < 256; i++) {
		uint32_t c = i;

		for (int k = 0; k < 8; k++)
			c = c & 1 ? UINT32_C(0xedb88320) ^ (c >> 1) : c >> 1;
		table[i] = c;
	}
	while ((n = pread(fd, buf, sizeof buf, off)) > 0) {
		for (ssize_t i = 0; i < n; i++)
			crc = table[(crc ^ buf[i]) & 255] ^ (crc >> 8);
		off += n;
	}
	*out = ~crc;
	return n < 0 ? -1 : 0;
}

/* Why the file is not the module's, or NULL if it is. */
static const char *mismatch(const struct search *s, const struct elf *debug,
			    bool by_link)
{
	const char *want = elf_build_id(s->elf);
	const char *have = elf_build_id(debug);
	uint32_t crc;

	if (elf_machine(s->elf) != elf_machine(debug))
		return "is for another machine";
	if (*want && *have)
		return strcmp(want, have)
			       ? "is of another build (build-id differs)"
			       : NULL;
	if (!by_link)
		return "has no build-id";
	if (debugfile_crc(elf_fd(debug), &crc))
		return "cannot be read";
	return crc == s->crc ? NULL : "is of another build (checksum differs)";
}

/* True when the search is over. */
static bool try_file(struct search *s, const char *path, bool by_link)
{
	struct error err;
	struct elf *debug;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	const char *why = NULL;

	if (fd < 0)
		return false;
	if (elf_open(fd, &debug, &err)) {
		why = err.msg;
		debug = NULL;
	} else {
		why = mismatch(s, debug, by_link);
	}
	if (!why) {
		s->found = debug;
		strbuf_add(s->path, path);
		strbuf_reset(s->note);
		return true;
	}
	if (!s->note->len) /* the first is the likeliest to be meant */
		strbuf_addf(s->note, "debug file %s %s: not used", path, why);
	log_info("debug file %s %s", path, why);
	elf_close(debug);
	return false;
}

static bool try_format(struct search *s, bool by_link, const char *fmt, ...)
	PRINTF(3, 4);

static bool try_format(struct search *s, bool by_link, const char *fmt, ...)
{
	char path[4096];
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(path, sizeof path, fmt, ap);
	va_end(ap);
	return n > 0 && (size_t)n < sizeof path && try_file(s, path, by_link);
}

bool debug_dir_next(const char **at, char *dir, size_t cap)
{
	while (**at) {
		size_t len = strcspn(*at, ":");
		const char *from = *at;

		*at += len + (from[len] == ':');
		if (len && len < cap) {
			memcpy(dir, from, len);
			dir[len] = '\0';
			return true;
		}
	}
	return false;
}

static bool by_build_id(struct search *s, const char *root)
{
	const char *id = elf_build_id(s->elf), *at = s->where->debug_dir;
	char dir[4096];

	while (strlen(id) > 2 && debug_dir_next(&at, dir, sizeof dir))
		if (try_format(s, false, "%s%s/.build-id/%.2s/%s.debug", root,
			       dir, id, id + 2))
			return true;
	return false;
}

static bool by_debuglink(struct search *s, const char *root, const char *link)
{
	const char *path = s->where->path, *slash = strrchr(path, '/');
	const char *at = s->where->debug_dir;
	int len = slash ? (int)(slash - path) : 0;
	char dir[4096];

	if (path[0] != '/')
		return false;
	if (try_format(s, true, "%s%.*s/%s", root, len, path, link) ||
	    try_format(s, true, "%s%.*s/.debug/%s", root, len, path, link))
		return true;
	while (debug_dir_next(&at, dir, sizeof dir))
		if (try_format(s, true, "%s%s%.*s/%s", root, dir, len, path,
			       link))
			return true;
	return false;
}

struct elf *debugfile_find(const struct elf *elf,
			   const struct debugfile_where *where,
			   struct strbuf *path, struct strbuf *note)
{
	struct search s = {
		.elf = elf, .where = where, .path = path, .note = note};
	const char *link;

	for (size_t i = 0; where->roots[i]; i++)
		if (by_build_id(&s, where->roots[i]))
			return s.found;
	if (elf_is_memory(elf))
		return NULL;
	link = elf_debuglink(elf, &s.crc);
	/* a name, not a way out of the folder */
	if (!link || strchr(link, '/') || !strcmp(link, ".."))
		return NULL;
	for (size_t i = 0; where->roots[i]; i++)
		if (by_debuglink(&s, where->roots[i], link))
			return s.found;
	return NULL;
}

int debugfile_fetch(const struct elf *elf, const char *module,
		    struct elf **found, struct strbuf *path,
		    struct strbuf *note, struct error *err)
{
	struct search s = {.elf = elf};
	const char *why, *separator = note->len ? "; " : "";
	char *name;
	int fd;

	*found = NULL;
	if (!*elf_build_id(elf)) {
		strbuf_addf(note, "%sdebuginfod: the file has no build-id",
			    separator);
		return 0;
	}
	fd = debuginfod_fetch(elf_build_id(elf), module, &name, err);
	if (fd < 0 && err->code == ERR_INTERRUPTED)
		return -1;
	if (fd < 0) {
		strbuf_addf(note, "%s%s", separator, err->msg);
		return 0;
	}
	why = elf_open(fd, found, err) ? err->msg : mismatch(&s, *found, false);
	if (why) {
		strbuf_addf(note,
			    "%sdebuginfod: what the server gave %s: not used",
			    separator, why);
		elf_close(*found);
		*found = NULL;
	} else {
		strbuf_add(path, name);
		strbuf_reset(note);
	}
	free(name);
	return 0;
}

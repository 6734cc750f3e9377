/* The separate debug file of a module: by build-id, then by debuglink. */
#ifndef SYMBOLS_DEBUGFILE_H
#define SYMBOLS_DEBUGFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "symbols/elf.h"

struct debugfile_where {
	const char *const *roots; /* "" or "/proc/7/root"; NULL-terminated */
	const char *debug_dir;	  /* "/usr/lib/debug", or several: "a:b" */
	const char *path;	  /* of the module, as its process sees it */
};

/*
 * One folder of "a:b" after the other: *at is that text, at first; false at its
 * end.  One whose name is longer than cap is left out.
 */
bool debug_dir_next(const char **at, char *dir, size_t cap);

/*
 * The file if there is one of the same build (build-id; where there is none,
 * the debuglink's checksum), its path added to path; else NULL.  A file of
 * another build is not used, and note says so.
 */
struct elf *debugfile_find(const struct elf *elf,
			   const struct debugfile_where *where,
			   struct strbuf *path, struct strbuf *note);

/*
 * The same from debuginfod's servers, *found NULL and note saying why if there
 * is none; path and note are added to, but note is emptied if there is one.
 * module: its name, for the progress.  -1: interrupted.
 */
int debugfile_fetch(const struct elf *elf, const char *module,
		    struct elf **found, struct strbuf *path,
		    struct strbuf *note, struct error *err) MUST_CHECK;

/* The checksum of .gnu_debuglink (CRC-32, IEEE 802.3) over a whole file. */
int debugfile_crc(int fd, uint32_t *out);

#endif

/* The files with a module's debug information, and libdwarf's handles. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "symbols/dwarf_impl.h"

static int handle_open(int fd, Dwarf_Debug *dbg)
{
	Dwarf_Error e = NULL;
#ifdef HAVE_DWARF_INIT_B_ACCESS
	int ret = dwarf_init_b(fd, DW_DLC_READ, DW_GROUPNUMBER_ANY, NULL, NULL,
			       dbg, &e);
#else
	int ret = dwarf_init_b(fd, DW_GROUPNUMBER_ANY, NULL, NULL, dbg, &e);
#endif

	if (ret == DW_DLV_ERROR) {
		log_info("dwarf: %s", dwarf_errmsg(e));
#ifdef HAVE_DWARF_DEALLOC_ERROR
		dwarf_dealloc_error(NULL, e);
#endif
	}
	return ret == DW_DLV_OK ? 0 : -1;
}

static void handle_close(Dwarf_Debug dbg)
{
#ifdef HAVE_DWARF_FINISH_ERROR
	Dwarf_Error e;

	dwarf_finish(dbg, &e);
#else
	dwarf_finish(dbg);
#endif
}

static size_t add_handle(struct dwarf *d, Dwarf_Debug dbg,
			 enum dwarf_file_kind kind, const char *path, int fd)
{
	struct error err;

	if (d->files >> (KEY_CLASS_SHIFT - KEY_FILE_SHIFT) ||
	    GROW(d->file, d->file_cap, d->files + 1, "debug files", &err)) {
		handle_close(dbg);
		return 0;
	}
	d->file[d->files] =
		(struct dwarf_file){.dbg = dbg,
				    .kind = kind,
				    .path = path ? xstrdup(path) : NULL,
				    .fd = fd};
	return d->files++;
}

struct dwarf *dwarf_open(const struct dwarf_from *from)
{
	struct dwarf *d;
	Dwarf_Debug dbg;

	if (elf_is_memory(from->elf) || handle_open(elf_fd(from->elf), &dbg))
		return NULL;
	d = xcalloc(1, sizeof *d);
	d->path = xstrdup(from->path ? from->path : "");
	d->debug_dir = xstrdup(from->debug_dir ? from->debug_dir : "");
	for (size_t i = 0; i < 3 && from->roots && from->roots[i]; i++)
		d->root[i] = xstrdup(from->roots[i]);
	d->word = from->word;
	type_set_init(&d->types, from->word, d);
	elf_alt_link(from->elf, &d->alt_link, &d->alt_id);
	add_handle(d, dbg, FILE_MAIN, NULL, -1);
	if (!d->files) {
		dwarf_close(d);
		return NULL;
	}
	return d;
}

void dwarf_close(struct dwarf *d)
{
	if (!d)
		return;
	type_set_deinit(&d->types);
	/* The split ones are tied to the first: in reverse. */
	while (d->files) {
		struct dwarf_file *f = &d->file[--d->files];

		handle_close(f->dbg);
		if (f->fd >= 0)
			close(f->fd);
		free(f->path);
	}
	free(d->file);
	free(d->path);
	free(d->alt_link);
	free(d->alt_id);
	free(d->debug_dir);
	for (size_t i = 0; i < 3; i++)
		free(d->root[i]);
	for (size_t i = 0; i < d->units; i++)
		code_map_deinit(&d->unit[i].functions);
	free(d->unit);
	code_map_deinit(&d->code);
	free(d->name);
	free(d->var);
	strbuf_deinit(&d->note);
	free(d);
}

const char *dwarf_note(const struct dwarf *d)
{
	return strbuf_str(&d->note);
}

Dwarf_Debug dwarf_handle(const struct dwarf *d, uint64_t key)
{
	return d->file[key_file(key)].dbg;
}

size_t dwarf_add_file(struct dwarf *d, const char *path,
		      enum dwarf_file_kind kind)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	Dwarf_Debug dbg;
	Dwarf_Error e = NULL;
	size_t index;

	if (fd < 0)
		return 0;
	if (handle_open(fd, &dbg)) {
		close(fd);
		return 0;
	}
	index = add_handle(d, dbg, kind, path, fd);
	if (!index) {
		close(fd);
		return 0;
	}
	/* Who asks whom: a split unit for addresses, ours for shared text. */
	if (kind == FILE_ALT ? dwarf_set_tied_dbg(d->file[0].dbg, dbg, &e)
			     : dwarf_set_tied_dbg(dbg, d->file[0].dbg, &e))
		log_info("dwarf: %s: %s", path, dwarf_errmsg(e));
	log_info("dwarf: %s", path);
	return index;
}

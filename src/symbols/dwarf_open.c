/* The files with a module's debug information, and libdwarf's handles. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "symbols/dwarf_check.h"
#include "symbols/dwarf_impl.h"
#include "symbols/elf_zstd.h"

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

/* *unpacked: the same with what had to be unpacked, or NULL. */
static int open_elf(const struct elf *elf, Dwarf_Debug *dbg,
		    struct elf **unpacked, struct strbuf *note)
{
	const char *damaged = NULL;
	struct error err;
	int fd = -1;

	*unpacked = NULL;
	if (elf_is_memory(elf))
		return -1;
	if (elf_unpack_zstd(elf, &fd, &err) ||
	    (fd >= 0 && elf_open(fd, unpacked, &err)))
		damaged = err.msg;
	else
		damaged = dwarf_check(*unpacked ? *unpacked : elf);
	if (damaged) {
		log_info("dwarf: %s", damaged);
		if (note)
			strbuf_addf(note,
				    "%sits debug information is not used: %s",
				    note->len ? "; " : "", damaged);
	}
	if (!damaged && !handle_open(elf_fd(*unpacked ? *unpacked : elf), dbg))
		return 0;
	elf_close(*unpacked);
	return -1;
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
			 enum dwarf_file_kind kind, const char *path,
			 const struct elf *elf, struct elf *own)
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
				    .elf = elf,
				    .own = own};
	return d->files++;
}

struct dwarf *dwarf_open(const struct dwarf_from *from, struct strbuf *note)
{
	struct dwarf *d;
	struct elf *unpacked;
	Dwarf_Debug dbg;

	if (open_elf(from->elf, &dbg, &unpacked, note))
		return NULL;
	d = xcalloc(1, sizeof *d);
	d->path = xstrdup(from->path ? from->path : "");
	d->debug_dir = xstrdup(from->debug_dir ? from->debug_dir : "");
	for (size_t i = 0; i < 3 && from->roots && from->roots[i]; i++)
		d->root[i] = xstrdup(from->roots[i]);
	d->word = from->word;
	type_set_init(&d->types, from->word, d);
	elf_alt_link(from->elf, &d->alt_link, &d->alt_id);
	d->module = xstrdup(from->module ? from->module : "");
	add_handle(d, dbg, FILE_MAIN, NULL, unpacked ? unpacked : from->elf,
		   unpacked);
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
		elf_close(f->own);
		free(f->path);
	}
	free(d->file);
	free(d->path);
	free(d->module);
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
	free(d->inside);
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
		      enum dwarf_file_kind kind, const char *id)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	Dwarf_Debug dbg;
	Dwarf_Error e = NULL;
	struct elf *elf, *unpacked;
	struct error err;
	size_t index;

	if (fd < 0)
		return 0;
	if (elf_open(fd, &elf, &err)) {
		dwarf_note_file(d, path, err.msg);
		return 0;
	}
	if (id && strcmp(id, elf_build_id(elf))) {
		dwarf_note_file(d, path, "is of another build: not used");
		elf_close(elf);
		return 0;
	}
	if (open_elf(elf, &dbg, &unpacked, NULL)) {
		dwarf_note_file(d, path, "has no debug information");
		elf_close(elf);
		return 0;
	}
	if (unpacked) {
		elf_close(elf);
		elf = unpacked;
	}
	index = add_handle(d, dbg, kind, path, elf, elf);
	if (!index) {
		elf_close(elf);
		return 0;
	}
	/* Who asks whom: a split unit for addresses, ours for shared text. */
	if (kind == FILE_ALT ? dwarf_set_tied_dbg(d->file[0].dbg, dbg, &e)
			     : dwarf_set_tied_dbg(dbg, d->file[0].dbg, &e))
		log_info("dwarf: %s: %s", path, dwarf_errmsg(e));
	log_info("dwarf: %s", path);
	return index;
}

/* The files with a module's debug information, and libdwarf's handles. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "symbols/dwarf_impl.h"
#include "symbols/dwarf_object.h"
#include "symbols/elf_bytes.h"

#define FILES_NONE SIZE_MAX

int dwarf_load_section(struct dwarf *d, const struct elf *elf, size_t index,
		       const void **data, size_t *size, struct error *err)
{
	struct elf_section section;

	if (!elf_section_load(elf, index, data, size, err))
		return 0;
	if (err->code != ERR_INTERRUPTED &&
	    elf_section_at(elf, index, &section)) {
		AUTO_FREE char *why = xasprintf("cannot be read: %s", err->msg);

		log_info("dwarf: %s: %s %s", d->path, section.name, why);
		dwarf_note_file(d, section.name, why);
	}
	return -1;
}

int dwarf_load(struct dwarf *d, struct error *err)
{
	static const char *const needed[] = {".debug_info", ".debug_abbrev",
					     ".debug_str", ".debug_line_str",
					     ".debug_types"};
	const struct elf *elf = d->file[0].elf;

	for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
		size_t index = elf_section_find(elf, needed[i]), size;
		const void *data;

		if (index &&
		    dwarf_load_section(d, elf, index, &data, &size, err) &&
		    err->code == ERR_INTERRUPTED)
			return -1;
	}
	return 0;
}

/* The index of a file that libdwarf has taken; FILES_NONE. */
static size_t add_handle(struct dwarf *d, enum dwarf_file_kind kind,
			 const char *path, const struct elf *elf,
			 struct elf *own)
{
	struct dwarf_object *object;
	Dwarf_Debug dbg;
	struct error err;

	if (d->files >> (KEY_CLASS_SHIFT - KEY_FILE_SHIFT) ||
	    GROW(d->file, d->file_cap, d->files + 1, "debug files", &err) ||
	    dwarf_object_open(d, elf, &object, &dbg))
		return FILES_NONE;
	d->file[d->files] =
		(struct dwarf_file){.dbg = dbg,
				    .object = object,
				    .kind = kind,
				    .path = path ? xstrdup(path) : NULL,
				    .elf = elf,
				    .own = own};
	return d->files++;
}

struct dwarf *dwarf_open(const struct dwarf_from *from)
{
	struct dwarf *d = xcalloc(1, sizeof *d);

	d->path = xstrdup(from->path ? from->path : "");
	d->debug_dir = xstrdup(from->debug_dir ? from->debug_dir : "");
	for (size_t i = 0; i < 3 && from->roots && from->roots[i]; i++)
		d->root[i] = xstrdup(from->roots[i]);
	d->word = from->word;
	type_set_init(&d->types, from->word, d);
	elf_alt_link(from->elf, &d->alt_link, &d->alt_id);
	d->module = xstrdup(from->module ? from->module : "");
	if (add_handle(d, FILE_MAIN, NULL, from->elf, NULL) == FILES_NONE) {
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

		dwarf_object_close(f->object, f->dbg);
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

const char *dwarf_note(struct dwarf *d)
{
	for (size_t i = 0; i < d->files; i++)
		if (elf_was_cut(d->file[i].elf))
			dwarf_note_file(
				d, d->file[i].path ? d->file[i].path : d->path,
				"was cut short while it was read: what "
				"it says may be wrong");
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
	struct elf *elf;
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
	index = add_handle(d, kind, path, elf, elf);
	if (index == FILES_NONE) {
		dwarf_note_file(d, path, "has no debug information");
		elf_close(elf);
		return 0;
	}
	dbg = d->file[index].dbg;
	/* Who asks whom: a split unit for addresses, ours for shared text. */
	if (kind == FILE_ALT ? dwarf_set_tied_dbg(d->file[0].dbg, dbg, &e)
			     : dwarf_set_tied_dbg(dbg, d->file[0].dbg, &e))
		log_info("dwarf: %s: %s", path, dwarf_errmsg(e));
	log_info("dwarf: %s", path);
	return index;
}

/*
 * Debug information that lies elsewhere: split units (DWARF 5, appendix F; GNU
 * extension to DWARF 4), alone in a .dwo or together in a .dwp, and the file
 * that dwz shares among programs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "symbols/debugfile.h"
#include "symbols/dwarf_impl.h"

enum { NOTE_MAX = 600 };

void dwarf_note_file(struct dwarf *d, const char *what, const char *why)
{
	if (d->note.len > NOTE_MAX || strstr(strbuf_str(&d->note), what))
		return;
	if (d->note.len)
		strbuf_add(&d->note, "; ");
	strbuf_addf(&d->note, "%s %s", what, why);
}

static size_t open_once(struct dwarf *d, const char *path,
			enum dwarf_file_kind kind, const char *id)
{
	for (size_t i = 0; i < d->files; i++)
		if (d->file[i].path && !strcmp(d->file[i].path, path))
			return i;
	return dwarf_add_file(d, path, kind, id);
}

/* A path as the program's makers saw it: below each root, then as it is. */
static size_t open_path(struct dwarf *d, const char *path,
			enum dwarf_file_kind kind, const char *id)
{
	char full[4096];

	for (size_t i = 0; i < 3 && d->root[i]; i++) {
		size_t file;

		snprintf(full, sizeof full, "%s%s", d->root[i], path);
		file = open_once(d, full, kind, id);
		if (file)
			return file;
	}
	return open_once(d, path, kind, id);
}

/* "dir of path" + "/" + name. */
static void beside(const char *path, const char *name, char *out, size_t cap)
{
	const char *slash = strrchr(path, '/');

	snprintf(out, cap, "%.*s/%s", slash ? (int)(slash - path) : 1,
		 slash ? path : ".", name);
}

/* Where the link says, below the folder of debug files by build-id, and there
 * where Debian's link would have it. */
static size_t find_alt(struct dwarf *d)
{
	const char *link = d->alt_link, *id = d->alt_id;
	const char *dwz = strstr(link, "/.dwz/");
	const char *by_id = d->debug_dir, *by_name = d->debug_dir;
	char path[4096], dir[2048];
	size_t file;

	if (link[0] == '/') {
		file = open_path(d, link, FILE_ALT, id);
	} else {
		beside(d->path, link, path, sizeof path);
		file = open_once(d, path, FILE_ALT, id);
	}
	while (!file && strlen(id) > 2 &&
	       debug_dir_next(&by_id, dir, sizeof dir)) {
		snprintf(path, sizeof path, "%s/.build-id/%.2s/%s.debug", dir,
			 id, id + 2);
		file = open_path(d, path, FILE_ALT, id);
	}
	while (!file && dwz && debug_dir_next(&by_name, dir, sizeof dir)) {
		snprintf(path, sizeof path, "%s%s", dir, dwz);
		file = open_path(d, path, FILE_ALT, id);
	}
	return file;
}

size_t dwarf_alt_file(struct dwarf *d)
{
	size_t noted = d->note.len;

	if (d->alt_tried || !d->alt_link)
		return d->alt;
	d->alt_tried = true;
	d->alt = find_alt(d);
	if (d->alt && d->note.len > noted) {
		/* Those passed by on the way are of no interest. */
		d->note.len = noted;
		d->note.s[noted] = '\0';
	} else if (!d->alt) {
		dwarf_note_file(d, d->alt_link,
				"(shared debug information) is not there");
	}
	return d->alt;
}

/* The first unit of a .dwo that is that of the skeleton. */
static uint64_t unit_of_dwo(struct dwarf *d, size_t file, uint64_t id,
			    bool *other_build)
{
	uint64_t key = 0;
	struct dwarf_header header;
	struct die die = {.dwarf = d, .dbg = d->file[file].dbg, .file = file};

	while (dwarf_next_unit(&die, &header)) {
		uint64_t its = header.id;

		if (!its)
			die_unsigned(&die, DW_AT_GNU_dwo_id, &its);
		if (!key && (its == id || !id || !its))
			key = die_key(&die);
		else if (!key)
			*other_build = true;
		die_close(&die);
	}
	return key;
}

static uint64_t unit_of_package(struct dwarf *d, uint64_t id)
{
	const char *at = d->debug_dir;
	char path[4096], dir[2048];
	Dwarf_Sig8 sig;
	Dwarf_Die die = NULL;
	Dwarf_Off off;
	Dwarf_Error e = NULL;
	Dwarf_Debug dbg;
	uint64_t key = 0;

	if (!d->package_tried) {
		d->package_tried = true;
		snprintf(path, sizeof path, "%s.dwp", d->path);
		d->package = open_once(d, path, FILE_PACKAGE, NULL);
		snprintf(path, sizeof path, "%s.dwp", d->module);
		if (!d->package)
			d->package = open_path(d, path, FILE_PACKAGE, NULL);
		while (!d->package && debug_dir_next(&at, dir, sizeof dir)) {
			snprintf(path, sizeof path, "%s%s.dwp", dir, d->module);
			d->package = open_path(d, path, FILE_PACKAGE, NULL);
		}
	}
	if (!d->package)
		return 0;
	dbg = d->file[d->package].dbg;
	memcpy(&sig, &id, sizeof sig);
	if (dwarf_die_from_hash_signature(dbg, &sig, "cu", &die, &e) !=
	    DW_DLV_OK) {
		dwarf_forget(dbg, e);
		return 0;
	}
	if (dwarf_dieoffset(die, &off, &e) == DW_DLV_OK)
		key = key_make(d->package, false, off);
	else
		dwarf_forget(dbg, e);
	dwarf_dealloc(dbg, die, DW_DLA_DIE);
	return key;
}

static uint64_t unit_of_file(struct dwarf *d, const char *name, const char *dir,
			     uint64_t id)
{
	char path[4096];
	bool other_build = false;
	uint64_t key = 0;
	size_t file;

	if (name[0] == '/')
		snprintf(path, sizeof path, "%s", name);
	else
		snprintf(path, sizeof path, "%s/%s", dir ? dir : ".", name);
	file = open_path(d, path, FILE_SPLIT, NULL);
	if (!file) { /* moved along with the program */
		const char *slash = strrchr(name, '/');

		beside(d->path, slash ? slash + 1 : name, path, sizeof path);
		file = open_path(d, path, FILE_SPLIT, NULL);
	}
	if (file)
		key = unit_of_dwo(d, file, id, &other_build);
	if (!key)
		dwarf_note_file(d, name,
				other_build ? "is of another build"
				: file	    ? "holds no debug information"
					    : "is not there");
	return key;
}

uint64_t dwarf_unit_whole(struct dwarf *d, struct dwarf_unit *u)
{
	struct die die;
	const char *name, *dir;
	uint64_t id = u->id;

	if (u->whole_tried)
		return u->whole;
	u->whole_tried = true;
	u->whole = u->die;
	if (key_file(u->die) || !die_open(d, u->die, &die))
		return u->whole;
	name = die_text(&die, DW_AT_dwo_name);
	if (!name)
		name = die_text(&die, DW_AT_GNU_dwo_name);
	if (name) {
		dir = die_text(&die, DW_AT_comp_dir);
		if (!id)
			die_unsigned(&die, DW_AT_GNU_dwo_id, &id);
		u->whole = unit_of_package(d, id);
		if (!u->whole)
			u->whole = unit_of_file(d, name, dir, id);
	}
	die_close(&die);
	return u->whole;
}

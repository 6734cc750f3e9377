/*
 * DIEs read without libdwarf, which takes several allocations and searches for
 * each: for what goes once over all of them.  Only .debug_info of one file and
 * the file that dwz shares; a unit that is out of the ordinary is "odd", and
 * left to libdwarf.
 *
 * What is read is never believed: every offset is checked, and a reader goes
 * forward only, so that no file makes it read a byte of a unit twice.  After
 * raw_open() several threads may read.
 */
#ifndef SYMBOLS_DWARF_RAW_H
#define SYMBOLS_DWARF_RAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/u64map.h"

struct elf;

struct raw_attr {
	uint16_t at, form;
	uint16_t size; /* bytes; RAW_VARIES */
};

enum { RAW_VARIES = 0xffff };

struct raw_abbrev {
	uint32_t first, count; /* of its table's attr */
	uint32_t fixed;	       /* bytes of all attributes; RAW_VARIES */
	uint16_t tag;
	bool children;
};

struct raw_table {
	struct raw_abbrev *abbrev; /* owned */
	size_t abbrevs, abbrev_cap;
	struct raw_attr *attr; /* owned */
	size_t attrs, attr_cap;
	uint32_t *by_code; /* owned: code -> index of abbrev + 1; 0: none */
	size_t codes, code_cap;
	bool odd;
};

struct raw_unit {
	uint64_t offset, die, end; /* in .debug_info */
	uint64_t strings;	   /* DW_AT_str_offsets_base; 0: none */
	size_t table;
	uint8_t format;	       /* 2 to 5: of DWARF */
	uint8_t address, word; /* bytes of an address, an offset */
	bool odd;
};

struct raw_bytes {
	const uint8_t *data;
	size_t size;
};

struct raw_file {
	struct raw_bytes info, abbrev, str, line_str, str_offsets;
	struct raw_unit *unit; /* owned, sorted */
	size_t units, unit_cap;
	struct raw_table *table; /* owned */
	size_t tables, table_cap;
	struct u64map by_offset;    /* of .debug_abbrev -> table */
	uint64_t parsed;	    /* bytes of .debug_abbrev, each time */
	const struct raw_file *alt; /* borrowed, or NULL */
};

/* A DIE in a file; file NULL: none. */
struct raw_ref {
	const struct raw_file *file;
	uint64_t offset;
};

struct raw_die {
	uint64_t offset;
	const struct raw_abbrev *abbrev; /* NULL: the end of a list of them */
	const uint8_t *after;		 /* its attributes */
	const char *name;		 /* borrowed, or NULL */
	struct raw_ref origin, specification;
	uint64_t sibling;  /* 0: it says none */
	uint8_t operation; /* the first of its location; 0: none, or a list */
	bool has_specification, has_location, enum_class;
};

enum raw_result {
	RAW_OK,
	RAW_ODD,     /* only libdwarf can read this */
	RAW_DAMAGED, /* nobody can */
};

/* The sections must be loaded (dwarf_load); they stay borrowed from elf. */
int raw_open(struct raw_file *file, const struct elf *elf,
	     const struct raw_file *alt, struct error *err) MUST_CHECK;
void raw_close(struct raw_file *file);

/* The unit whose bytes hold that offset; NULL. */
const struct raw_unit *raw_unit_at(const struct raw_file *file,
				   uint64_t offset);
enum raw_result raw_die(const struct raw_file *file,
			const struct raw_unit *unit, uint64_t offset,
			struct raw_die *out);
/* From its attributes' end to behind its children. */
enum raw_result raw_skip(const struct raw_file *file,
			 const struct raw_unit *unit, const struct raw_die *die,
			 uint64_t *next);
/* Its own name, or that of what it completes or is a copy of; or NULL. */
enum raw_result raw_any_name(const struct raw_die *die, const char **name);

#endif

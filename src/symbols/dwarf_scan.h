/* The names of many units at once, by several threads: for dwarf_index.c. */
#ifndef SYMBOLS_DWARF_SCAN_H
#define SYMBOLS_DWARF_SCAN_H

#include "symbols/dwarf_impl.h"
#include "symbols/dwarf_raw.h"

/* What a unit is in, how deep: what is deeper is left out and said. */
enum { SCAN_DEPTH = 128 };

/* One unit's, in the order of its DIEs. */
struct scanned {
	struct sort_pair *name, *inside; /* of the scan; NULL: none */
	struct dwarf_scope *var;
	size_t names, insides, vars;
	bool by_libdwarf; /* it is odd: nothing was read */
	bool damaged;	  /* nothing is known of what follows in it */
};

struct scan;

enum scan_what {
	SCAN_NAMES,
	SCAN_FUNCTIONS, /* variables at fixed addresses in functions alone */
};

/* Of all units of dwarf (dwarf_list_units, and dwarf_unit_whole for each). */
int scan_open(struct dwarf *dwarf, enum scan_what what, struct scan **out,
	      struct error *err) MUST_CHECK;
/* Of the unit of that index; each once, in order: what is before it is given
 * up. */
void scan_take(struct scan *scan, size_t unit, struct scanned *out);
void scan_close(struct scan *scan);
/* For tests: take every unit for an odd one. */
void scan_by_libdwarf(bool on);

/* How names are hashed (dwarf_index.c): what comes next is added. */
uint64_t name_hash_more(uint64_t hash, const char *s);
uint64_t name_hash_start(void);
/* Of what an index is to have a name for; 0: nothing. */
enum name_class name_class_of(unsigned tag);
bool is_class_tag(unsigned tag);

#endif

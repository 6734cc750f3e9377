/*
 * Lists of ranges and of locations (DWARF 5, 7.28 and 7.29), read here:
 * libdwarf before 0.12 looks for those of split units where those of whole ones
 * are, and does not survive damaged ones.
 */
#ifndef SYMBOLS_DWARF_LISTS_H
#define SYMBOLS_DWARF_LISTS_H

#include "symbols/dwarf_impl.h"

enum list_kind {
	LIST_RANGES,
	LIST_LOCATIONS,
	LIST_OLD_LOCATIONS, /* of DWARF 2 to 4 */
};

/* Bytes of a section, taken one after the other. */
struct list {
	const struct die *die;
	const uint8_t *at, *end;
	uint64_t base; /* what offsets count from */
	bool split;    /* of a .dwo or .dwp */
	bool failed;   /* past the end, where what was taken is 0; or damaged */
};

/* len: up to 8 bytes, little endian; what is past the end is 0. */
uint64_t list_take(struct list *list, size_t len);
uint64_t list_take_uleb(struct list *list);

struct list_entry {
	uint64_t low, high;	   /* of code; 0, 0: of none */
	bool everywhere;	   /* where no other entry has the address */
	const uint8_t *expression; /* of locations: borrowed */
	size_t length;
};

/*
 * The list that an attribute of that form (an index or an offset) and value
 * means.  *there: the section can be read by us.
 */
bool list_open(const struct die *die, enum list_kind kind, unsigned form,
	       uint64_t value, struct list *out, bool *there);
/* false at its end; and where it is damaged: list->failed. */
bool list_next(struct list *list, enum list_kind kind, struct list_entry *out);

#endif

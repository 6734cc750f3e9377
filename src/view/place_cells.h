/*
 * What a place does in every table that lists places: holders, what is pointed
 * at, the steps of a path.
 */
#ifndef VIEW_PLACE_CELLS_H
#define VIEW_PLACE_CELLS_H

#include "snapshot/place.h"
#include "view/view.h"

struct symbols;

/* The chunk size of the chunk it is in, bytes; no value for others. */
struct value place_class_value(const struct snapshot *snap,
			       const struct place *place);
/* What the chunk it is in seems to be, written to buf; no value for others. */
struct value place_type_value(const struct snapshot *snap,
			      struct symbols *symbols,
			      const struct place *place, char *buf, size_t cap);
/* The command line that opens it; false for a register. */
bool place_drill(const struct snapshot *snap, const struct place *place,
		 char *line, size_t cap);
/* What the bytes pane shows of it: the whole chunk, or a few bytes from there
 * on; false for a register. */
bool place_bytes(const struct snapshot *snap, const struct place *place,
		 uint64_t *addr, uint64_t *len);

#endif

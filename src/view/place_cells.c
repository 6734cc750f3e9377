#include "view/place_cells.h"

#include <inttypes.h>
#include <stdio.h>

#include "view/chunk_cells.h"

enum { FEW_BYTES = 64 };

struct value place_class_value(const struct snapshot *snap,
			       const struct place *place)
{
	return place->kind == PLACE_CHUNK
		       ? value_u(V_BYTES,
				 snapshot_chunk_size(snap, place->chunk))
		       : value_none();
}

struct value place_type_value(const struct snapshot *snap,
			      struct symbols *symbols,
			      const struct place *place, char *buf, size_t cap)
{
	return chunk_type_value(snap, symbols,
				place->kind == PLACE_CHUNK ? place->chunk
							   : CHUNK_NONE,
				buf, cap);
}

bool place_drill(const struct snapshot *snap, const struct place *place,
		 char *line, size_t cap)
{
	if (place->kind == PLACE_REGISTER)
		return false;
	if (place->kind == PLACE_CHUNK)
		snprintf(line, cap, "chunk 0x%" PRIx64,
			 (uint64_t)snap->chunk[place->chunk].addr);
	else
		snprintf(line, cap, "x/8gx 0x%" PRIx64, place->addr);
	return true;
}

bool place_bytes(const struct snapshot *snap, const struct place *place,
		 uint64_t *addr, uint64_t *len)
{
	if (place->kind == PLACE_REGISTER)
		return false;
	*addr = place->addr;
	*len = FEW_BYTES;
	if (place->kind == PLACE_CHUNK) {
		*addr = snap->chunk[place->chunk].addr;
		*len = snap->chunk[place->chunk].size;
	}
	return true;
}

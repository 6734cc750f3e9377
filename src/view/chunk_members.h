/* The members of a chunk whose type is known, by name. */
#ifndef VIEW_CHUNK_MEMBERS_H
#define VIEW_CHUNK_MEMBERS_H

#include "snapshot/snapshot.h"
#include "symbols/symbols.h"

/* offset: in the chunk; text: "next = 0x55d0c0a3f2a0", borrowed. */
typedef void chunk_member_fn(void *ctx, uint64_t offset, const char *text);

/*
 * type: as typing names it: "struct node", "struct node[]" for several (the
 * first is told), "struct message+" with something behind it.  Nothing is told
 * of what debug information does not have, or what has no members.  snap needs
 * its contents.
 */
void chunk_members_each(const struct snapshot *snap, struct symbols *symbols,
			uint32_t chunk, const char *type, chunk_member_fn *fn,
			void *ctx);

#endif

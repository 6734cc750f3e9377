/*
 * Prints: what is remembered of the used chunks' bytes when a snapshot's
 * contents go.  The first word tells what a chunk is (see analysis/content.h),
 * a hash of the bytes behind it whether they changed.  12 bytes a chunk.
 */
#ifndef SNAPSHOT_PRINTS_H
#define SNAPSHOT_PRINTS_H

#include "snapshot/snapshot.h"

/* Bytes of a chunk that its hash is made of: changes behind them are not seen.
 */
#define PRINT_BYTES 256

/*
 * Makes them from snap's contents; nothing to do without contents, or when they
 * are there.  ERR_NO_MEMORY, ERR_INTERRUPTED: snap is as it was.
 */
int prints_keep(struct snapshot *snap, struct error *err) MUST_CHECK;

/* Of a used chunk, from the contents or from what is remembered of them; false
 * when its bytes were never kept. */
bool print_word(const struct snapshot *snap, uint32_t chunk, uint64_t *word);
/* *hash is never 0; equal bytes have equal hashes. */
bool print_rest(const struct snapshot *snap, uint32_t chunk, uint32_t *hash);

#endif

/* How a holder's place is written into one number. */
#ifndef ANALYSIS_TYPING_HOLDER_IMPL_H
#define ANALYSIS_TYPING_HOLDER_IMPL_H

#include <stdint.h>

/*
 * Outside of what has a type: this, the kind of owner (owners.h) or two more,
 * and an address of the user's half or a thread's index.  Else the number of a
 * node << 1, or that of a type's name << 1 | 1.
 */
#define PLACE_OUTSIDE  (UINT64_C(1) << 63)
#define PLACE_KIND_BIT 56

enum { PLACE_OF_BLOCK = 0x7e, PLACE_OF_SYMBOL = 0x7f };

#endif

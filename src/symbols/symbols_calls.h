/*
 * Who called a function, by the debug information of its caller: what it was
 * given in registers that are gone since, and which functions lay between that
 * have left nothing on the stack, for each ended in a jump to the next one (a
 * tail call).
 */
#ifndef SYMBOLS_SYMBOLS_CALLS_H
#define SYMBOLS_SYMBOLS_CALLS_H

#include "symbols/symbols_types.h"

enum { TAIL_CALLS_MAX = 16 };

/*
 * The function with code at pc returns to ret.  The tail calls by which the one
 * that is called there went on to it: where each would return to, the innermost
 * first, at most TAIL_CALLS_MAX; 0: it was called from there itself, or it is
 * not known.  Of several possible ways what all begin and end with.
 */
size_t symbols_tail_calls(struct symbols *symbols, uint64_t ret, uint64_t pc,
			  uint64_t out[TAIL_CALLS_MAX]);

/*
 * What was at that place when the function that has the code at pc was called
 * from the frame "caller", which it returns to at ret: by the call site in the
 * caller's debug information.  False: it does not say, or the call led
 * somewhere else, or the function may have called itself again by tail calls.
 */
bool symbols_entry_value(struct symbols *symbols,
			 const struct frame_state *caller, uint64_t ret,
			 uint64_t pc, const struct entry_place *at,
			 uint64_t *value);

#endif

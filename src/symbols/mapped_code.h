/* Does the code that is mapped still lie in the files that it came from? */
#ifndef SYMBOLS_MAPPED_CODE_H
#define SYMBOLS_MAPPED_CODE_H

#include "symbols/symbols.h"
#include "target/target.h"

/*
 * Written into or made shorter as it is mapped, a file changes the code that
 * sleeping threads will wake up in.  A stop wakes them: it would be what kills
 * the process.  ERR_UNSUPPORTED then, with the file and what was seen of it.
 */
int mapped_code_check(struct target *target, const struct symbols *symbols,
		      struct error *err) MUST_CHECK;

#endif

/*
 * Mini-debuginfo: a .symtab of its own that a stripped file carries along,
 * as an ELF file compressed by xz in its section .gnu_debugdata (Fedora and
 * its kin make one; "Features/MiniDebugInfo" there describes it).
 */
#ifndef SYMBOLS_MINIDEBUG_H
#define SYMBOLS_MINIDEBUG_H

#include "base/strbuf.h"
#include "symbols/elf.h"

/*
 * That file, unpacked; NULL if elf carries none.  Also NULL, and note says why,
 * if it is damaged, of another build, or of no use to a heapscope that was
 * built without liblzma.  Its addresses are elf's.
 */
struct elf *minidebug_open(const struct elf *elf, struct strbuf *note);

#endif

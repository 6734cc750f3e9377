/*
 * Vector registers (MMX, SSE, AVX, AVX-512): a copying loop or a structure that
 * is being filled may have a program's only pointer there.  Of 2 KB a thread
 * only the words that may be pointers are kept.
 *
 * The layout is that of XSAVE's standard format, which ptrace and cores have:
 * Intel's Software Developer's Manual, volume 1, chapter 13.
 */
#ifndef TARGET_VECTORS_H
#define TARGET_VECTORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct vector_word {
	uint64_t value;
	uint32_t thread; /* index in the target's threads */
	uint32_t reg;	 /* as thread_reg_name() has it: which, and how wide */
};

struct vectors {
	struct vector_word *word; /* owned, ascending by thread */
	size_t count, cap;
};

enum {
	VECTORS_FXSAVE = 512, /* bytes of the old area: mm and xmm */
	VECTORS_XSAVE = 4096  /* as many as can matter */
};

/* Where AVX-512's parts lie, which differs; 0: not known. */
struct vector_layout {
	uint32_t high; /* upper halves of zmm0..15 */
	uint32_t more; /* zmm16..31 */
};

/* Of the machine we run on, as its CPUID says. */
struct vector_layout vector_layout_here(void);
/* Of an area with so many bytes, from another machine. */
struct vector_layout vector_layout_by_size(size_t size);

/*
 * Adds the words of one thread.  is32: of four bytes, and eight registers.
 * An area without an XSAVE header (VECTORS_FXSAVE bytes) has mm and xmm alone;
 * a shorter one has nothing.
 */
int vectors_add(struct vectors *vectors, const uint8_t *area, size_t size,
		const struct vector_layout *layout, uint32_t thread, bool is32,
		struct error *err) MUST_CHECK;
void vectors_deinit(struct vectors *vectors);

#endif

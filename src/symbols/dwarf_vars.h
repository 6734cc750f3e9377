/*
 * Variables as debug information describes them: those at a fixed address, and
 * a function's locals at a pc, wherever they are then.
 */
#ifndef SYMBOLS_DWARF_VARS_H
#define SYMBOLS_DWARF_VARS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "symbols/dwarf_types.h"

struct module;

/* Global, static, static in a function, thread-local. */
struct global {
	const char *name;     /* borrowed from the module's debug information */
	const char *function; /* that it is static in, or NULL */
	struct type *type;
	const struct module *module;
	uint64_t addr; /* of the process; thread-local: offset in the module's
			* block of thread-local storage */
	bool thread_local;
	bool external; /* seen from other units */
	/* Found by a name that others in the module have, too; file is the
	 * source of the unit that this one is of, or NULL. */
	bool ambiguous;
	const char *file;
	uint64_t die; /* for symbols_global_file() */
};

/* Where a function finds an argument when it is entered. */
struct entry_place {
	uint64_t parameter; /* the DIE of one that is passed nowhere; or 0 */
	bool on_stack;
	int64_t at; /* number of the register; or bytes above where the stack
		     * pointer was before the call */
};

/* Whose registers and memory locations are computed from. */
struct frame_state {
	uint64_t pc;	  /* to look up by: see frame_lookup() */
	uint64_t cfa;	  /* canonical frame address; 0: not known */
	uint64_t reg[17]; /* by DWARF number of x86-64: target/x86_64.h */
	uint32_t has_reg; /* a bit for each that is known */
	bool (*read)(void *ctx, uint64_t addr, void *buf, size_t len);
	void *ctx; /* of read */
	/* What was there when the function was entered; NULL, or false: not
	 * known.  See symbols_entry_value(). */
	bool (*entry)(void *ctx, const struct entry_place *at, uint64_t *value);
	void *entry_ctx;
};

enum location_kind {
	LOCATION_MEMORY,   /* addr */
	LOCATION_REGISTER, /* reg; value is what it holds */
	LOCATION_VALUE,	   /* nowhere but known: value */
	LOCATION_PIECES,   /* spread: location_read() puts it together */
	LOCATION_NONE	   /* why says why: "optimized out" */
};

struct location_piece {
	enum location_kind kind;
	uint64_t addr, value;
	unsigned reg;
	uint32_t size;	 /* bytes; 0 in a location of one piece: all */
	const char *why; /* static text, of LOCATION_NONE */
};

/* The "why" of a pointer to what is in no memory any more. */
#define LOCATION_SYNTHETIC "synthetic pointer"

enum { LOCATION_PIECES_MAX = 16 };

struct location {
	enum location_kind kind;
	uint64_t addr, value;
	unsigned reg;
	const char *why; /* static text; "" unless LOCATION_NONE */
	uint64_t high; /* LOCATION_VALUE: what of 16 bytes comes after value */
	/* LOCATION_VALUE: instead of value, so many bytes, borrowed from the
	 * debug information; NULL: not so. */
	const uint8_t *bytes;
	uint64_t byte_count;
	unsigned pieces;
	struct location_piece piece[LOCATION_PIECES_MAX];
};

struct local {
	const char *name;
	const char *function; /* an inlined one's, too */
	struct type *type;
	bool is_parameter;
	unsigned
		depth; /* of blocks: the innermost of one name is the deepest */
	unsigned level; /* of inlining: 0 is the function itself */
	struct location where;
	/* Of a parameter of up to 8 bytes: what it was given as. */
	bool has_entry;
	uint64_t entry;
};

/*
 * The value's len bytes as they are in the frame; false: they are not to be
 * had (optimized out, unreadable, a register that is not known).
 */
bool location_read(const struct location *where,
		   const struct frame_state *frame, void *buf, size_t len);
/* Why they are not; static text. */
const char *location_lacks(const struct location *where, size_t len);

#endif

/*
 * C expressions over the memory of a target, as gdb's print takes them: casts,
 * members, elements, "@", arithmetic, registers, sizeof.  Nothing is called and
 * nothing is written: expressions that would are refused.
 */
#ifndef COMMAND_EXPR_H
#define COMMAND_EXPR_H

#include "base/error.h"
#include "command/session.h"
#include "symbols/symbols_types.h"
#include "symbols/typed_text.h"
#include "view/frame_vars.h"

/* The value of an expression; bytes are read when they are wanted. */
struct datum {
	struct type *type;
	bool is_type;	  /* the expression names a type: sizeof(int) */
	bool is_register; /* "$rsp": it has no address */
	bool in_memory;	  /* at addr; else bytes is all there is */
	uint64_t addr;
	uint64_t len;	      /* of bytes */
	const uint8_t *bytes; /* NULL as long as nobody read them */
	unsigned bit_offset, bit_size;
};

struct expr {
	struct session *session;
	bool now;  /* some of it was read as it is now: see session_read */
	bool read; /* some of it was read at all */
	unsigned unread; /* > 0: sizeof, or the side of && that does not count:
			  * nothing is read */
	void **owned;	 /* bytes of data, until expr_end() */
	size_t owned_count;
	struct frame_state frame;
	struct frame_place place;   /* whose variables are known */
	struct frame_source source; /* of place */
	bool framed;		    /* frame is filled in */
	char note[200]; /* what is to be told of a name; "" mostly */
};

void expr_begin(struct expr *expr, struct session *session);
void expr_end(struct expr *expr);
/* The whole text must be one expression.  *out's bytes are the expr's. */
int expr_eval(struct expr *expr, const char *text, struct datum *out,
	      struct error *err) MUST_CHECK;
/* Its bytes, read now if they were not: *out as typed_text() wants it. */
int datum_read(struct expr *expr, struct datum *datum, struct typed_value *out,
	       struct error *err) MUST_CHECK;
/* For typed_text(). */
struct typed_source expr_source(struct expr *expr);

/* An address as an expression gives it: a pointer's or an integer's value, of
 * an array, struct or function where it is. */
int expr_address(struct session *session, const char *text, uint64_t *out,
		 struct error *err) MUST_CHECK;

#endif

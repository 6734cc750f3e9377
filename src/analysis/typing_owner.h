/*
 * Whose a chunk without a type is.  Certain is that only where every word that
 * points to it or into it is in one place in the program's terms: one member of
 * one type (or several of it: then the type as a whole), one variable, one
 * thread's registers and stack.  Blocks whose own
 * type is not known pass on the owner that they have themselves, so what is
 * only reached through them is the same owner's; cycles of them, too.  Of some
 * that several hold, they pass on themselves (typing_blocks.h).  Words in
 * free chunks and in dead stack hold nothing (snapshot/roots.h), nor does one
 * in a block without a type that a text goes on in and ends; one behind the
 * end of what a chunk is makes it uncertain.  Where two
 * places disagree, there is no owner.  Two variables or types of one name are
 * two places, and go by that with their file.
 */
#ifndef ANALYSIS_TYPING_OWNER_H
#define ANALYSIS_TYPING_OWNER_H

#include "analysis/refs.h"
#include "analysis/typing.h"
#include "base/strbuf.h"

/* In typing->owner: 0, nothing holds it; this; or the number of a name, "held
 * by struct client.buf". */
#define OWNER_SEVERAL UINT32_MAX

/* Fills in t->owner, of chunks with a type too: what is in the tail of a "T+"
 * is held by that.  Again when more chunks have one. */
int typing_owners(struct typing *t, struct error *err) MUST_CHECK;

/* The place of one word, as an owner's name has it: "struct client.buf"; false:
 * it has none that is certain, and out is what it is in. */
bool owner_of_word(const struct typing *t, const struct ref *ref,
		   struct strbuf *out);
/* Of a word in a chunk: is it in a place of a known type, and not in a block
 * that has the owner itself? */
bool owner_is_here(const struct typing *t, const struct ref *ref);

#endif

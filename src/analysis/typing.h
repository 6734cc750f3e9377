/*
 * What every used chunk is: its type, and by what evidence we believe that.
 *
 * The evidence has ranks, and the best that a chunk has names it: type
 * information in front of the table of virtual functions that it begins with;
 * the type by which the program reaches it, from a variable through members
 * (debug information); a container's own invariants; the address of a function
 * or variable in its first words; text.  A chunk for which there is none has no
 * type: nothing is guessed here.
 */
#ifndef ANALYSIS_TYPING_H
#define ANALYSIS_TYPING_H

#include "base/u64map.h"
#include "snapshot/snapshot.h"

struct symbols;

/* Ascending: what outranks what. */
enum typed_by {
	TYPED_NOT,
	TYPED_TEXT,   /* it begins with text that a NUL or its end ends */
	TYPED_SAME,   /* as ALIKE, but all its words are of one kind */
	TYPED_OWNER,  /* no type; all pointers to it come from one place */
	TYPED_ALIKE,  /* no type; many look like it: see alike.h */
	TYPED_SYMBOL, /* the type is that symbol's name */
	TYPED_MEMBER, /* what has a pointer to that variable there begins so */
	TYPED_PART,   /* pointers lead to objects in it: "has struct page" */
	TYPED_SIZE,   /* the only type with its size and what is known of it */
	TYPED_SHAPE,  /* a container's node or buffer */
	TYPED_TAG,    /* a member tells it from others that begin alike */
	TYPED_PATH,
	TYPED_VTABLE,
	TYPED_WAYS
};

struct paths;

struct typed_name {
	char *text; /* owned: "struct client", "http::Session<int>" */
	/* Owned: the text without what tells it from others that are called
	 * so; NULL: it needs none. */
	char *plain;
	uint64_t place; /* of an owner: see typing_holder.h; of a type 0 */
};

struct typing {
	const struct snapshot *snap; /* borrowed */
	struct symbols *symbols;     /* borrowed, or NULL */
	struct typed_name *name;     /* owned; name[0] is of no type */
	size_t names, name_cap;
	struct u64map number; /* hash of a name and its place -> its number */
	uint32_t *type;	      /* owned, one a chunk: number of its name, or 0 */
	uint8_t *by;	      /* owned, one a chunk: enum typed_by */
	uint32_t *owner;      /* owned, one a chunk: see typing_owner.h */
	/* Of blocks that pass on themselves, chunk -> number of their name: see
	 * typing_blocks.h. */
	struct u64map blocks;
	char unsought[400];  /* what may have words, too, and was not looked
			      * at for owners; "" if nothing has */
	struct paths *paths; /* owned: how types were reached; or NULL */
};

/*
 * Of the used chunks of snap, which needs its contents (ERR_UNSUPPORTED).
 * symbols may be NULL.  Nine bytes a chunk, and the names.  ERR_INTERRUPTED on
 * ^C.
 */
int typing_make(const struct snapshot *snap, struct symbols *symbols,
		struct typing **out, struct error *err) MUST_CHECK;
void typing_destroy(struct typing *typing);

/* Only names are asked for from now on: the ways to them and the symbols, which
 * may go, are given up. */
void typing_keep_names(struct typing *typing);

/* What a row of a table counts it by: its type, or the owner of what has none
 * or is text.  *name: number in typing->name. */
enum typed_by typing_best(const struct typing *typing, uint32_t chunk,
			  uint32_t *name);
/* That name, "unknown" of what has none: what tables group by. */
const char *typing_row_name(const struct typing *typing, uint32_t chunk);
/* Not all that pointers say was kept: some types may be missing. */
bool typing_is_cut(const struct typing *typing);
/* "" if it has none. */
const char *typing_name(const struct typing *typing, uint32_t chunk);
/* Is the chunk just that, neither several ("T[]") nor more ("T+")? */
bool typing_is_whole(const struct typing *typing, uint32_t chunk);
/* Is it of this type?  Of "struct client" as of "client". */
bool typing_is(const struct typing *typing, uint32_t chunk, const char *name);
/* "client" of "struct client". */
const char *type_without_word(const char *name);
/* "vtable", "path", "shape", "part", "member", "symbol", "owner", "text",
 * "unknown": as in JSON. */
const char *typed_by_name(enum typed_by by);

/* Our memory, bytes. */
uint64_t typing_bytes(const struct typing *typing);

#endif

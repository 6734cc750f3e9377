/*
 * What a chunk is, by what it begins with: the one function to name a block by.
 *
 * An object of a C++ class with virtual functions begins with the address of a
 * table, in front of which its run-time type information is found (Itanium C++
 * ABI, 2.5.2 and 2.9.5): that needs no symbols, so a stripped program's classes
 * have names too (unless it was built without RTTI).  Every pointer on the way
 * is checked, up to the name of the class that type information is an object
 * of.
 */
#ifndef ANALYSIS_DESCRIBE_H
#define ANALYSIS_DESCRIBE_H

#include "snapshot/snapshot.h"

struct symbols;
struct symbol;

enum description {
	DESCRIBED_NOT,
	DESCRIBED_TYPE,	 /* "struct client": if snap->typing knows it */
	DESCRIBED_CLASS, /* "http::Session": as describe_object() has it */
	DESCRIBED_TEXT,	 /* "\"GET / HTTP/1.1\"" */
	DESCRIBED_SYMBOL /* "entry_operations": one of the first words */
};

/* What the chunk seems to be, "" with DESCRIBED_NOT.  symbols may be NULL. */
enum description describe_chunk(const struct snapshot *snap,
				struct symbols *symbols, uint32_t chunk,
				char *buf, size_t cap);

/*
 * The same as a name for many: a text is "text", whatever it says.  What tables
 * have as type, and what blocks are told apart by.
 */
enum description describe_type(const struct snapshot *snap,
			       struct symbols *symbols, uint32_t chunk,
			       char *buf, size_t cap);

/* Is word, the first one of what begins with so many bytes of text, an address?
 * Of many of these all bytes but the zeros are printable. */
bool describe_is_address(const struct snapshot *snap, uint64_t word,
			 size_t text);

/* Usable bytes from which on a chunk is not taken for one object for no other
 * reason than what it begins with: it may be a buffer of several. */
enum { DESCRIBE_LARGE = 4096 };

/* "http::Session", or "begins with http::Session" of so large a chunk; false if
 * its first word, vptr, is of no class. */
bool describe_object(const struct snapshot *snap, uint32_t chunk, uint64_t vptr,
		     char *buf, size_t cap);

/* The first of a chunk's first words that is the very address of a function or
 * a variable, and how many bytes into the chunk it is; false if none is. */
bool describe_first_symbol(const struct snapshot *snap, struct symbols *symbols,
			   uint32_t chunk, uint64_t *at, struct symbol *out);

/* The class of an object whose first word is vptr; false if it is none.  The
 * tables are read from snap's memory as it was. */
bool describe_class(const struct snapshot *snap, uint64_t vptr, char *buf,
		    size_t cap);

#endif

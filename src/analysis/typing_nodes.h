/*
 * Types as typing follows them: each once, whatever units it is described in,
 * with the places in it where pointers are.
 */
#ifndef ANALYSIS_TYPING_NODES_H
#define ANALYSIS_TYPING_NODES_H

#include "base/u64map.h"
#include "symbols/symbols_types.h"

enum node_kind {
	NODE_NONE,  /* void, bytes, functions: a pointer to it says nothing */
	NODE_PLAIN, /* numbers */
	NODE_POINTER,
	NODE_STRUCT,
	NODE_UNION,
	NODE_OPAQUE /* declared, and defined nowhere */
};

enum slot_kind {
	SLOT_POINTER, /* count pointers to node; 0: to anything */
	SLOT_ARRAY,   /* count structs or unions with pointers in them */
	SLOT_UNION    /* a union with pointers in it */
};

struct slot {
	enum slot_kind kind;
	uint32_t node;
	uint32_t alternative; /* of a union: the member it is in */
	bool text;	      /* a pointer to characters; node is 0 */
	bool code;	      /* a pointer to a function; node is 0 */
	bool start; /* a container's: what it leads to is not inside of others
		     */
	uint64_t offset, count, stride; /* bytes */
};

struct node {
	enum node_kind kind;
	struct type *type;  /* borrowed from symbols: stripped */
	char *name;	    /* owned: "struct client", "struct client *" */
	uint64_t size;	    /* bytes; 0: not known */
	uint64_t flex;	    /* where an open array at its end is; 0: none */
	uint32_t flex_node; /* of what; 0: of what has no pointers */
	struct slot *slot;  /* owned, ascending; of a union: by alternative */
	size_t slots;
	bool laid;
	bool linked; /* it has a pointer to its like */
	/* Structs that this one is the beginning of: numbers of nodes. */
	uint32_t *more; /* owned */
	size_t mores;
	uint32_t number[3]; /* of its names in typing, by enum typed_form */
};

struct nodes {
	struct symbols *symbols; /* borrowed */
	unsigned word;
	struct node *node; /* owned; node[0] is NODE_NONE's */
	size_t count, cap;
	struct u64map by_type;	  /* struct type * -> number */
	struct u64map by_key;	  /* what it looks like -> number + 1 */
	size_t noted;		  /* below: which begin with which is known */
	struct u64map by_members; /* hash of all members -> number */
};

int nodes_init(struct nodes *nodes, struct symbols *symbols, unsigned word,
	       struct error *err) MUST_CHECK;
void nodes_deinit(struct nodes *nodes);

/* The number of type's node, 0 for one that says nothing; false: err. */
bool node_of(struct nodes *nodes, struct type *type, uint32_t *out,
	     struct error *err) MUST_CHECK;
/* Its slots are there afterwards.  Numbers stay, pointers to nodes do not. */
int node_lay(struct nodes *nodes, uint32_t node, struct error *err) MUST_CHECK;

/* All structs and unions with a name that debug information of a module has. */
int nodes_list_all(struct nodes *nodes, const struct module *module,
		   struct error *err) MUST_CHECK;
/* Fills in node->more of all that are there, which may be more afterwards. */
int nodes_note(struct nodes *nodes, struct error *err) MUST_CHECK;

/* Is there an inner at offset in outer (or are they the same)? */
bool node_has(struct nodes *nodes, uint32_t outer, uint64_t offset,
	      uint32_t inner);

/* Does outer begin with inner, as a member or with the same members? */
bool node_begins(struct nodes *nodes, uint32_t outer, uint32_t inner);

/* Hashes; which of the two numbers is which counts. */
uint64_t node_mix(uint64_t hash, uint64_t with);
uint64_t node_mix_text(uint64_t hash, const char *text);

#endif

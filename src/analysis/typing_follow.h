/*
 * Types by the way on which the program reaches a chunk: from variables with
 * debug information through the pointers in what they lead to.  Inside of
 * typing.
 *
 * Breadth first, so that chains are short, and what is surer first: a link from
 * a struct's member comes before one from further elements of an array (its
 * tail may never have been written), that before a stack's (a local that was
 * not set yet has what lay there), that before the last element of an array
 * that malloc's rounding alone may have made room for.
 */
#ifndef ANALYSIS_TYPING_FOLLOW_H
#define ANALYSIS_TYPING_FOLLOW_H

#include "analysis/typing.h"
#include "analysis/typing_nodes.h"
#include "base/bitmap.h"
#include "base/sort.h"
#include "snapshot/finder.h"

enum follow_phase {
	PHASE_MEMBER,
	PHASE_ELEMENT,
	PHASE_LOCAL,
	PHASE_TAIL,
	PHASE_CANDIDATE,
	PHASES
};

enum typed_form { FORM_ONE, FORM_ARRAY, FORM_BEGINS };

/* A variable that chains begin with. */
struct typed_root {
	char *name;	      /* owned: "g_server", "main: conn" */
	uint64_t addr, value; /* addr 0: in a register, with that value */
	uint64_t end;	      /* of the variable; 0: not known */
	uint32_t node;
};

/* Bytes that allocators of programs keep before a block, at most. */
#define SKIP_MAX 32

/* The rest is the index of a root, of a claim.  Chunks above are not followed.
 */
#define FROM_ROOT  (UINT32_C(1) << 31)
#define FROM_CLAIM (UINT32_C(1) << 30)
#define FROM_NONE  UINT32_MAX

/* How a chunk is reached. */
struct typed_link {
	uint32_t from;	 /* chunk, or FROM_ROOT or FROM_CLAIM | index */
	uint32_t offset; /* of the pointer in that */
};

/* A pointer into a chunk, or of another type than it has. */
struct typed_claim {
	/* chunk: or the number of an area. */
	uint32_t chunk, node, at; /* at: where in the chunk */
	struct typed_link link;
	bool against; /* it cannot be so as well */
	bool lone;    /* one pointer's word alone, that nothing speaks for */
};

/* A chunk of which no more is known than what is inside of it, by its tag. */
struct typed_inner {
	uint32_t chunk, at, node, proof;
	bool whole; /* up to the chunk's end */
};

/* What a struct is that the program defines nowhere, or in several ways. */
struct typed_cast {
	uint32_t opaque, node; /* nodes; node 0: nothing says */
	bool differ;	       /* functions do not agree */
	unsigned functions;    /* that were looked at */
	char *how;	       /* owned: who says so; or NULL */
};

struct paths {
	struct nodes nodes;
	/* Owned, ascending: memory outside of the heap that objects may be in,
	 * numbered behind the chunks (typing_outside.h). */
	struct chunk *area;
	size_t areas, area_cap;
	uint32_t chunks; /* the snapshot's: number of the first area */
	/* One a chunk and area; no area has any of these: */
	uint32_t *node;		 /* owned; 0: none */
	uint8_t *skip;		 /* owned: bytes before the node */
	uint8_t *form;		 /* owned: enum typed_form */
	struct typed_link *link; /* owned */
	struct typed_root *root; /* owned */
	size_t roots, root_cap;
	struct typed_claim *claim; /* owned, as they were met */
	size_t claims, claim_cap;
	/* Owned, ascending: chunk << 32 | at; the claim's index. */
	struct sort_pair *place;
	size_t places;
	/* By what tags types were told, for people; owned, each too. */
	char **proof;
	size_t proofs, proof_cap;
	uint32_t *proven; /* owned, one a chunk or area: its proof + 1, or NULL
			   */
	/* Objects in areas that no pointer with a type leads to: their
	 * addresses -> that of a word that does. */
	struct u64map led;
	struct typed_inner *inner; /* owned */
	size_t inners, inner_cap;
	uint64_t against; /* chunks of which two types are said */
	bool cut;	  /* not all claims are kept, or not all was followed */
	/* Chunks whose size alone told their type, of those that have the part
	 * that a pointer leads to. */
	struct bitmap guessed;
	struct typed_cast *cast; /* owned: of opaque structs that are reached */
	size_t casts, cast_cap;
	struct u64map cast_of; /* node of such a struct -> index + 1 */
};

struct task {
	uint32_t chunk; /* CHUNK_NONE: claim */
	uint32_t claim;
};

struct queue {
	struct task *task; /* owned */
	size_t head, count, cap;
};

/* Of the blocks that are known, how many have that type, and that value. */
struct tag_known {
	struct u64map all;  /* node -> blocks */
	struct u64map same; /* node_mix(node, value) -> blocks */
};

/* The tag of what begins with a node. */
struct tag_told {
	uint64_t offset;
	unsigned size, bit_offset, bit_size; /* as of a struct tag_member */
	struct tag_known known;
};

/* What is known of blocks that point at one variable. */
struct tag_object {
	uint32_t offset;       /* where in the chunk that pointer is */
	uint32_t at;	       /* where in it the struct is */
	uint32_t node, base;   /* base: what all such begin with */
	uint32_t proof, alone; /* alone: of what nothing leads to, + 1 */
	uint32_t seen;	       /* blocks, at least */
	uint32_t next;	       /* of the same variable, + 1 */
};

/* Words to look at: of an object, or of the header before one. */
struct outside_words {
	uint64_t start, end;
};

/* Objects in areas, by their addresses. */
struct outside {
	struct u64map starts; /* of a line: a bit a word where one begins */
	struct u64map object; /* the largest there -> its claim */
	size_t count;	      /* claims */
	/* Of follow_loose(): */
	struct u64map header;	    /* addresses that words have led to */
	struct outside_words *look; /* owned */
	size_t looks, look_cap, looked;
	size_t bases; /* structs that were looked for */
};

struct follow {
	struct typing *t;
	struct paths *p;
	const struct snapshot *snap;
	struct finder finder;
	struct queue queue[PHASES];
	struct u64map tag_of;	  /* node of a family -> index of its tag + 1 */
	struct u64map variables;  /* of structs: address -> root + 1 */
	struct u64map pointer_of; /* node whose tag is a pointer -> offset << 32
				   * | node that it points at */
	struct tag_told *told;	  /* owned */
	size_t tolds, told_cap;
	struct u64map told_of;	/* node -> index in told + 1 */
	struct u64map in_type;	/* what follow_in_type() was asked -> answer */
	struct u64map inner_of; /* chunk -> its first in paths->inner */
	struct u64map seen;	/* chunk, place and node of claims */
	struct outside outside;
	uint32_t headers[SKIP_MAX + 1]; /* chunks with one of that size */
	enum follow_phase phase;
	bool parameter;		   /* of a local: a caller has set it */
	enum typed_by by;	   /* what is found now hangs on that */
	struct typed_link link;	   /* where the pointers that are met lie */
	struct tag_object *object; /* owned: what points at variables is */
	size_t objects, object_cap;
	struct u64map object_of; /* variable -> its last object + 1 */
	/* Owned: by what values of their tags blocks were told. */
	struct tag_settled *settled;
	size_t settleds, settled_cap;
	struct u64map settled_of; /* node of a family, and value: index + 1 */
	uint32_t *assigned;	  /* owned: chunks, as they got a type */
	size_t assigneds, assigned_cap;
	bool watches; /* assigned is kept */
	uint64_t steps, walked;
	bool found; /* follow_tags() and the like did something */
};

/* What has come: f->assigned[chunk, chunks) have got a type that had none, and
 * claims[claim, claims) were said. */
struct follow_news {
	size_t chunk, chunks, claim, claims;
};

typedef int follow_news_fn(void *ctx, const struct follow_news *news,
			   struct error *err);

/* From here on, what comes is kept. */
void follow_watch(struct follow *f, struct follow_news *out);
void follow_unwatch(struct follow *f);
/*
 * Follows all that waits, and has fn tell more by what has come, until nothing
 * comes: each step of a list would else take all of the heap to be looked at
 * once more.
 */
int follow_on(struct follow *f, struct follow_news *news, follow_news_fn *fn,
	      void *ctx, struct error *err) MUST_CHECK;

/* Symbols must be there. */
int typing_follow(struct typing *t, struct error *err) MUST_CHECK;

/* value is said to point at node, by f->link. */
int follow_pointer(struct follow *f, uint64_t value, uint32_t node,
		   struct error *err) MUST_CHECK;
/* The pointers of a node at addr, up to end; base: its offset in f->link's
 * object. */
int follow_object(struct follow *f, uint32_t node, uint64_t addr, uint64_t end,
		  uint64_t base, struct error *err) MUST_CHECK;
/* Is that module's debug information read? */
bool follow_module(const struct follow *f, const struct module *m);
/* All variables: those that are fixed, then (PHASE_LOCAL) those of stacks. */
int follow_globals(struct follow *f, struct error *err) MUST_CHECK;
int follow_locals(struct follow *f, struct error *err) MUST_CHECK;
/* What is reached as a struct that is defined nowhere, by what functions that
 * take one have it for; sets f->found if anything was. */
int follow_opaques(struct follow *f, struct error *err) MUST_CHECK;
/* What a node is that is defined nowhere; 0: nothing says, or it is. */
uint32_t opaque_real(const struct paths *paths, uint32_t node);
/* Of chunks that only begin with, or have in them, what is known: the one type
 * that has all of that and this size. */
int follow_candidates(struct follow *f, struct error *err) MUST_CHECK;

/* chunk, of which typing has a better name, is a node. */
int follow_class(struct follow *f, uint32_t chunk, uint32_t node,
		 struct error *err) MUST_CHECK;
/* By f->link; it is a guess that only one type allows. */
int follow_candidate(struct follow *f, uint32_t chunk, uint32_t node,
		     struct error *err) MUST_CHECK;
/* By f->link; it is a node by its tag: just that, or it begins with it. */
int follow_tagged(struct follow *f, uint32_t chunk, uint32_t node, bool whole,
		  struct error *err) MUST_CHECK;
/* A node at addr whose tag is a pointer: does that lead to what stands for a
 * type, or is it what was there before? */
bool tag_plausible(const struct follow *f, uint32_t node, uint64_t addr,
		   unsigned depth);
/* By f->link; there is a node at that offset of it. */
int follow_inner(struct follow *f, uint32_t chunk, uint32_t node, uint64_t at,
		 struct error *err) MUST_CHECK;
/* A task for later: the pointers of a chunk, or of a claim if chunk is
 * CHUNK_NONE, in that phase. */
int follow_later(struct follow *f, enum follow_phase phase, uint32_t chunk,
		 uint32_t claim, struct error *err) MUST_CHECK;
/* By f->link; a claim that there is a node at that offset of a chunk. */
int follow_say(struct follow *f, uint32_t chunk, uint32_t node, uint64_t at,
	       bool against, struct error *err) MUST_CHECK;
/* Do the words there contradict a node? */
bool follow_denied(const struct follow *f, uint32_t chunk, uint32_t node,
		   uint64_t at, enum typed_form form);
/* By f->link; a pointer to a node leads to the chunk's start: it gets that
 * type, or one of the two has it that has the better evidence. */
int follow_start(struct follow *f, uint32_t chunk, uint32_t node,
		 struct error *err) MUST_CHECK;
/* The key in f->seen of what was said of a place. */
uint64_t follow_key(const struct follow *f, uint32_t chunk, uint32_t node,
		    uint64_t at);
/* By f->link; behind so many bytes, it is a node or several. */
int follow_header(struct follow *f, uint32_t chunk, uint32_t node,
		  uint32_t skip, bool several, struct error *err) MUST_CHECK;
/* Could the chunk be of a type that has part at that offset? */
bool follow_in_type(struct follow *f, uint32_t chunk, uint32_t part,
		    uint64_t at);
/* Objects with a table of virtual functions, by their classes' names. */
int follow_classes(struct follow *f, struct error *err) MUST_CHECK;
/* The one member of a union at addr that the data agrees with; UINT32_MAX: none
 * or several, or none with pointers. */
int union_alternative(struct follow *f, uint32_t node, uint64_t addr,
		      uint64_t end, uint32_t *out,
		      struct error *err) MUST_CHECK;

/* Of types of one name that chunks are, each gets behind its name where it is
 * declared: "struct node (a.c:12)". */
int types_tell_apart(struct typing *t, struct error *err) MUST_CHECK;

bool follow_word(const struct follow *f, uint64_t addr, uint64_t *value);
/* The chunk or the area that addr is in, or CHUNK_NONE. */
uint32_t follow_find(const struct follow *f, uint64_t addr);
/* What has that number. */
static inline const struct chunk *
paths_block(const struct paths *p, const struct snapshot *snap, uint32_t number)
{
	return number < snap->chunk_count
		       ? &snap->chunk[number]
		       : &p->area[number - snap->chunk_count];
}

static inline const struct chunk *follow_block(const struct follow *f,
					       uint32_t number)
{
	return paths_block(f->p, f->snap, number);
}

static inline bool follow_is_area(const struct follow *f, uint32_t number)
{
	return number >= f->snap->chunk_count;
}

void paths_destroy(struct paths *paths);

#endif

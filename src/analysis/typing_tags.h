/*
 * Structs that a program tells apart by a tag: pointers lead to what all of
 * them begin with, and a member there (a small number, an enum, a bit-field, a
 * pointer to an object that stands for the type) says which one it is.  Inside
 * of typing.
 *
 * Blocks that only begin with a struct T are grouped by such a member's value;
 * of the structs that begin like T, a group is the one that fits each block of
 * it, in size and by its pointers (of 64 blocks one may have old ones in
 * members never written, and stays a T; where a member is right in more blocks
 * than not, others may have an old word there, that leads nowhere), if
 *  - pointers of that type lead to other blocks with the value (of another type
 *    that does not fit, to one in 64 at most; to most of them, if no pointer
 *    behind T agrees and the blocks are as large as a T), or
 *  - functions in the object that the member points at take it where their
 *    declared type says T, or
 *  - no other fits, and its pointers lead to what they should; of one that
 *    leaves room behind it, several in most blocks.
 */
#ifndef ANALYSIS_TYPING_TAGS_H
#define ANALYSIS_TYPING_TAGS_H

#include "analysis/typing_follow.h"

/* Of T: where the tag may be. */
struct tag_member {
	uint64_t offset;	       /* bytes from T */
	unsigned size;		       /* bytes */
	unsigned bit_offset, bit_size; /* bit_size 0: no bit-field */
	struct type *type;	       /* stripped */
	char *name;		       /* owned: "tt", "base.kind" */
};

enum { TAG_MEMBERS = 24 };

/* Of a struct, the members that may be tags: small numbers, pointers to
 * structs.  out has room for TAG_MEMBERS; their names are the caller's, by
 * tag_members_free(). */
size_t tag_members(struct type *type, struct tag_member *out);
void tag_members_free(struct tag_member *member, size_t count);

/* Where a T is. */
struct tag_place {
	uint32_t chunk, at; /* at: bytes from its start */
	uint32_t claim;	    /* that says so; FROM_NONE: chunk is a T+ */
	uint32_t known;	    /* the node that it is known as; 0: only T */
	uint64_t value;	    /* of the member looked at */
};

/* All blocks that begin with one T. */
struct tag_family {
	uint32_t node;		    /* T's */
	struct tag_place *place;    /* owned */
	size_t count, cap, unknown; /* unknown: how many are only T */
	uint32_t *more; /* owned: nodes of structs that begin with T */
	size_t mores, more_cap;
};

struct tag_families {
	struct tag_family *family; /* owned */
	size_t count, cap;
	struct u64map by_node;	 /* T's node -> index + 1 */
	struct u64map of_more;	 /* node of a larger struct -> last entry + 1 */
	struct tag_entry *entry; /* owned: families of that larger struct */
	size_t entries, entry_cap;
	struct u64map known; /* chunk << 32 | at -> largest node said of it */
};

struct tag_entry {
	uint32_t family, next; /* next + 1; 0: none */
};

/* What a struct is like in the blocks of a group. */
struct tag_fit {
	size_t good;	   /* blocks that it fits */
	uint32_t late;	   /* its pointers that may be old in some of these */
	bool fits;	   /* all of them, but for very few */
	bool whole;	   /* and is just as large as each */
	bool open;	   /* none is in a chunk: no size tells */
	size_t lead;	   /* blocks where pointers behind T lead as they may */
	size_t agree;	   /* ... as they should */
	size_t agree_much; /* ... several of them */
	size_t other;	   /* blocks with pointers where it has none */
	size_t never;	   /* ... where no pointer can be */
	size_t looked;	   /* blocks that "other" counts among */
};

enum tag_by { TAG_NOT, TAG_KNOWN, TAG_CODE, TAG_ONLY };

enum {
	TAG_SHOWN = 4,
	TAG_OLD_SHARE = 64 /* so few have what was in the memory before */
};

struct tag_verdict {
	enum tag_by by;
	uint32_t node;		     /* with by */
	uint32_t fitting[TAG_SHOWN]; /* nodes of structs that fit, as it has
					room */
	size_t fittings, known;	     /* how many; blocks known as node */
	bool lies;		     /* blocks of two types have the value */
	bool supported;		     /* pointers of one that fits agree */
	bool open; /* a smaller one fits as well, with something behind it */
	bool bare; /* so does T itself: most blocks have just its size */
	bool more; /* node is such a one, and no other fits */
	size_t fitting_blocks; /* not all of them, perhaps */
	uint32_t late;	       /* as of a struct tag_fit */
	char *code; /* owned: the function that TAG_CODE is by; or NULL */
};

/* Blocks of one value: consecutive places. */
struct tag_group {
	const struct tag_family *family; /* borrowed */
	const struct tag_member *member; /* borrowed */
	const struct tag_known *known;	 /* borrowed */
	struct tag_place *place;	 /* borrowed */
	size_t count, unknown;		 /* unknown ones come first */
	bool object;	/* the value is the address of a variable */
	bool validated; /* the member is known to tell types apart */
};

/* Refines what can be refined once; sets f->found if anything was. */
int follow_tags(struct follow *f, struct error *err) MUST_CHECK;
/* At the end: names what stays T+ by its tag. */
int follow_tag_names(struct follow *f, struct error *err) MUST_CHECK;

/* --- typing_tag_places.c */
int tag_families_make(struct follow *f, struct tag_families *out,
		      struct error *err) MUST_CHECK;
void tag_families_deinit(struct tag_families *families);

/* What is said of the middle of chunks, the largest, of claims[from, ...). */
int tag_note_claims(struct follow *f, struct u64map *known, size_t from,
		    struct error *err) MUST_CHECK;
/* Does no more than begin with a struct, which larger ones begin with: a chunk,
 * or by a claim that known has. */
bool tag_begins(const struct follow *f, uint32_t chunk);
bool tag_claim_begins(const struct follow *f, const struct u64map *known,
		      uint32_t claim);

/* --- typing_settled.c */
/* A verdict that holds for what is reached later, if it does. */
int tag_settle(struct follow *f, const struct tag_group *group,
	       const struct tag_verdict *verdict, uint32_t proof,
	       struct error *err) MUST_CHECK;
void tag_unsettle(struct follow *f, const struct tag_group *group);
/* What has come, and what that leads to: by what is settled. */
int follow_settled(struct follow *f, struct follow_news *news,
		   struct error *err) MUST_CHECK;

/* --- typing_tag_fit.c: node in the unknown blocks of a group; all: each must
 * have its size, and once more than very few have other pointers, the rest are
 * not looked at */
int tag_fit(struct follow *f, const struct tag_group *group, uint32_t node,
	    bool all, struct tag_fit *out, struct error *err) MUST_CHECK;
/* In one of them; -1 with err, else 0 or 1.  late: as tag_fit() has told. */
int tag_fits(struct follow *f, const struct tag_group *group,
	     const struct tag_place *place, uint32_t node, uint32_t late,
	     struct error *err) MUST_CHECK;
/* Is node just as large as what there is of the place's chunk? */
bool tag_whole(struct follow *f, const struct tag_place *place, uint32_t node);
/* Are there addresses of chunks where node has numbers? */
bool tag_number_leads(struct follow *f, const struct tag_place *place,
		      uint32_t node);

/* --- typing_tag_judge.c */
int tag_judge(struct follow *f, const struct tag_group *group,
	      struct tag_verdict *out, struct error *err) MUST_CHECK;
/* What the functions in the object that value points at take: a node that
 * begins with T; 0: nothing is said.  *code: owned, how. */
int tag_code(struct follow *f, const struct tag_group *group, uint32_t *out,
	     char **code, struct error *err) MUST_CHECK;

/* --- typing_tag_objects.c */
/* What has that value is the verdict's struct. */
int tag_object_note(struct follow *f, const struct tag_group *group,
		    const struct tag_verdict *verdict, uint32_t proof,
		    struct error *err) MUST_CHECK;
/* Others that have it, and that nothing leads to. */
int follow_tag_objects(struct follow *f, struct error *err) MUST_CHECK;

/* --- typing_payload.c */
/* Blocks by a tag beside a void *, or a union, that leads to them. */
int follow_payloads(struct follow *f, struct error *err) MUST_CHECK;

/* --- typing_tables.c */
/* Blocks by the variables whose addresses they begin with. */
int follow_tables(struct follow *f, struct error *err) MUST_CHECK;

void tag_known_deinit(struct tag_known *known);
/* Fills in f->variables. */
int tag_variables(struct follow *f, struct error *err) MUST_CHECK;
/* Makes room for proofs. */
int tag_proofs(struct follow *f, struct error *err) MUST_CHECK;
uint64_t tag_value(const struct follow *f, uint64_t addr, unsigned size,
		   unsigned bit_offset, unsigned bit_size);
/* Is node known often enough, and never with that value? */
bool tag_is_of_others(const struct tag_known *known, uint32_t node,
		      uint64_t value);

/* --- typing_tag_names.c */
/* Keeps what a verdict is by: *out is the number of the proof. */
int tag_note(struct follow *f, const struct tag_group *group,
	     const struct tag_verdict *verdict, uint32_t *out,
	     struct error *err) MUST_CHECK;
/* The place is a node, by that proof. */
int tag_refine(struct follow *f, const struct tag_place *place, uint32_t node,
	       uint32_t proof, struct error *err) MUST_CHECK;
/* The same of a chunk that nothing led to. */
int tag_refine_alone(struct follow *f, const struct tag_place *place,
		     uint32_t node, uint32_t proof,
		     struct error *err) MUST_CHECK;
/* It stays a T: the number of its name with the tag; 0 with err. */
uint32_t tag_name_number(struct follow *f, const struct tag_group *group,
			 const struct tag_verdict *verdict, uint32_t at,
			 struct error *err);
void tag_name(struct follow *f, const struct tag_place *place, uint32_t name,
	      uint32_t proof);
/* What is known of the insides of chunks alone names those, too. */
int tag_name_inner(struct follow *f, struct error *err) MUST_CHECK;

#endif

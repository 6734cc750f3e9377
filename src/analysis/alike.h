/*
 * Chunks that look alike, where nothing tells their type: the types of a
 * program without debug information, less the names.
 *
 * What a word is (a pointer to a block's start or into it, an address in a
 * module, text, a number, zero) says little, but the words of one type go
 * together: where one byte is 5, the third word is a pointer.  So chunks of a
 * size are split by a tree of tests, each the one that tells most of all the
 * other words (mutual information); where no test tells enough any more, they
 * are alike.  The idea that structures show as classes of words with one
 * distribution is that of Cozzie, Stratton, Xue and King, "Digging for Data
 * Structures" (OSDI 2008); the tests are chosen as a decision tree's are.
 *
 * One such row may be several types, and one type several rows.
 */
#ifndef ANALYSIS_ALIKE_H
#define ANALYSIS_ALIKE_H

#include "analysis/typing.h"
#include "base/strbuf.h"
#include "snapshot/finder.h"

/* Words of a chunk that are looked at, from its start. */
enum { ALIKE_WORDS = 8 };

enum alike_kind {
	ALIKE_ZERO,
	ALIKE_START,  /* of a used chunk */
	ALIKE_INSIDE, /* of one */
	ALIKE_SELF,   /* into the chunk that it is in */
	ALIKE_HEAP,   /* in a chunk that is not used */
	ALIKE_MODULE, /* in a module's code or data */
	ALIKE_MAPPED, /* in other memory */
	ALIKE_TEXT,
	ALIKE_FLOAT,
	ALIKE_NUMBER,
	ALIKE_NOTHING, /* the chunk has no such word, or it was not kept */
	ALIKE_KINDS
};

struct alike_word {
	enum alike_kind kind;
	uint32_t target; /* of pointers to used chunks: their label */
	uint32_t delta;	 /* how far into it they point */
	uint64_t value;
};

/* The word behind the last: what points to the chunk. */
enum { ALIKE_REACH = ALIKE_WORDS, ALIKE_ASKED };

struct alike_chunk {
	uint32_t chunk;
	struct alike_word word[ALIKE_ASKED];
};

/* What can be asked of a word: its kind, what it leads to, its bytes. */
enum { ASK_KIND, ASK_TARGET, ASK_DELTA, ASK_BYTE, ASKS = ASK_BYTE + 8 };

/* The answer, to compare with others to the same. */
uint32_t alike_answer(const struct alike_word *word, unsigned ask);

struct alike_reader {
	const struct snapshot *snap; /* borrowed */
	struct finder finder;	     /* over all chunks */
	const uint32_t *label;	     /* borrowed: one a chunk */
	uint32_t *reach; /* owned: the same: by what it is reached */
};

/* Without what reaches chunks: that alike_reach() finds. */
int alike_reader_init(struct alike_reader *r, const struct snapshot *snap,
		      struct error *err) MUST_CHECK;
/* With the labels as they are. */
int alike_reach(struct alike_reader *r, struct error *err) MUST_CHECK;
void alike_reader_deinit(struct alike_reader *r);
void alike_read(struct alike_reader *r, uint32_t chunk,
		struct alike_chunk *out);

/* One test of the tree: goes to yes where the answer is that. */
struct alike_test {
	uint8_t word, ask;
	uint32_t answer;
	uint32_t yes, no; /* numbers of nodes */
};

struct alike_node {
	bool leaf;
	struct alike_test test; /* unless it is a leaf */
	/* Of a leaf: for each word the kinds that it may be, a bit each. */
	uint16_t kinds[ALIKE_ASKED];
	uint32_t name; /* number in typing->name; 0: too few */
	bool same;     /* its words are all of one kind */
};

struct alike_tree {
	struct alike_node *node; /* owned; node[0] is the root */
	size_t count, cap;
};

/*
 * Learns from count samples, whose order changes.  name() is asked for a leaf's
 * name, and whether its words are the same.
 */
struct alike_learner {
	struct alike_tree *tree;
	uint32_t least; /* chunks of a leaf */
	int (*name)(void *ctx, const struct alike_chunk *chunk, size_t count,
		    struct alike_node *leaf, struct error *err);
	void *ctx;
};
int alike_learn(struct alike_learner *l, struct alike_chunk *chunk,
		size_t count, struct error *err) MUST_CHECK;
/* The leaf to which a chunk's answers lead. */
const struct alike_node *alike_leaf(const struct alike_tree *tree,
				    const struct alike_chunk *chunk);
/* Is it as those are that the leaf was learned from? */
bool alike_fits(const struct alike_node *leaf, const struct alike_chunk *chunk);

/* "64 B {* 0x05 * * n n 0}": what samples have in common.  False: all words are
 * of one kind, which proves little. */
bool alike_name(const struct snapshot *snap, const struct alike_chunk *chunk,
		size_t count, struct strbuf *out);

#endif

/* The tree of tests by which chunks are told apart. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/alike.h"
#include "base/alloc.h"

enum {
	CODES = 8, /* answers told from others: the most frequent, others */
	DEPTH_MAX = 16,
	FEW = 8, /* samples, of many */
	COLUMNS = ALIKE_ASKED * ASKS
};

/* What a test has to tell of the other words, in parts of what it tells of
 * itself. */
static const double enough = 0.8;

struct column {
	uint8_t word, ask;
	unsigned codes; /* in use */
	uint32_t answer[CODES];
	uint32_t count[CODES];
	uint8_t *code; /* one a sample; borrowed from the table's */
	uint8_t *zero; /* the same: the word is zero */
};

struct columns {
	struct column column[COLUMNS];
	unsigned count;
	uint8_t *code, *zero; /* owned */
};

static int by_value(const void *pa, const void *pb)
{
	uint32_t a = *(const uint32_t *)pa, b = *(const uint32_t *)pb;

	return (a > b) - (a < b);
}

/* The most frequent answers; false: all are the same. */
static bool count_answers(struct column *c, uint32_t *sorted, size_t n)
{
	c->codes = 0;
	qsort(sorted, n, sizeof(*sorted), by_value);
	for (size_t i = 0, end; i < n; i = end) {
		unsigned at;

		for (end = i; end < n && sorted[end] == sorted[i];)
			end++;
		if (end - i == n)
			return false;
		if (c->codes < CODES - 1)
			c->codes++;
		else if (c->count[c->codes - 1] >= end - i)
			continue;
		for (at = c->codes - 1; at && c->count[at - 1] < end - i;
		     at--) {
			c->answer[at] = c->answer[at - 1];
			c->count[at] = c->count[at - 1];
		}
		c->answer[at] = sorted[i];
		c->count[at] = (uint32_t)(end - i);
	}
	return true;
}

static unsigned code_of(const struct column *c, uint32_t answer)
{
	unsigned i;

	for (i = 0; i < c->codes && c->answer[i] != answer;)
		i++;
	return i;
}

static int columns_make(struct columns *cs, const struct alike_chunk *chunk,
			size_t n, struct error *err)
{
	uint32_t *sorted = try_calloc(n, sizeof(*sorted), "samples", err);

	cs->code = try_calloc(n, COLUMNS, "samples", err);
	cs->zero = try_calloc(n, ALIKE_ASKED, "samples", err);
	cs->count = 0;
	if (!sorted || !cs->code || !cs->zero) {
		free(sorted);
		return -1;
	}
	for (unsigned w = 0; w < ALIKE_ASKED; w++)
		for (size_t k = 0; k < n; k++)
			cs->zero[w * n + k] =
				chunk[k].word[w].kind == ALIKE_ZERO;
	for (unsigned i = 0; i < COLUMNS; i++) {
		struct column *c = &cs->column[cs->count];

		c->word = (uint8_t)(i / ASKS);
		c->ask = (uint8_t)(i % ASKS);
		for (size_t k = 0; k < n; k++)
			sorted[k] =
				alike_answer(&chunk[k].word[c->word], c->ask);
		if (!count_answers(c, sorted, n))
			continue;
		c->zero = cs->zero + c->word * n;
		c->code = cs->code + (size_t)cs->count++ * n;
		for (size_t k = 0; k < n; k++)
			c->code[k] = (uint8_t)code_of(
				c,
				alike_answer(&chunk[k].word[c->word], c->ask));
	}
	free(sorted);
	return 0;
}

static double entropy2(double yes, double n)
{
	double p = yes / n;

	return p <= 0 || p >= 1 ? 0 : -p * log2(p) - (1 - p) * log2(1 - p);
}

static double part_of_bits(double both, double one, double other, double n)
{
	return both > 0 ? both * log2(both * n / (one * other)) : 0;
}

/*
 * Bits that one answer tells of a column, less what chance would.  with: how
 * many of those that give it have each code there; all: how many at all; both
 * of those that are not zero there, which may be anything.
 */
static double told(const uint32_t *with, const uint32_t *all, size_t n)
{
	double yes = 0, some = 0, bits = 0;
	unsigned used = 0;

	for (unsigned i = 0; i < CODES; i++) {
		yes += with[i];
		some += all[i];
		used += all[i] > 0;
	}
	for (unsigned i = 0; i < CODES; i++)
		bits += part_of_bits(with[i], yes, all[i], some) +
			part_of_bits((double)all[i] - with[i], some - yes,
				     all[i], some);
	return (bits - (used - 1) / (2 * M_LN2)) / (double)n;
}

/* What each answer of one column tells of another. */
static void tell(const struct column *by, const struct column *c, size_t n,
		 double most[CODES][ALIKE_ASKED])
{
	uint32_t with[CODES][CODES] = {{0}}, all[CODES] = {0};

	for (size_t k = 0; k < n; k++)
		with[by->code[k]][c->code[k]] += !c->zero[k];
	for (unsigned i = 0; i < CODES; i++)
		for (unsigned k = 0; k < CODES; k++)
			all[k] += with[i][k];
	for (unsigned i = 0; i < by->codes; i++) {
		double bits = told(with[i], all, n);

		if (bits > most[i][c->word])
			most[i][c->word] = bits;
	}
}

/* Tags have few values. */
static bool may_be_tag(const struct column *c, size_t n)
{
	size_t sum = 0;

	for (unsigned i = 0; i < c->codes; i++)
		sum += c->count[i];
	return c->ask == ASK_KIND || sum * 10 >= n * 9;
}

/* The best test of all; false: none tells enough of the other words. */
static bool choose(const struct alike_learner *l, const struct columns *cs,
		   size_t n, struct alike_test *out)
{
	double best = 0;

	for (unsigned i = 0; i < cs->count; i++) {
		const struct column *by = &cs->column[i];
		double most[CODES][ALIKE_ASKED] = {{0}};

		if (!may_be_tag(by, n))
			continue;
		for (unsigned k = 0; k < cs->count; k++)
			if (cs->column[k].word != by->word)
				tell(by, &cs->column[k], n, most);
		for (unsigned k = 0; k < by->codes; k++) {
			double bits = 0;

			for (unsigned w = 0; w < ALIKE_ASKED; w++)
				bits += most[k][w];
			if (by->count[k] < l->least ||
			    n - by->count[k] < l->least || bits <= best ||
			    bits < enough * entropy2(by->count[k], (double)n))
				continue;
			best = bits;
			*out = (struct alike_test){.word = by->word,
						   .ask = by->ask,
						   .answer = by->answer[k]};
		}
	}
	return best > 0;
}

static bool passes(const struct alike_test *test, const struct alike_chunk *c)
{
	return alike_answer(&c->word[test->word], test->ask) == test->answer;
}

/* What few have is another type's that could not be told apart. */
static bool is_allowed(size_t count, size_t n)
{
	size_t few = n / 4 < FEW ? n / 4 : FEW;

	return count * 32 >= n && count >= few;
}

static void allow_kinds(struct alike_node *node,
			const struct alike_chunk *chunk, size_t n)
{
	for (unsigned w = 0; w < ALIKE_ASKED; w++) {
		size_t count[ALIKE_KINDS] = {0};

		for (size_t i = 0; i < n; i++)
			count[chunk[i].word[w].kind]++;
		for (unsigned k = 0; k < ALIKE_KINDS; k++)
			if (count[k] && is_allowed(count[k], n))
				node->kinds[w] |= (uint16_t)(1u << k);
	}
}

static bool has_kinds(const struct alike_node *leaf,
		      const struct alike_chunk *chunk)
{
	for (unsigned w = 0; w < ALIKE_ASKED; w++)
		if (!(leaf->kinds[w] >> chunk->word[w].kind & 1))
			return false;
	return true;
}

/* Those that are not as most are go; how many are left. */
static size_t part_odd(const struct alike_node *leaf, struct alike_chunk *chunk,
		       size_t n)
{
	size_t fit = 0;

	for (size_t i = 0; i < n; i++)
		if (has_kinds(leaf, &chunk[i]))
			chunk[fit++] = chunk[i];
	return fit;
}

static int add_node(struct alike_tree *tree, uint32_t *out, struct error *err)
{
	if (GROW(tree->node, tree->cap, tree->count + 1, "kinds of chunks",
		 err))
		return -1;
	tree->node[tree->count] = (struct alike_node){0};
	*out = (uint32_t)tree->count++;
	return 0;
}

/* Those that pass come first; how many. */
static size_t part(const struct alike_test *test, struct alike_chunk *chunk,
		   size_t n)
{
	size_t yes = 0;

	for (size_t i = 0; i < n; i++) {
		struct alike_chunk c = chunk[i];

		if (!passes(test, &c))
			continue;
		chunk[i] = chunk[yes];
		chunk[yes++] = c;
	}
	return yes;
}

static int learn(struct alike_learner *l, struct alike_chunk *chunk, size_t n,
		 unsigned depth, uint32_t *at, struct error *err)
{
	struct alike_test test;
	struct columns cs;
	bool more, bad;
	size_t yes;

	if (add_node(l->tree, at, err))
		return -1;
	more = !columns_make(&cs, chunk, n, err);
	bad = !more;
	more = more && depth < DEPTH_MAX && choose(l, &cs, n, &test);
	free(cs.code);
	free(cs.zero);
	if (bad)
		return -1;
	if (!more) {
		/* The table does not grow meanwhile. */
		struct alike_node *leaf = &l->tree->node[*at];

		leaf->leaf = true;
		allow_kinds(leaf, chunk, n);
		n = part_odd(leaf, chunk, n);
		return n < l->least ? 0 : l->name(l->ctx, chunk, n, leaf, err);
	}
	yes = part(&test, chunk, n);
	if (learn(l, chunk, yes, depth + 1, &test.yes, err) ||
	    learn(l, chunk + yes, n - yes, depth + 1, &test.no, err))
		return -1;
	l->tree->node[*at].test = test;
	return 0;
}

int alike_learn(struct alike_learner *l, struct alike_chunk *chunk,
		size_t count, struct error *err)
{
	uint32_t root;

	l->tree->count = 0;
	return learn(l, chunk, count, 0, &root, err);
}

const struct alike_node *alike_leaf(const struct alike_tree *tree,
				    const struct alike_chunk *chunk)
{
	const struct alike_node *node = &tree->node[0];

	while (!node->leaf)
		node = &tree->node[passes(&node->test, chunk) ? node->test.yes
							      : node->test.no];
	return node;
}

bool alike_fits(const struct alike_node *leaf, const struct alike_chunk *chunk)
{
	return leaf->name && has_kinds(leaf, chunk);
}

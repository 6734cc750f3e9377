/*
 * A diff by the first word of the chunks: objects of one C++ class share their
 * vtable pointer, strings their beginning, nodes the class they point to.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/content.h"
#include "analysis/diff_impl.h"
#include "base/alloc.h"
#include "base/sort.h"
#include "snapshot/finder.h"

/* More rows than this and the rarest plain numbers share one. */
enum { MAX_NUMBERS = 1000 };

struct tally {
	struct diff_class class;
	struct pattern pattern;
};

struct by_content {
	const struct diff *diff;
	struct finder before, after;
	struct fold fold; /* its rows are numbered as the tallies are */
	struct tally *tally;
	size_t cap;
	uint64_t unknown, gone_unknown;
};

/* The row of a pattern: the fold finds it, the tally counts. */
static struct tally *tally_of(struct by_content *b, const struct pattern *p,
			      uint64_t word, struct error *err)
{
	size_t had = b->fold.count, at;

	if (fold_find(&b->fold, p, &at, err) ||
	    GROW(b->tally, b->cap, b->fold.count, "table of first words", err))
		return NULL;
	if (b->fold.count > had)
		b->tally[at] =
			(struct tally){.class.word = word, .pattern = *p};
	return &b->tally[at];
}

static int add_by_content(void *ctx, const struct snapshot *snap,
			  uint32_t chunk, enum diff_side side,
			  struct error *err)
{
	struct by_content *b = ctx;
	bool gone = side == DIFF_GONE;
	struct tally *tally;
	struct pattern p;
	uint64_t word;

	p = content_first(snap, gone ? &b->before : &b->after, chunk, &word);
	if (p.kind == CONTENT_UNKNOWN && gone) {
		b->gone_unknown++;
		return 0;
	}
	if (p.kind == CONTENT_UNKNOWN)
		b->unknown++;
	tally = tally_of(b, &p, word, err);
	if (!tally)
		return -1;
	diff_class_add(&tally->class, side, snapshot_chunk_size(snap, chunk));
	if (side == DIFF_KEPT)
		diff_class_judge(&tally->class, b->diff, chunk);
	return 0;
}

static uint64_t weight(const struct diff_class *c)
{
	return c->new_count + c->gone_count + c->kept_count;
}

static void add_class(struct diff_class *to, const struct diff_class *from)
{
	to->new_count += from->new_count;
	to->new_bytes += from->new_bytes;
	to->gone_count += from->gone_count;
	to->gone_bytes += from->gone_bytes;
	to->kept_count += from->kept_count;
	to->reused_count += from->reused_count;
	to->unsure_count += from->unsure_count;
	to->unknown_count += from->unknown_count;
}

/* How often a number must be there to have a row of its own. */
static int threshold(const struct by_content *b, uint64_t *out,
		     struct error *err)
{
	AUTO_FREE uint64_t *count = NULL;
	size_t n = 0;

	*out = 0;
	count = try_calloc(b->fold.count, sizeof *count, "first words", err);
	if (!count)
		return -1;
	for (size_t i = 0; i < b->fold.count; i++)
		if (b->tally[i].pattern.kind == CONTENT_NUMBER)
			count[n++] = weight(&b->tally[i].class);
	if (n <= MAX_NUMBERS)
		return 0;
	if (sort_u64(count, n, err))
		return -1;
	*out = count[n - MAX_NUMBERS] + 1;
	return 0;
}

static int emit(struct by_content *b, struct symbols *symbols,
		struct diff_class **out, uint32_t *count, struct error *err)
{
	struct diff_class *row, rest = {0};
	uint64_t least, rarer = 0;
	uint32_t n = 0;

	if (threshold(b, &least, err))
		return -1;
	row = try_calloc(b->fold.count + 1, sizeof *row, "first words", err);
	if (!row)
		return -1;
	for (size_t i = 0; i < b->fold.count; i++) {
		struct tally *t = &b->tally[i];

		if (t->pattern.kind == CONTENT_NUMBER &&
		    weight(&t->class) < least) {
			add_class(&rest, &t->class);
			rarer++;
			continue;
		}
		content_name(&t->pattern, b->diff->after, symbols,
			     t->class.name, sizeof t->class.name);
		row[n++] = t->class;
	}
	if (rarer) {
		snprintf(rest.name, sizeof rest.name, "(%llu rarer numbers)",
			 (unsigned long long)rarer);
		row[n++] = rest;
	}
	diff_classes_sort(row, n);
	*out = row;
	*count = n;
	return 0;
}

static void warn(const struct by_content *b, char *warning, size_t cap)
{
	if (b->gone_unknown)
		snprintf(warning, cap,
			 "%llu gone chunks are not counted: the contents of "
			 "snapshot %s are not kept",
			 (unsigned long long)b->gone_unknown,
			 b->diff->before->name);
	else if (b->unknown)
		snprintf(warning, cap,
			 "the contents of %llu chunks are not kept",
			 (unsigned long long)b->unknown);
}

int diff_by_content(const struct diff *diff, const struct set *set,
		    struct symbols *symbols, struct diff_class **out,
		    uint32_t *count, char *warning, size_t warning_cap,
		    struct error *err)
{
	struct by_content b = {.diff = diff};
	int ret = -1;

	if (!diff->after->contents)
		return error_set(err, ERR_UNSUPPORTED,
				 "the contents of snapshot %s are not kept: "
				 "take a new one",
				 diff->after->name);
	if (finder_init(&b.before, diff->before, NULL, err) ||
	    finder_init(&b.after, diff->after, NULL, err) ||
	    diff_each(diff, set, add_by_content, &b, err) ||
	    emit(&b, symbols, out, count, err))
		goto out;
	warn(&b, warning, warning_cap);
	ret = 0;
out:
	finder_deinit(&b.before);
	finder_deinit(&b.after);
	fold_deinit(&b.fold);
	free(b.tally);
	return ret;
}

#include "analysis/leaks.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"

/* Bits of marks that are free once all holds are known. */
enum { SEEN = 0x10, LED = 0x20 };

const char *leak_kind_name(enum leak_kind kind)
{
	static const char *const name[] = {"definite", "indirect", "possible",
					   "reachable"};

	return name[kind];
}

static void forget_doubts(struct marker *m)
{
	for (uint32_t i = 0; i < m->snap->chunk_count; i++)
		m->mark[i] &= HOLD_MASK;
}

/*
 * Marks from each lost chunk that no earlier one reached: those are the roots
 * of a search forest.  No root is reached from an earlier one.
 */
static int search_forest(struct marker *m, uint32_t **root, size_t *roots,
			 struct error *err)
{
	size_t cap = 0;

	m->closed = HOLD_MASK | SEEN;
	m->sets = SEEN;
	for (uint32_t i = 0; i < m->snap->chunk_count; i++) {
		if (m->mark[i] & m->closed)
			continue;
		if (GROW(*root, cap, *roots + 1, "list of leaks", err))
			return -1;
		(*root)[(*roots)++] = i;
		if (mark_chunk(m, i, err) || mark_follow(m, err))
			return -1;
	}
	return 0;
}

/* Backwards: a root that no later one reaches leads. */
static int find_leaders(struct marker *m, const uint32_t *root, size_t roots,
			uint32_t *leader, struct error *err)
{
	m->closed = HOLD_MASK | LED;
	m->sets = LED;
	m->owners = leader;
	while (roots--) {
		m->owner = root[roots];
		if (mark_chunk(m, m->owner, err) || mark_follow(m, err))
			return -1;
	}
	return 0;
}

/*
 * Memcheck goes through the lost chunks by address, once: each that none has
 * been led by becomes a leader and takes what it reaches, other leaders too,
 * but not what some leader has.  So a ring whose lowest chunk led it stays its
 * own if a later chunk points at another of the ring.
 */
static int find_cliques(struct marker *m, uint32_t *leader, struct error *err)
{
	uint32_t n = m->snap->chunk_count;

	m->closed = HOLD_MASK | LED;
	m->owners = leader;
	for (uint32_t i = 0; i < n; i++) {
		if (m->mark[i] & m->closed)
			continue;
		m->but_owner = false;
		m->owner = i;
		m->sets = 0;
		if (mark_chunk(m, i, err))
			return -1;
		m->but_owner = true;
		m->sets = LED;
		if (mark_follow(m, err))
			return -1;
	}
	/* Who was taken by a later one hands on what it had. */
	for (uint32_t i = 0; i < n; i++)
		while (m->mark[i] & LED && leader[leader[i]] != leader[i])
			leader[i] = leader[leader[i]];
	return 0;
}

static enum leak_kind kind_of(const struct leaks *leaks, uint32_t i)
{
	switch ((enum hold)leaks->hold[i]) {
	case HOLD_NOTHING:
		return leaks->leader[i] == i ? LEAK_DEFINITE : LEAK_INDIRECT;
	case HOLD_POINTER:
		return LEAK_REACHABLE;
	default:
		return LEAK_POSSIBLE;
	}
}

static void sum_up(struct leaks *leaks)
{
	const struct snapshot *snap = leaks->snap;

	for (uint32_t i = 0; i < snap->chunk_count; i++) {
		enum leak_kind kind;

		if (snap->chunk[i].state != CHUNK_USED)
			continue;
		kind = kind_of(leaks, i);
		leaks->kind[i] = (uint8_t)(kind + 1);
		leaks->sum[kind].count++;
		leaks->sum[kind].bytes += snapshot_chunk_size(snap, i);
	}
}

static int lead(struct leaks *leaks, struct marker *m, uint32_t lost,
		struct error *err)
{
	AUTO_FREE uint32_t *root = NULL;
	size_t roots = 0;

	forget_doubts(m);
	if (lost && leaks->opts.interior == INTERIOR_VALGRIND) {
		if (find_cliques(m, leaks->leader, err))
			return -1;
	} else if (lost) {
		if (search_forest(m, &root, &roots, err) ||
		    find_leaders(m, root, roots, leaks->leader, err))
			return -1;
	}
	forget_doubts(m);
	leaks->hold = m->mark;
	m->mark = NULL;
	leaks->finder = m->finder;
	m->finder = (struct finder){0};
	sum_up(leaks);
	return 0;
}

int leaks_make(const struct snapshot *snap, const struct reach_opts *opts,
	       struct leaks **out, struct error *err)
{
	struct leaks *leaks = xcalloc(1, sizeof(*leaks));
	struct reach reach;
	int ret;

	leaks->snap = snap;
	leaks->opts = *opts;
	if (reach_make(snap, opts, &reach, err)) {
		free(leaks);
		return -1;
	}
	leaks->complete = reach.complete;
	snprintf(leaks->note, sizeof(leaks->note), "%s", reach.note);
	leaks->kind = try_calloc(snap->chunk_count, 1, "kinds of leaks", err);
	leaks->leader = try_calloc(snap->chunk_count, sizeof(*leaks->leader),
				   "leaders of leaks", err);
	ret = !leaks->kind || !leaks->leader ||
	      lead(leaks, &reach.marker, reach.lost, err);
	reach_deinit(&reach);
	if (ret) {
		leaks_destroy(leaks);
		return -1;
	}
	*out = leaks;
	return 0;
}

void leaks_destroy(struct leaks *leaks)
{
	if (!leaks)
		return;
	free(leaks->kind);
	free(leaks->hold);
	free(leaks->leader);
	finder_deinit(&leaks->finder);
	free(leaks);
}

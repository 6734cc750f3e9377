/*
 * Takes snapshots of tests/fixtures/storm.c and judges each by the ledger that
 * lies in its own bytes: nothing depends on when the stop was.
 *
 *   storm PID LEDGER COUNT [--go FIFO] [--attempts N] [--apart CALLS]
 *                          [--step SEED]
 *
 * --go: the first snapshot is of the quiet process, what it has in use beside
 * the ledger is no part of the storm; then a line is written to FIFO.
 * --apart: on a machine that is busy, where the storm hardly goes on from one
 * snapshot to the next: it has done so many calls in between.
 * --step: one thread at a time goes on, mostly by one instruction (stepping.h);
 * the process is ended.
 *
 *   wrong SNAPSHOT WHAT             snapshots N complete N marked N ...
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/emergency.h"
#include "base/u64map.h"
#include "malloc/allocator.h"
#include "malloc/glibc.h"
#include "snapshot/snapshot.h"
#include "symbols/symbols.h"
#include "target/target.h"
#include "tests/fixtures/storm.h"
#include "tests/lib/stepping.h"

enum { MAX_WRONG = 40, ROOM = 64, PAGE = 4096 };

/* So many chunks may each thread have made doubtful: its whole tcache, should
 * it be ending. */
enum { MAX_LISTED = STORM_THREADS * 7 * 64 };

struct storm {
	struct target *target;
	struct symbols *symbols;
	void *state;
	uint64_t ledger;
	unsigned attempts, number, apart, step;
	struct stepping *stepping;
	struct u64map base; /* used before the storm began */
	bool has_base;
	unsigned wrong, complete, marked, retried;
	uint64_t stops, listed, live, most_listed, chunks;
};

/* One snapshot and what its own bytes say of it. */
struct judged {
	struct storm *storm;
	const struct snapshot *snap;
	struct storm_ledger ledger;
	struct u64map live;			  /* address to size */
	const struct chunk *holds[STORM_THREADS]; /* in flight */
};

static void __attribute__((format(printf, 2, 3)))
wrong(struct storm *s, const char *fmt, ...)
{
	va_list ap;

	if (s->wrong++ >= MAX_WRONG)
		return;
	printf("wrong %u ", s->number);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
}

static bool calls_take(const struct judged *j, uint64_t addr)
{
	for (unsigned i = 0; i < STORM_THREADS; i++) {
		const struct storm_call *c = &j->ledger.call[i];

		if ((c->op == STORM_FREE || c->op == STORM_REALLOC) &&
		    c->addr == addr)
			return true;
	}
	return false;
}

static void add_live(struct judged *j, uint64_t addr, uint64_t size)
{
	struct error err;

	if (addr && !calls_take(j, addr) &&
	    u64map_put(&j->live, addr, size, &err) < 0)
		abort();
}

static void list_live(struct judged *j)
{
	const struct storm_ledger *l = &j->ledger;

	for (unsigned i = 0; i < STORM_THREADS; i++)
		for (unsigned k = 0; k < STORM_CELLS; k++)
			add_live(j, l->own[i][k].addr, l->own[i][k].size);
	for (unsigned k = 0; k < STORM_SHARED; k++) {
		uint64_t size = 0;
		struct error err;

		if (l->shared[k] && target_read(j->snap->memory, l->shared[k],
						&size, sizeof size, &err) < 0)
			wrong(j->storm, "block 0x%" PRIx64 " has no bytes",
			      l->shared[k]);
		add_live(j, l->shared[k], size);
	}
}

static const struct chunk *chunk_at(const struct judged *j, uint64_t addr)
{
	uint32_t i = snapshot_find(j->snap, addr);

	return i != CHUNK_NONE && j->snap->chunk[i].addr == addr
		       ? &j->snap->chunk[i]
		       : NULL;
}

/* Is the chunk among those that the snapshot is not sure of? */
static bool listed(const struct judged *j, const struct chunk *c)
{
	for (uint32_t i = 0; i < j->snap->defect_count; i++) {
		uint64_t at = j->snap->defect[i].addr;

		if (j->snap->defect[i].kind == DEFECT_BUSY &&
		    at + 16 >= c->addr && at < c->addr + c->size)
			return true;
	}
	return false;
}

static void judge_live(struct judged *j)
{
	static const char *const state[] = {"used", "free", "cached", "top"};
	uint64_t addr, size;
	size_t it = 0;

	while (u64map_next(&j->live, &it, &addr, &size)) {
		const struct chunk *c = chunk_at(j, addr);

		if (!c)
			wrong(j->storm, "live block 0x%" PRIx64 " is missing",
			      addr);
		else if (c->state != CHUNK_USED)
			wrong(j->storm, "live block 0x%" PRIx64 " is %s", addr,
			      state[c->state]);
		else if (c->size < size)
			wrong(j->storm,
			      "live block 0x%" PRIx64 " of %" PRIu64
			      " bytes has %" PRIu64,
			      addr, size, (uint64_t)c->size);
	}
}

/* May c be what this call has got or will give back? */
static bool may_hold(const struct storm_call *call, const struct chunk *c)
{
	uint64_t room = c->arena == ARENA_MMAPPED ? 2 * PAGE : ROOM;

	return call->op == STORM_SWAP ||
	       ((call->op == STORM_ALLOC || call->op == STORM_REALLOC) &&
		c->size >= call->size && c->size <= call->size + room);
}

/* Each call holds at most one: what it holds already may be another's. */
static bool in_flight(struct judged *j, const struct chunk *c, unsigned asked)
{
	for (unsigned i = 0; i < STORM_THREADS; i++) {
		if (asked & 1u << i || !may_hold(&j->ledger.call[i], c))
			continue;
		asked |= 1u << i;
		if (!j->holds[i] || in_flight(j, j->holds[i], asked)) {
			j->holds[i] = c;
			return true;
		}
	}
	return false;
}

static bool is_tcache(const struct judged *j, uint64_t addr)
{
	for (uint32_t i = 0; i < j->snap->thread_count; i++)
		if (j->snap->thread[i].tcache == addr)
			return true;
	return false;
}

/* Whatever is used is in the ledger, was there before, is in flight or listed
 * as doubtful. */
static void judge_used(struct judged *j)
{
	for (uint32_t i = 0; i < j->snap->chunk_count; i++) {
		const struct chunk *c = &j->snap->chunk[i];

		if (c->state != CHUNK_USED ||
		    u64map_get(&j->live, c->addr, NULL) ||
		    u64map_get(&j->storm->base, c->addr, NULL) ||
		    calls_take(j, c->addr) || is_tcache(j, c->addr) ||
		    listed(j, c) || in_flight(j, c, 0))
			continue;
		wrong(j->storm,
		      "0x%" PRIx64 " of %" PRIu64 " bytes, arena %u, is no "
		      "block, is used and not listed",
		      (uint64_t)c->addr, (uint64_t)c->size, (unsigned)c->arena);
	}
}

static void judge_marks(struct judged *j)
{
	const struct snapshot *s = j->snap;
	struct storm *storm = j->storm;
	bool busy = s->defect_count;

	for (uint32_t i = 0; i < s->defect_count; i++) {
		const struct defect *d = &s->defect[i];

		if (d->kind != DEFECT_BUSY)
			wrong(storm, "called damage: 0x%" PRIx64 " %s", d->addr,
			      d->what);
		else if (d->arena < s->arena_count && !s->arena[d->arena].busy)
			wrong(storm, "arena %u is not marked: %s", d->arena,
			      d->what);
	}
	for (uint32_t i = 0; i < s->check_count; i++)
		if (s->check[i].result == CHECK_FAILED && !s->defect_count)
			wrong(storm, "%s failed, nothing listed",
			      s->check[i].name);
	if (snapshot_complete(s) == busy)
		wrong(storm, "%s, and %u doubtful chunks",
		      busy ? "complete" : "incomplete", s->defect_count);
	if (s->defect_count > MAX_LISTED)
		wrong(storm, "%u of %u chunks are listed", s->defect_count,
		      s->chunk_count);
	if (busy && !strstr(s->notes, "malloc"))
		wrong(storm, "not said: %s", s->notes);
}

/* What a report needs: who was where. */
static void explain(const struct judged *j)
{
	const struct snapshot *s = j->snap;

	for (unsigned i = 0; i < STORM_THREADS; i++)
		printf("  call %u: %" PRIu64 " 0x%" PRIx64 " %" PRIu64 "\n", i,
		       j->ledger.call[i].op, j->ledger.call[i].addr,
		       j->ledger.call[i].size);
	for (uint32_t i = 0; i < s->inside_count; i++)
		printf("  inside: %d %s %u\n", (int)s->inside[i].tid,
		       s->inside[i].function, s->inside[i].chunks);
	for (uint32_t i = 0; i < s->thread_count; i++) {
		const struct snapshot_thread *t = &s->thread[i];

		printf("  thread %d:", (int)t->thread.tid);
		for (uint32_t k = 0; k < t->frame_count && k < 6; k++)
			printf(" 0x%" PRIx64 "%s", t->frame[k].pc,
			       t->frame[k].guess ? "?" : "");
		printf("\n");
	}
	for (uint32_t i = 0; i < s->defect_count && i < MAX_WRONG; i++)
		printf("  listed 0x%" PRIx64 " %s\n", s->defect[i].addr,
		       s->defect[i].what);
}

static void judge(struct storm *storm, const struct snapshot *snap)
{
	struct judged j = {.storm = storm, .snap = snap};
	unsigned before = storm->wrong;
	struct error err;

	if (target_read(snap->memory, storm->ledger, &j.ledger, sizeof j.ledger,
			&err) < 0) {
		wrong(storm, "the ledger: %s", err.msg);
		return;
	}
	list_live(&j);
	judge_live(&j);
	if (storm->has_base)
		judge_used(&j);
	judge_marks(&j);
	if (storm->wrong > before && before < MAX_WRONG)
		explain(&j);
	storm->complete += snapshot_complete(snap);
	storm->marked += !snapshot_complete(snap);
	storm->retried += snap->attempts > 1;
	storm->stops += snap->attempts;
	storm->chunks += snap->chunk_count;
	storm->listed += snap->defect_count;
	for (uint32_t i = 0; i < snap->defect_count; i++)
		storm->live += u64map_get(&j.live, snap->defect[i].addr, NULL);
	if (snap->defect_count > storm->most_listed)
		storm->most_listed = snap->defect_count;
	u64map_deinit(&j.live);
}

static int take(struct storm *s, struct snapshot **snap, struct error *err)
{
	struct capture_opts opts = {
		.keep_contents = true,
		.max_bytes = UINT64_C(1) << 30,
		.max_attempts = s->attempts,
	};

	return snapshot_capture(s->target, s->symbols, &allocator_glibc,
				s->state, &opts, snap, err);
}

static int take_base(struct storm *s, const char *fifo, struct error *err)
{
	struct snapshot *snap;
	struct storm_ledger l;
	bool all = false;
	int fd, rc = 0;

	if (take(s, &snap, err) < 0)
		return -1;
	for (uint32_t i = 0; !rc && i < snap->chunk_count; i++)
		if (snap->chunk[i].state == CHUNK_USED)
			rc = u64map_put(&s->base, snap->chunk[i].addr, 1, err);
	s->has_base = true;
	if (!snapshot_complete(snap))
		wrong(s, "at rest it is not complete: %s", snap->notes);
	snapshot_destroy(snap);
	fd = open(fifo, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "go\n", 3) != 3)
		return error_set(err, ERR_SYSTEM, "%s", fifo);
	close(fd);
	while (!rc && !all) {
		rc = target_read(s->target, s->ledger, &l, sizeof l, err);
		all = true;
		for (unsigned i = 0; i < STORM_THREADS; i++)
			all &= l.calls[i] > 0;
	}
	return rc;
}

/* Until the storm has gone on by so many calls; one may be stuck. */
static void let_go_on(struct storm *s)
{
	uint64_t first = 0, now = 0;
	struct storm_ledger l;
	struct error err;

	for (unsigned n = 0; s->apart && n < 20000; n++) {
		if (target_read(s->target, s->ledger, &l, sizeof l, &err) < 0)
			return;
		now = 0;
		for (unsigned i = 0; i < STORM_THREADS; i++)
			now += l.calls[i];
		if (!n)
			first = now;
		if (now - first >= s->apart)
			return;
		usleep(50);
	}
}

static int begin_steps(struct storm *s, struct error *err)
{
	const struct glibc *g = s->state;

	return s->step ? stepping_begin(s->target, g->text_start, g->text_end,
					s->step, &s->stepping, err)
		       : 0;
}

/* False: nothing goes on any more. */
static bool go_on(struct storm *s)
{
	if (s->stepping)
		return stepping_next(s->stepping);
	let_go_on(s);
	return true;
}

static int run(struct storm *s, unsigned count, const char *fifo,
	       struct error *err)
{
	struct symbols_opts none = {0};
	int rc = symbols_open(s->target, &none, &s->symbols, err);

	if (rc < 0)
		return -1;
	rc = allocator_glibc.probe(s->target, s->symbols, &s->state, err);
	if (rc < 1)
		return rc < 0 ? -1 : error_set(err, ERR_NOT_FOUND, "no glibc");
	if (fifo && take_base(s, fifo, err) < 0)
		return -1;
	if (begin_steps(s, err) < 0)
		return -1;
	for (s->number = 1; s->number <= count && go_on(s); s->number++) {
		struct snapshot *snap;

		if (take(s, &snap, err) < 0)
			return -1;
		judge(s, snap);
		snapshot_destroy(snap);
	}
	printf("snapshots %u complete %u marked %u retried %u stops %" PRIu64
	       " chunks %" PRIu64 " listed %" PRIu64 " live %" PRIu64
	       " most %" PRIu64 " wrong %u\n",
	       s->number - 1, s->complete, s->marked, s->retried, s->stops,
	       s->chunks, s->listed, s->live, s->most_listed, s->wrong);
	return 0;
}

int main(int argc, char **argv)
{
	struct storm s = {0};
	const char *fifo = NULL;
	struct error err;
	int rc;

	if (argc < 4)
		return 2;
	s.ledger = strtoull(argv[2], NULL, 0);
	for (int i = 4; i + 1 < argc; i += 2)
		if (!strcmp(argv[i], "--go"))
			fifo = argv[i + 1];
		else if (!strcmp(argv[i], "--attempts"))
			s.attempts = (unsigned)atoi(argv[i + 1]);
		else if (!strcmp(argv[i], "--apart"))
			s.apart = (unsigned)atoi(argv[i + 1]);
		else if (!strcmp(argv[i], "--step"))
			s.step = (unsigned)atoi(argv[i + 1]);
	rc = emergency_install(&err);
	if (!rc)
		rc = target_open_live(atoi(argv[1]), NULL, &s.target, &err);
	if (!rc)
		rc = run(&s, (unsigned)atoi(argv[3]), fifo, &err);
	if (rc < 0)
		printf("error %s\n", err.msg);
	stepping_end(s.stepping);
	allocator_glibc.release(s.state);
	symbols_close(s.symbols);
	target_close(s.target);
	u64map_deinit(&s.base);
	return rc < 0 || s.wrong ? 1 : 0;
}

/*
 * Walks the heap of a process and prints what the walk pushes, a line each;
 * then again on a copy of the same stop: both must be the same.
 *
 *   heapdump [--debug-dir DIR] [--quiet] [--recorded FILE]
 *            [--no-files] PID
 *
 *   arena INDEX ADDR main|thread TOP SYSTEM BINS BYTES FAST BYTES OVERHEAD
 *   chunk STATE ADDR USABLE ARENA         tcache TID ADDR COUNT BYTES ARENA
 *   check OK|FAILED|SKIPPED NAME | A B | TEXT
 *   defect KIND ADDR ARENA WHAT           mallinfo2 TEN NUMBERS
 *   malloc N of MODULE namespace N arenas N from N
 *   other N mallinfo2 TEN NUMBERS         of the copy N of malloc, from 1 on
 *   copy same|differs                     time WHAT MICROSECONDS
 *
 * With the FILE of recorder.c: "missing ADDR SIZE" for what is
 * recorded and not a used chunk, "short ADDR USABLE of SIZE" where the usable
 * size is not the recorded one, "unexplained ADDR USABLE" for used chunks that
 * are neither recorded nor a tcache; "recorded N used N tcaches N".
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/emergency.h"
#include "base/u64map.h"
#include "malloc/allocator.h"
#include "malloc/mallinfo.h"
#include "symbols/symbols.h"
#include "target/image.h"
#include "target/target.h"
#include "tests/lib/record.h"

static const char *const states[] = {"used", "free", "cached", "top"};
static const char *const results[] = {"OK", "FAILED", "SKIPPED", "BUSY"};
static const char *const kinds[] = {"size",	  "link",  "loop",
				    "unreadable", "count", "busy"};

struct opts {
	struct symbols_opts symbols;
	const char *recorded;
	bool quiet, no_files;
	pid_t pid;
};

struct dump {
	FILE *out;
	bool quiet;
	struct u64map used;    /* address to usable bytes */
	struct u64map tcaches; /* addresses of their structs */
	uint64_t chunks;
	struct arena *arena; /* owned */
	size_t arenas, cap;
	struct malloc_copy copy[4];
	size_t copies;
};

static int on_copy(void *ctx, const struct malloc_copy *c, struct error *err)
{
	struct dump *d = ctx;

	fprintf(d->out, "malloc %u of %s namespace %d arenas %u from %u\n",
		c->index, c->module, c->ns, c->arenas, c->arena);
	if (d->copies == sizeof d->copy / sizeof *d->copy)
		return error_set(err, ERR_UNSUPPORTED, "too many copies");
	d->copy[d->copies++] = *c;
	return 0;
}

static void print_totals(struct dump *d)
{
	for (size_t i = 0; i < d->copies; i++) {
		struct mallinfo2_totals t;

		mallinfo2_sum(d->arena + d->copy[i].arena, d->copy[i].arenas,
			      &d->copy[i].params, &t);
		if (i)
			fprintf(d->out, "other %zu ", i);
		fprintf(d->out,
			"mallinfo2 %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64
			" %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64
			" %" PRIu64 " %" PRIu64 "\n",
			t.arena, t.ordblks, t.smblks, t.hblks, t.hblkhd,
			t.usmblks, t.fsmblks, t.uordblks, t.fordblks,
			t.keepcost);
	}
}

static int on_arena(void *ctx, const struct arena *a, struct error *err)
{
	struct dump *d = ctx;

	if (GROW(d->arena, d->cap, d->arenas + 1, "arenas", err) < 0)
		return -1;
	d->arena[d->arenas++] = *a;
	fprintf(d->out,
		"arena %u 0x%" PRIx64 " %s%s%s top 0x%" PRIx64 " %" PRIu64
		" heaps %u system %" PRIu64 " bins %" PRIu64 " %" PRIu64
		" fast %" PRIu64 " %" PRIu64 " overhead %" PRIu64
		" threads %u\n",
		a->index, a->addr, a->is_main ? "main" : "thread",
		a->initialised ? "" : " uninitialised", a->busy ? " busy" : "",
		a->top, a->top_bytes, a->heaps, a->system_bytes, a->bin_count,
		a->bin_bytes, a->fast_count, a->fast_bytes, a->overhead_bytes,
		a->attached_threads);
	return 0;
}

static int on_region(void *ctx, const struct heap_region *r, struct error *err)
{
	struct dump *d = ctx;

	(void)err;
	fprintf(d->out, "region 0x%" PRIx64 " 0x%" PRIx64 " %u\n", r->start,
		r->end, r->arena);
	return 0;
}

static int on_chunks(void *ctx, const struct chunk *c, size_t count,
		     struct error *err)
{
	struct dump *d = ctx;

	d->chunks += count;
	for (size_t i = 0; i < count; i++)
		if (c[i].state == CHUNK_USED &&
		    u64map_put(&d->used, c[i].addr, c[i].size, err) < 0)
			return -1;
	for (size_t i = 0; !d->quiet && i < count; i++)
		fprintf(d->out, "chunk %s 0x%" PRIx64 " %" PRIu64 " %u\n",
			states[c[i].state], c[i].addr, (uint64_t)c[i].size,
			(unsigned)c[i].arena);
	return 0;
}

static int on_tcache(void *ctx, const struct tcache *t, struct error *err)
{
	struct dump *d = ctx;

	if (t->addr && u64map_put(&d->tcaches, t->addr, 1, err) < 0)
		return -1;
	fprintf(d->out, "tcache %d 0x%" PRIx64 " %" PRIu64 " %" PRIu64 " %u\n",
		t->tid, t->addr, t->count, t->bytes, t->arena);
	return 0;
}

static int on_defect(void *ctx, const struct defect *f, struct error *err)
{
	struct dump *d = ctx;

	(void)err;
	fprintf(d->out, "defect %s 0x%" PRIx64 " %u %s\n", kinds[f->kind],
		f->addr, f->arena, f->what);
	return 0;
}

static int on_check(void *ctx, const struct check *c, struct error *err)
{
	struct dump *d = ctx;

	(void)err;
	fprintf(d->out, "check %s %s | ", results[c->result], c->name);
	if (c->has_numbers)
		fprintf(d->out, "%" PRIu64 " %" PRIu64, c->a, c->b);
	fprintf(d->out, " | %s\n", c->text);
	return 0;
}

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void compare(struct dump *d, const char *file)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	struct record *r = mmap(NULL, sizeof *r, PROT_READ, MAP_SHARED, fd, 0);
	uint64_t used = d->used.count, live = 0, addr, usable;
	size_t it = 0;

	if (fd < 0 || r == MAP_FAILED || r->overflow || r->lock) {
		fprintf(d->out, "error: %s is of no use\n", file);
		return;
	}
	for (size_t i = 0; i < RECORD_SLOTS; i++) {
		addr = r->slot[i].addr;
		if (addr <= RECORD_GONE)
			continue;
		live++;
		if (!u64map_get(&d->used, addr, &usable))
			fprintf(d->out, "missing 0x%" PRIx64 " %" PRIu64 "\n",
				addr, r->slot[i].size);
		else if (usable != r->slot[i].size)
			fprintf(d->out,
				"short 0x%" PRIx64 " %" PRIu64 " of %" PRIu64
				"\n",
				addr, usable, r->slot[i].size);
		u64map_remove(&d->used, addr);
	}
	while (u64map_next(&d->used, &it, &addr, &usable))
		if (!u64map_get(&d->tcaches, addr, NULL))
			fprintf(d->out,
				"unexplained 0x%" PRIx64 " %" PRIu64 "\n", addr,
				usable);
	fprintf(d->out, "recorded %" PRIu64 " used %" PRIu64 " tcaches %zu\n",
		live, used, d->tcaches.count);
	munmap(r, sizeof *r);
	close(fd);
}

static int dump(struct target *t, void *state, const struct opts *o,
		char **text, uint64_t *us, struct error *err)
{
	struct dump d = {.quiet = o->quiet};
	struct malloc_sink sink = {.copy = on_copy,
				   .arena = on_arena,
				   .region = on_region,
				   .chunks = on_chunks,
				   .tcache = on_tcache,
				   .defect = on_defect,
				   .check = on_check,
				   .ctx = &d};
	size_t len;
	int rc;

	d.out = open_memstream(text, &len);
	*us = now_us();
	rc = allocator_glibc.walk(t, state, &sink, err);
	*us = now_us() - *us;
	print_totals(&d);
	fprintf(d.out, "chunks %" PRIu64 "\n", d.chunks);
	if (!rc && o->recorded)
		compare(&d, o->recorded);
	u64map_deinit(&d.used);
	u64map_deinit(&d.tcaches);
	fclose(d.out);
	free(d.arena);
	return rc;
}

static int copy(struct target *t, struct image *image, struct error *err)
{
	for (size_t i = 0; i < t->maps.count; i++) {
		const struct map *m = &t->maps.map[i];

		if (!(m->prot & MAP_R) || m->prot & MAP_S ||
		    !(m->prot & MAP_W || map_is_anonymous(m)))
			continue;
		if (image_copy(image, t, m->start, m->end, map_is_anonymous(m),
			       UINT64_MAX, err) < 0)
			return -1;
	}
	return 0;
}

static int run(const struct opts *o, struct target *t, struct error *err)
{
	struct symbols *symbols = NULL;
	struct image *image = image_create();
	struct target *copied = NULL;
	void *state = NULL;
	char *live = NULL, *again = NULL;
	uint64_t us, probe = now_us();
	int rc = symbols_open(t, &o->symbols, &symbols, err);

	if (!rc)
		rc = allocator_glibc.probe(t, symbols, &state, err);
	probe = now_us() - probe;
	if (rc == 0) {
		printf("no glibc here\n");
		goto out;
	}
	if (rc < 0)
		goto out;
	printf("glibc %s\nsummary %s\n", allocator_glibc.version(state),
	       allocator_glibc.summary(state));
	if ((rc = target_stop(t, err)) < 0 ||
	    (rc = dump(t, state, o, &live, &us, err)) < 0)
		goto out;
	printf("%stime probe %" PRIu64 "\ntime live %" PRIu64 "\n", live, probe,
	       us);
	if ((rc = copy(t, image, err)) < 0 ||
	    (rc = target_resume(t, err)) < 0 ||
	    (rc = target_open_image(image, false, t, false, &copied, err)) <
		    0 ||
	    (rc = dump(copied, state, o, &again, &us, err)) < 0)
		goto out;
	printf("copy %s\ntime copy %" PRIu64 "\n",
	       strcmp(live, again) ? "differs" : "same", us);
	if (strcmp(live, again))
		printf("%s", again);
out:
	free(live);
	free(again);
	target_close(copied);
	image_destroy(image);
	allocator_glibc.release(state);
	symbols_close(symbols);
	return rc < 0 ? -1 : 0;
}

/* As if no file could be had, by its mapping or by its name. */
static void hide_files(struct target *t)
{
	static struct target_ops ops;

	ops = *t->ops;
	ops.open_map = NULL;
	t->ops = &ops;
}

int main(int argc, char **argv)
{
	struct opts o = {0};
	struct target *t;
	struct error err;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--debug-dir") && i + 1 < argc)
			o.symbols.debug_dir = argv[++i];
		else if (!strcmp(argv[i], "--recorded") && i + 1 < argc)
			o.recorded = argv[++i];
		else if (!strcmp(argv[i], "--quiet"))
			o.quiet = true;
		else if (!strcmp(argv[i], "--no-files"))
			o.no_files = true;
		else
			o.pid = atoi(argv[i]);
	}
	if (emergency_install(&err) < 0 ||
	    target_open_live(o.pid, NULL, &t, &err) < 0) {
		printf("error %s\n", err.msg);
		return 1;
	}
	if (o.no_files)
		hide_files(t);

	int rc = run(&o, t, &err);

	if (rc < 0)
		printf("error %s\n", err.msg);
	target_close(t);
	return rc ? 1 : 0;
}

/*
 * Saves the heap of a process as an image that tests walk later, anywhere:
 *
 *   saveimage NAME RECORDED MANIFEST PID FILE
 *
 * RECORDED is the file of recorder.c; MANIFEST what the fixture printed, whose
 * "used" lines must be in it and whose mallinfo2 numbers are kept.  FILE is
 * compressed.  What the walk would find is not asked here but for where the
 * arenas are: the oracle is the process.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zstd.h>

#include "base/alloc.h"
#include "base/emergency.h"
#include "base/sort.h"
#include "base/strbuf.h"
#include "symbols/symbols.h"
#include "target/image.h"
#include "tests/lib/record.h"
#include "tests/lib/saved_image.h"

struct saver {
	struct target *target;
	const struct glibc *g;
	struct u64map used;
	struct u64map regions; /* start to end, from the walk */
	uint64_t totals[SAVED_TOTALS];
	struct strbuf text, bytes;
};

static _Noreturn void die(const char *what, const char *which)
{
	fprintf(stderr, "saveimage: %s: %s\n", which, what);
	exit(1);
}

static void read_recorded(struct saver *s, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct record *r = mmap(NULL, sizeof *r, PROT_READ, MAP_SHARED, fd, 0);
	struct error err;

	if (fd < 0 || r == MAP_FAILED || r->overflow || r->lock)
		die("of no use", path);
	for (size_t i = 0; i < RECORD_SLOTS; i++)
		if (r->slot[i].addr > RECORD_GONE &&
		    u64map_put(&s->used, r->slot[i].addr, r->slot[i].size,
			       &err) < 0)
			die(err.msg, path);
	munmap(r, sizeof *r);
	close(fd);
}

/* What the fixture says of itself: both must know the same. */
static void read_manifest(struct saver *s, const char *path)
{
	FILE *file = fopen(path, "r");
	char line[1024];
	unsigned told = 0, totals = 0;

	if (!file)
		die("cannot be read", path);
	while (fgets(line, sizeof line, file)) {
		uint64_t addr, usable, recorded;
		char *at = strchr(line, ':');

		if (sscanf(line, "used 0x%" SCNx64 " %" SCNu64, &addr,
			   &usable) == 2) {
			told++;
			if (!u64map_get(&s->used, addr, &recorded) ||
			    recorded != usable)
				die("the recorder has another size", line);
		}
		if (strncmp(line, "mallinfo2", 9))
			continue;
		for (totals = 0; at && totals < SAVED_TOTALS; totals++) {
			s->totals[totals] = strtoull(at + 1, NULL, 10);
			at = strchr(at + 1, ':');
		}
	}
	fclose(file);
	if (!told || totals != SAVED_TOTALS)
		die("says too little", path);
}

static int on_region(void *ctx, const struct heap_region *r, struct error *err)
{
	struct saver *s = ctx;

	return u64map_put(&s->regions, r->start, r->end, err);
}

/* Those of its pages that were ever touched. */
static void save_pages(struct saver *s, uint64_t start, uint64_t end)
{
	uint64_t page = s->target->page_size;
	struct image *image = image_create();
	struct error err;

	start -= start % page;
	end += -end % page;
	if (image_copy(image, s->target, start, end, true, UINT64_MAX, &err) <
	    0)
		die(err.msg, "memory");
	for (size_t i = 0; i < image->run_count; i++) {
		const struct image_run *run = &image->run[i];

		strbuf_addf(&s->text, "run %" PRIx64 " %" PRIx64 "\n",
			    run->start, run->end - run->start);
		strbuf_addn(&s->bytes, run->bytes, run->end - run->start);
	}
	image_destroy(image);
}

static bool in_region(const struct saver *s, uint64_t addr)
{
	uint64_t start, end;
	size_t it = 0;

	while (u64map_next(&s->regions, &it, &start, &end))
		if (addr >= start && addr < end)
			return true;
	return false;
}

/* Where the mapping of an mmapped chunk begins: its header says. */
static uint64_t mapping_base(struct saver *s, uint64_t user)
{
	uint64_t chunk = user - 2 * s->target->word, offset;
	struct error err;

	if (target_read_word(s->target, chunk, &offset, &err) < 0)
		die(err.msg, "an mmapped chunk");
	/* Bit 0 is a flag there since 2.43. */
	return chunk - (offset & ~UINT64_C(1));
}

static void save_memory(struct saver *s)
{
	uint64_t start, end, user, usable;
	const struct map *brk = NULL;
	size_t it = 0;

	for (size_t i = 0; i < s->target->maps.count; i++)
		if (!strcmp(s->target->maps.map[i].path, "[heap]"))
			brk = &s->target->maps.map[i];
	if (!brk)
		die("there is none", "[heap]");
	save_pages(s, brk->start, brk->end);
	while (u64map_next(&s->regions, &it, &start, &end))
		if (start < brk->start || start >= brk->end)
			save_pages(s, start, end);
	it = 0;
	while (u64map_next(&s->used, &it, &user, &usable))
		if (!in_region(s, user))
			save_pages(s, mapping_base(s, user), user + usable);
}

static void save_maps(struct saver *s)
{
	const struct glibc_data *d = &s->g->data;

	for (size_t i = 0; i < s->target->maps.count; i++) {
		const struct map *m = &s->target->maps.map[i];
		bool libc = m->end > d->start && m->start < d->end;
		bool anonymous = map_is_anonymous(m);

		/* Files matter to nobody; the rest of a reservation, and what
		 * lies between heaps, does. */
		if (!strncmp(m->path, "[stack", 6) || !(libc || anonymous))
			continue;
		strbuf_addf(&s->text,
			    "map %" PRIx64 "-%" PRIx64 " %c%c%cp 00000000 "
			    "%s\n",
			    m->start, m->end, m->prot & MAP_R ? 'r' : '-',
			    m->prot & MAP_W ? 'w' : '-',
			    m->prot & MAP_X ? 'x' : '-',
			    !anonymous			 ? "08:01 7 /libc.so.6"
			    : !strcmp(m->path, "[heap]") ? "00:00 0 [heap]"
							 : "00:00 0 ");
	}
}

/* libc's own data, and its block of each thread. */
static void save_libc(struct saver *s)
{
	const struct glibc *g = s->g;
	const struct glibc_tls *tls = &g->tls;
	uint64_t len = g->data.end - g->data.start;
	AUTO_FREE uint8_t *data = xmalloc(len);
	struct error err;

	if (target_read(s->target, g->data.start, data, len, &err) < 0)
		die(err.msg, "libc's data");
	strbuf_addf(&s->text, "run %" PRIx64 " %" PRIx64 "\n", g->data.start,
		    len);
	strbuf_addn(&s->bytes, data, len);
	for (size_t i = 0; i < s->target->thread_count; i++) {
		const struct thread *t = &s->target->thread[i];
		uint64_t tp = thread_regs_tp(&t->regs);
		AUTO_FREE uint8_t *block = xcalloc(1, tls->size);

		if (!tls->known ||
		    target_read(s->target, tp + (uint64_t)tls->offset, block,
				tls->size, &err) < 0)
			die("cannot be read", "a thread-local block");
		strbuf_addf(&s->text,
			    "thread %d %" PRIx64 " %" PRIx64 " %" PRIx64
			    "\nrun %" PRIx64 " %" PRIx64 "\n",
			    (int)i + 1, tp, t->regs.r[REG_RSP_],
			    t->regs.r[REG_RIP_], tp + (uint64_t)tls->offset,
			    tls->size);
		strbuf_addn(&s->bytes, block, tls->size);
	}
}

static void save_text(struct saver *s, const char *name)
{
	const struct glibc *g = s->g;
	AUTO_FREE struct sort_pair *used = xcalloc(s->used.count, sizeof *used);
	uint64_t addr, size;
	size_t it = 0, n = 0;
	struct error err;

	strbuf_addf(&s->text,
		    SAVED_FIRST "\nglibc %s %s\nword %x\npage %x\n"
				"data %" PRIx64 " %" PRIx64 "\n"
				"relro %" PRIx64 " %" PRIx64 "\n"
				"text %" PRIx64 " %" PRIx64 "\n"
				"arena %" PRIx64 "\nmp %" PRIx64 "\n"
				"tls %" PRIx64 " %" PRIx64 " %" PRIx64 "\n",
		    name, g->version, s->target->word, s->target->page_size,
		    g->data.start, g->data.end, g->data.relro_start,
		    g->data.relro_end, g->text_start, g->text_end,
		    g->main_arena, g->mp, (uint64_t)g->tls.offset, g->tls.size,
		    (uint64_t)g->tls.tcache);
	strbuf_add(&s->text, "mallinfo2");
	for (unsigned i = 0; i < SAVED_TOTALS; i++)
		strbuf_addf(&s->text, " %" PRIx64, s->totals[i]);
	strbuf_addc(&s->text, '\n');
	while (u64map_next(&s->used, &it, &addr, &size))
		used[n++] = (struct sort_pair){addr, size};
	if (sort_pairs(used, n, &err) < 0)
		die(err.msg, "sort");
	for (size_t i = 0; i < n; i++)
		strbuf_addf(&s->text, "used %" PRIx64 " %" PRIx64 "\n",
			    used[i].key, used[i].value);
}

static void write_file(struct saver *s, const char *path)
{
	size_t cap, len;
	AUTO_FREE char *packed = NULL;
	FILE *file;

	strbuf_add(&s->text, "end\n");
	strbuf_addn(&s->text, s->bytes.s, s->bytes.len);
	cap = ZSTD_compressBound(s->text.len);
	packed = xmalloc(cap);
	len = ZSTD_compress(packed, cap, s->text.s, s->text.len, 19);
	file = fopen(path, "wb");
	if (ZSTD_isError(len) || !file || fwrite(packed, 1, len, file) != len ||
	    fclose(file))
		die("cannot be written", path);
	printf("%s: %zu bytes of %zu\n", path, len, s->text.len);
}

int main(int argc, char **argv)
{
	struct symbols_opts opts = {.debug_dir = "/nonexistent"};
	struct saver s = {0};
	struct malloc_sink sink = {.region = on_region, .ctx = &s};
	struct symbols *symbols;
	void *state = NULL;
	struct error err;

	if (argc != 6)
		die("NAME RECORDED MANIFEST PID FILE", "usage");
	read_recorded(&s, argv[2]);
	read_manifest(&s, argv[3]);
	if (emergency_install(&err) < 0 ||
	    target_open_live(atoi(argv[4]), NULL, &s.target, &err) < 0 ||
	    symbols_open(s.target, &opts, &symbols, &err) < 0)
		die(err.msg, argv[4]);
	if (allocator_glibc.probe(s.target, symbols, &state, &err) != 1)
		die("no glibc here", argv[4]);
	s.g = state;
	if (target_stop(s.target, &err) < 0 ||
	    allocator_glibc.walk(s.target, state, &sink, &err) < 0)
		die(err.msg, argv[4]);
	save_text(&s, argv[1]);
	save_libc(&s);
	save_maps(&s);
	save_memory(&s);
	target_close(s.target);
	write_file(&s, argv[5]);
	allocator_glibc.release(state);
	symbols_close(symbols);
	u64map_deinit(&s.used);
	u64map_deinit(&s.regions);
	strbuf_deinit(&s.text);
	strbuf_deinit(&s.bytes);
	return 0;
}

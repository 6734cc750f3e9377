#include "tests/lib/saved_image.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "target/image.h"
#include "tests/lib/marks.h"

enum { MAX_FILE = 1 << 20, MAX_IMAGE = 64 << 20 };

struct reader {
	struct saved_image *image;
	const char *path;
	struct image *bytes; /* owned by the target */
	struct strbuf maps;
	struct thread thread[16];
	size_t threads;
	struct {
		uint64_t start, len;
	} run[512];
	size_t runs;
};

/* The file, decompressed, with a 0 behind it; the caller frees it. */
static char *unpack(const char *path, size_t *len)
{
	AUTO_FREE char *packed = xmalloc(MAX_FILE);
	FILE *file = fopen(path, "rb");
	unsigned long long size;
	size_t n;
	char *out;

	ck_assert_msg(file, "%s cannot be opened", path);
	n = fread(packed, 1, MAX_FILE, file);
	fclose(file);
	ck_assert_msg(n < MAX_FILE, "%s is too long", path);
	size = ZSTD_getFrameContentSize(packed, n);
	ck_assert_msg(size < MAX_IMAGE, "%s is no image", path);
	out = xcalloc(1, size + 1);
	*len = ZSTD_decompress(out, size, packed, n);
	ck_assert_msg(*len == size, "%s is damaged", path);
	return out;
}

/* key START END ... : up to three numbers of a line. */
static void take_numbers(struct reader *r, const char *key, uint64_t a,
			 uint64_t b, uint64_t c)
{
	struct saved_image *image = r->image;
	struct glibc *g = &image->g;
	struct error err;

	if (!strcmp(key, "word"))
		image->target->word = (unsigned)a;
	else if (!strcmp(key, "page"))
		image->target->page_size = (uint32_t)a;
	else if (!strcmp(key, "data"))
		g->data.start = a, g->data.end = b;
	else if (!strcmp(key, "relro"))
		g->data.relro_start = a, g->data.relro_end = b;
	else if (!strcmp(key, "text"))
		g->text_start = a, g->text_end = b;
	else if (!strcmp(key, "arena"))
		g->main_arena = a;
	else if (!strcmp(key, "mp"))
		g->mp = a;
	else if (!strcmp(key, "tls"))
		g->tls = (struct glibc_tls){true, (int64_t)a, b, (int64_t)c};
	else if (!strcmp(key, "used"))
		ck_assert(!u64map_put(&image->used, a, b, &err));
	else if (!strcmp(key, "run")) {
		ck_assert(r->runs < sizeof r->run / sizeof *r->run);
		r->run[r->runs].start = a;
		r->run[r->runs++].len = b;
	} else {
		ck_abort_msg("%s: %s", r->path, key);
	}
}

static void take_thread(struct reader *r, const char *words)
{
	struct thread *t = &r->thread[r->threads++];
	uint64_t tp, sp, pc;
	int tid;

	ck_assert(r->threads <= sizeof r->thread / sizeof *r->thread);
	ck_assert_int_eq(sscanf(words, "%d %" SCNx64 " %" SCNx64 " %" SCNx64,
				&tid, &tp, &sp, &pc),
			 4);
	*t = (struct thread){.tid = tid,
			     .state = 'S',
			     .has_regs = true,
			     .has_vectors = true};
	t->regs.fs_base = t->regs.gs_base = tp;
	t->regs.r[REG_RSP_] = sp;
	t->regs.r[REG_RIP_] = pc;
}

static void take_line(struct reader *r, char *line)
{
	char *words = line + strcspn(line, " ");
	uint64_t n[3] = {0};

	if (*words)
		*words++ = '\0';
	if (!strcmp(line, "glibc")) {
		snprintf(r->image->glibc, sizeof r->image->glibc, "%s", words);
	} else if (!strcmp(line, "map")) {
		strbuf_addf(&r->maps, "%s\n", words);
	} else if (!strcmp(line, "thread")) {
		take_thread(r, words);
	} else if (!strcmp(line, "mallinfo2")) {
		for (unsigned i = 0; i < SAVED_TOTALS; i++)
			r->image->totals[i] = strtoull(words, &words, 16);
	} else {
		for (unsigned i = 0; i < 3; i++)
			n[i] = strtoull(words, &words, 16);
		take_numbers(r, line, n[0], n[1], n[2]);
	}
}

static void finish(struct reader *r, const char *bytes, const char *end)
{
	struct target *t = r->image->target;
	struct error err;

	for (size_t i = 0; i < r->runs; i++) {
		ck_assert((uint64_t)(end - bytes) >= r->run[i].len);
		ck_assert(!image_add(r->bytes, r->run[i].start, bytes,
				     r->run[i].len, &err));
		bytes += r->run[i].len;
	}
	ck_assert_msg(bytes == end, "%s: bytes are left", r->path);
	ck_assert_msg(
		!maps_parse(strbuf_str(&r->maps), r->maps.len, &t->maps, &err),
		"%s: %s", r->path, err.msg);
	strbuf_deinit(&r->maps);
	for (size_t i = 0; i < r->threads; i++)
		r->thread[i].regs.is32 = t->word == 4;
	t->thread = xcalloc(r->threads, sizeof *t->thread);
	memcpy(t->thread, r->thread, r->threads * sizeof *t->thread);
	t->thread_count = r->threads;
}

void saved_image_load(struct saved_image *image, const char *path)
{
	struct reader r = {.image = image, .path = path};
	size_t len;
	AUTO_FREE char *text = unpack(path, &len);
	char *line = text, *next;
	struct error err;

	*image = (struct saved_image){.g.module = "/libc.so.6"};
	image->g.ahead_bytes = UINT64_MAX;
	r.bytes = image_create();
	ck_assert(!target_open_image(r.bytes, true, NULL, false, &image->target,
				     &err));
	ck_assert_msg(!strncmp(text, SAVED_FIRST "\n", sizeof SAVED_FIRST),
		      "%s is of another kind", path);
	while ((next = strchr(line, '\n'))) {
		*next++ = '\0';
		if (!strcmp(line, "end"))
			break;
		if (line != text)
			take_line(&r, line);
		line = next;
	}
	ck_assert_msg(next, "%s has no end", path);
	finish(&r, next, text + len);
}

void saved_image_deinit(struct saved_image *image)
{
	target_close(image->target);
	u64map_deinit(&image->used);
}

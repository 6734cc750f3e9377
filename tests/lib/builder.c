#include "tests/lib/builder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/sort.h"
#include "tests/lib/marks.h"

void builder_map(struct builder *b, uint64_t start, uint64_t end,
		 const char *perms, unsigned inode, const char *path)
{
	size_t i = b->map_count++;

	ck_assert_uint_lt(i, BUILDER_MAX);
	b->map[i].start = start;
	b->map[i].end = end;
	b->map[i].bytes = xcalloc(1, end - start);
	snprintf(b->map[i].line, sizeof b->map[i].line,
		 "%jx-%jx %s 00000000 08:01 %u %s\n", (uintmax_t)start,
		 (uintmax_t)end, perms, inode, path);
	if (!inode)
		memcpy(strstr(b->map[i].line, "08:01"), "00:00", 5);
}

void builder_heap(struct builder *b, uint32_t arena, uint64_t start,
		  uint64_t end)
{
	b->region[b->region_count++] = (struct heap_region){start, end, arena};
	b->next = start;
	b->in_arena = arena;
	if (arena < b->arena_count)
		return;
	b->arena[b->arena_count++] = (struct arena){
		.index = arena,
		.addr = start - 0x900,
		.is_main = arena == 0,
		.initialised = true,
		.heaps = 1,
	};
}

static uint64_t add(struct builder *b, const struct chunk *chunk)
{
	if (b->chunk_count == b->chunk_cap) {
		b->chunk_cap = b->chunk_cap ? 2 * b->chunk_cap : 64;
		b->chunk = xrealloc(b->chunk, b->chunk_cap * sizeof *chunk);
	}
	b->chunk[b->chunk_count++] = *chunk;
	return chunk->addr;
}

uint64_t builder_chunk(struct builder *b, uint64_t class,
		       enum chunk_state state)
{
	struct chunk chunk = {.addr = b->next + 16,
			      .size = class - 8,
			      .arena = b->in_arena & 0xfff,
			      .state = state};

	b->next += class;
	return add(b, &chunk);
}

uint64_t builder_mmapped(struct builder *b, uint64_t start, uint64_t size)
{
	struct chunk chunk = {.addr = start + 16,
			      .size = size - 16,
			      .arena = ARENA_MMAPPED,
			      .state = CHUNK_USED};

	return add(b, &chunk);
}

void builder_thread(struct builder *b, pid_t tid, const char *name,
		    uint64_t rsp, uint64_t tp)
{
	struct thread *t = &b->thread[b->thread_count++];

	*t = (struct thread){.tid = tid,
			     .state = 'S',
			     .has_regs = true,
			     .has_vectors = true};
	snprintf(t->name, sizeof t->name, "%s", name);
	t->regs.r[REG_RSP_] = rsp;
	t->regs.fs_base = tp;
}

static uint8_t *at(const struct builder *b, uint64_t addr, size_t len)
{
	for (size_t i = 0; i < b->map_count; i++)
		if (addr >= b->map[i].start && addr + len <= b->map[i].end)
			return b->map[i].bytes + (addr - b->map[i].start);
	ck_abort_msg("0x%jx is in no map", (uintmax_t)addr);
	return NULL;
}

void builder_put(struct builder *b, uint64_t addr, uint64_t word)
{
	memcpy(at(b, addr, 8), &word, 8);
}

void builder_text(struct builder *b, uint64_t addr, const char *text)
{
	memcpy(at(b, addr, strlen(text) + 1), text, strlen(text) + 1);
}

uint64_t builder_get(const struct builder *b, uint64_t addr)
{
	uint64_t word;

	memcpy(&word, at(b, addr, 8), 8);
	return word;
}

static ssize_t read_memory(struct target *target, uint64_t addr, void *buf,
			   size_t len)
{
	const struct builder *b = target->impl;

	for (size_t i = 0; i < b->map_count; i++) {
		if (addr < b->map[i].start || addr >= b->map[i].end)
			continue;
		if (len > b->map[i].end - addr)
			len = b->map[i].end - addr;
		memcpy(buf, b->map[i].bytes + (addr - b->map[i].start), len);
		return (ssize_t)len;
	}
	errno = EFAULT;
	return -1;
}

static int stop(struct target *target, struct error *err)
{
	(void)err;
	target->state = TARGET_STOPPED;
	return 0;
}

static int resume(struct target *target, struct error *err)
{
	(void)err;
	target->state = TARGET_RUNNING;
	target->stopped_us = 1;
	return 0;
}

static void nothing(struct target *target)
{
	(void)target;
}

static const struct target_ops ops = {
	.kind = "test",
	.read = read_memory,
	.stop = stop,
	.resume = resume,
	.close = nothing,
};

static int by_start(const void *x, const void *y)
{
	/* The lines begin with addresses of equal length or shorter ones. */
	const char *const *a = x, *const *b = y;

	return strtoull(*a, NULL, 16) < strtoull(*b, NULL, 16) ? -1 : 1;
}

static void parse_maps(const struct builder *b, struct maps *out)
{
	const char *line[BUILDER_MAX];
	char text[BUILDER_MAX * 160] = "";
	struct error err;

	for (size_t i = 0; i < b->map_count; i++)
		line[i] = b->map[i].line;
	qsort(line, b->map_count, sizeof *line, by_start);
	for (size_t i = 0; i < b->map_count; i++)
		strcat(text, line[i]);
	ck_assert_msg(!maps_parse(text, strlen(text), out, &err), "%s",
		      err.msg);
}

struct target *builder_target(struct builder *b)
{
	struct target *target = xcalloc(1, sizeof *target);

	target->ops = &ops;
	target->pid = 4711;
	strcpy(target->exe, "/usr/bin/made");
	strcpy(target->comm, "made");
	target->page_size = 4096;
	target->word = 8;
	target->impl = b;
	target->notes = xstrdup("");
	parse_maps(b, &target->maps);
	target->thread = xcalloc(b->thread_count, sizeof *target->thread);
	memcpy(target->thread, b->thread,
	       b->thread_count * sizeof *target->thread);
	target->thread_count = b->thread_count;
	return target;
}

static void *copy(const void *from, size_t count, size_t size)
{
	void *to = xcalloc(count, size);

	if (count)
		memcpy(to, from, count * size);
	return to;
}

static void add_contents(const struct builder *b, struct snapshot *s)
{
	struct error err;

	s->contents = image_create();
	for (size_t i = 0; i < b->map_count; i++)
		if (b->map[i].line[strcspn(b->map[i].line, " ") + 2] == 'w')
			ck_assert(!image_add(
				s->contents, b->map[i].start, b->map[i].bytes,
				b->map[i].end - b->map[i].start, &err));
	ck_assert(!target_open_image(s->contents, false, NULL, false,
				     &s->memory, &err));
	ck_assert(!maps_copy(&s->maps, &s->memory->maps, &err));
}

struct snapshot *builder_snapshot(struct builder *b)
{
	struct snapshot *s = xcalloc(1, sizeof *s);
	struct error err;

	strcpy(s->name, "made");
	s->word = 8;
	s->mmapped_overhead = 16;
	s->notes = xstrdup("");
	parse_maps(b, &s->maps);
	s->chunk = copy(b->chunk, b->chunk_count, sizeof *s->chunk);
	s->chunk_count = (uint32_t)b->chunk_count;
	ck_assert(!sort_by_u64(s->chunk, s->chunk_count, sizeof *s->chunk, 0,
			       &err));
	s->region = copy(b->region, b->region_count, sizeof *s->region);
	s->region_count = b->region_count;
	s->arena = copy(b->arena, b->arena_count, sizeof *s->arena);
	s->arena_count = b->arena_count;
	s->thread = xcalloc(b->thread_count, sizeof *s->thread);
	s->thread_count = (uint32_t)b->thread_count;
	for (uint32_t i = 0; i < s->thread_count; i++) {
		const struct map *map;

		s->thread[i].thread = b->thread[i];
		s->thread[i].stack_start =
			b->thread[i].regs.r[REG_RSP_] - RED_ZONE;
		map = maps_find(&s->maps, s->thread[i].stack_start);
		s->thread[i].stack_end = map ? map->end : 0;
	}
	add_contents(b, s);
	ck_assert_msg(!spans_build(s, &err), "%s", err.msg);
	return s;
}

void builder_deinit(struct builder *b)
{
	for (size_t i = 0; i < b->map_count; i++)
		free(b->map[i].bytes);
	free(b->chunk);
	*b = (struct builder){0};
}

static const char *version(const void *state)
{
	(void)state;
	return "2.36";
}

/* Reads each chunk's header, as a walk does, and tells the chunks one by one.
 */
static int walk(struct target *target, void *state, struct malloc_sink *sink,
		struct error *err)
{
	const struct builder *b = state;
	uint64_t word;

	sink->word = 8;
	sink->mmapped_overhead = 16;
	for (uint32_t i = 0; i < b->arena_count; i++)
		if (sink->arena(sink->ctx, &b->arena[i], err))
			return -1;
	for (uint32_t i = 0; i < b->region_count; i++)
		if (sink->region(sink->ctx, &b->region[i], err))
			return -1;
	for (size_t i = 0; i < b->chunk_count; i++) {
		struct defect defect = {.addr = b->chunk[i].addr,
					.kind = DEFECT_UNREADABLE,
					.what = "cannot be read"};

		if (target_read_word(target, b->chunk[i].addr - 8, &word, err)
			    ? sink->defect(sink->ctx, &defect, err)
			    : sink->chunks(sink->ctx, &b->chunk[i], 1, err))
			return -1;
	}
	return 0;
}

static void release(void *state)
{
	(void)state;
}

const struct allocator builder_allocator = {
	.name = "glibc",
	.version = version,
	.summary = version,
	.walk = walk,
	.release = release,
};

/*
 * Libc's thread-local block of every thread (GLIBC.md 8.4), copied.
 *
 * One block may be several tasks': workers of the kernel's (io_uring) have the
 * thread pointer of the thread they work for, and so have threads made by
 * clone() without CLONE_SETTLS.  What malloc keeps in it is there once, and is
 * of the thread that the block was made for: its descriptor, which begins where
 * the thread pointer points, has its number.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "malloc/walk.h"

enum {
	MAX_BLOCK = 4096,
	/* Where in struct pthread its tid can be, bytes: 0x68 (i386), 0x2d0
	 * (x86-64), behind the head that the linker knows. */
	TID_FROM = 0x60,
	TID_UPTO = 0x300
};

static bool read_block(struct walk *w, const struct thread *t, uint8_t *to,
		       size_t size)
{
	const struct glibc_tls *tls = &w->g->tls;
	uint64_t tp = thread_regs_tp(&t->regs), at = tp + (uint64_t)tls->offset;
	const struct map *map;

	if (pages_read(&w->pages, at, to, size))
		return true;
	/* One that was guessed may reach below the memory of the thread. */
	map = maps_find(&w->target->maps, tp - 1);
	if (!tp || !map || at >= map->start)
		return false;
	to += map->start - at;
	return pages_read(&w->pages, map->start, to, size - (map->start - at));
}

/* Where in a descriptor the number of this thread is; TID_UPTO: nowhere. */
static unsigned tid_at(struct walk *w, const struct thread *t)
{
	uint64_t tp = thread_regs_tp(&t->regs);
	uint8_t tid[4];

	for (unsigned at = TID_FROM; at < TID_UPTO; at += sizeof tid)
		if (pages_read(&w->pages, tp + at, tid, sizeof tid) &&
		    load32(tid) == (uint32_t)t->tid)
			return at;
	return TID_UPTO;
}

/* Which threads are the owners of the blocks that they have.  Where no number
 * tells (in a namespace threads have others), the first is: it made the rest.
 */
static int find_owners(struct walk *w, bool *owner, struct error *err)
{
	const struct thread *t = w->target->thread;
	struct u64map by_tp = {0};
	int rc = 0;

	for (size_t i = 0; !rc && i < w->target->thread_count; i++) {
		uint64_t tp = thread_regs_tp(&t[i].regs), other;

		owner[i] = t[i].has_regs && !thread_regs_kernel(&t[i].regs);
		if (!owner[i] || !tp)
			continue;
		if (u64map_get(&by_tp, tp, &other)) {
			owner[i] = tid_at(w, &t[i]) < tid_at(w, &t[other]);
			owner[other] = !owner[i];
		}
		if (owner[i])
			rc = u64map_put(&by_tp, tp, i, err);
	}
	u64map_deinit(&by_tp);
	return rc;
}

bool tls_blocks_several(struct walk *w)
{
	size_t own = 0;

	for (size_t i = 0; own < 2 && i < w->target->thread_count; i++) {
		const struct thread *t = &w->target->thread[i];

		own += t->has_regs && !thread_regs_kernel(&t->regs) &&
		       thread_regs_tp(&t->regs) && tid_at(w, t) < TID_UPTO;
	}
	return own > 1;
}

int tls_blocks_read(struct walk *w, struct tls_blocks *b, struct error *err)
{
	const struct glibc_tls *tls = &w->g->tls;
	size_t n = w->target->thread_count;
	AUTO_FREE bool *owner = xcalloc(n ? n : 1, sizeof *owner);

	b->size = tls->size & ~(size_t)(w->form.word - 1);
	if (b->size > MAX_BLOCK)
		b->size = MAX_BLOCK;
	b->bytes = try_calloc(n ? n : 1, b->size ? b->size : 1,
			      "thread-local blocks", err);
	if (!b->bytes)
		return -1;
	b->known = xcalloc(n ? n : 1, sizeof *b->known);
	if (find_owners(w, owner, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		const struct thread *t = &w->target->thread[i];

		b->known[i] = tls->known && owner[i] &&
			      read_block(w, t, b->bytes + i * b->size, b->size);
		b->knowns += b->known[i];
		/* Who has none of its own lacks nothing. */
		w->copy->threads_unknown +=
			!b->known[i] && (owner[i] || !t->has_regs);
	}
	return 0;
}

uint64_t tls_blocks_word(const struct walk *w, const struct tls_blocks *b,
			 size_t thread, size_t at)
{
	return b->known[thread] ? load_word(b->bytes + thread * b->size + at,
					    w->form.word)
				: 0;
}

void tls_blocks_deinit(struct tls_blocks *b)
{
	free(b->bytes);
	free(b->known);
}

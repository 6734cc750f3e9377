/* The walk over heaps built byte by byte: sound ones, and damaged ones. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "malloc/mallinfo.h"
#include "tests/lib/fake_fill.h"
#include "tests/lib/hs_test.h"
#include "unwind/stack.h"

static struct fake_heap f;
static struct fake_walk w, sound;
static struct error err;

/* A sound heap, walked, in "sound"; then the test damages f. */
static void begin(void)
{
	fake_init(&f);
	OK(fake_walk(&f, &sound, &err));
	ck_assert_msg(!sound.defects, "0x%lx: %s",
		      (unsigned long)sound.defect[0].addr,
		      sound.defect[0].what);
	ck_assert_uint_eq(fake_failed(&sound), 0);
}

/* Walks; damage must be told at addr. */
static const struct defect *damaged(uint64_t addr, enum defect_kind kind)
{
	const struct defect *d;

	OK(fake_walk(&f, &w, &err));
	fake_invariants(&w);
	ck_assert_msg(w.defects, "no defect");
	d = fake_defect(&w, addr);
	ck_assert_msg(d, "no defect at 0x%lx, but at 0x%lx: %s",
		      (unsigned long)addr, (unsigned long)w.defect[0].addr,
		      w.defect[0].what);
	ck_assert_msg(d->kind == kind, "kind %d: %s", (int)d->kind, d->what);
	ck_assert(d->what[0]);
	ck_assert_msg(fake_failed(&w), "no check failed");
	return d;
}

/* Chunks of the sound heap that the damaged one lacks or has otherwise. */
static size_t changed(void)
{
	size_t n = 0;

	for (size_t i = 0; i < sound.chunks; i++) {
		const struct chunk *c = fake_chunk(&w, sound.chunk[i].addr);

		n += !c || c->size != sound.chunk[i].size ||
		     c->state != sound.chunk[i].state;
	}
	return n;
}

static void ends(void)
{
	fake_deinit(&f);
}

static size_t count_state(const struct fake_walk *walk, enum chunk_state state)
{
	size_t n = 0;

	for (size_t i = 0; i < walk->chunks; i++)
		n += walk->chunk[i].state == state;
	return n;
}

TEST(a_sound_heap_is_walked_exactly)
{
	begin();
	/* used, and the tcache struct, and two mmapped */
	ck_assert_uint_eq(count_state(&sound, CHUNK_USED), 2 * FAKE_USED + 3);
	ck_assert_uint_eq(count_state(&sound, CHUNK_FREE), 8 + 3);
	ck_assert_uint_eq(count_state(&sound, CHUNK_CACHED), 3);
	ck_assert_uint_eq(count_state(&sound, CHUNK_TOP), 2);
	for (unsigned i = 0; i < FAKE_USED; i++) {
		ck_assert_uint_eq(fake_chunk(&sound, f.used[0][i])->size,
				  0x38 + 0x10 * i);
		ck_assert_uint_eq(fake_chunk(&sound, f.used[1][i])->arena, 1);
	}
	for (unsigned i = 0; i < 3; i++) {
		ck_assert_uint_eq(fake_chunk(&sound, f.fast[i])->state,
				  CHUNK_FREE);
		ck_assert_uint_eq(fake_chunk(&sound, f.cached[i])->state,
				  CHUNK_CACHED);
	}
	ck_assert_uint_eq(fake_chunk(&sound, f.mapped)->size, 0x2000 - 16);
	ck_assert_uint_eq(fake_chunk(&sound, f.aligned)->size,
			  0x3000 - 0x1f0 - 16);
	ck_assert_uint_eq(sound.tcaches, 1);
	ck_assert_uint_eq(sound.tcache[0].addr, f.cache);
	ck_assert_uint_eq(sound.tcache[0].count, 3);
	ck_assert_uint_eq(sound.tcache[0].bytes, 3 * 0x60);
	ck_assert_uint_eq(sound.tcache[0].arena, 0);
	fake_invariants(&sound);
	ends();
}

TEST(mallinfo_sums_arenas_and_counters)
{
	struct malloc_params params = {.n_mmaps = 2, .mmapped_bytes = 0x5000};
	struct mallinfo2_totals t;

	begin();
	mallinfo2_sum(sound.arena, sound.arenas, &params, &t);
	ck_assert_uint_eq(t.arena, 2 * FAKE_REGION_SIZE);
	ck_assert_uint_eq(t.ordblks, 8 + 2);
	ck_assert_uint_eq(t.smblks, 3);
	ck_assert_uint_eq(t.fsmblks, 3 * 0x30);
	ck_assert_uint_eq(t.hblks, 2);
	ck_assert_uint_eq(t.hblkhd, 0x5000);
	ck_assert_uint_eq(t.usmblks, 0);
	ck_assert_uint_eq(t.keepcost, FAKE_BRK + FAKE_REGION_SIZE - f.top[0]);
	ck_assert_uint_eq(t.uordblks + t.fordblks, t.arena);
	ends();
}

TEST(a_size_word_overwritten_by_text_loses_one_chunk)
{
	begin();
	*fake_size(&f, f.used[0][7]) = 0x4141414141414141;
	damaged(f.used[0][7] - 16, DEFECT_SIZE);
	ck_assert(!fake_chunk(&w, f.used[0][7]));
	ck_assert_uint_eq(changed(), 1);
	ends();
}

TEST(a_size_word_of_zero_loses_one_chunk)
{
	begin();
	*fake_size(&f, f.used[1][3]) = 0;
	damaged(f.used[1][3] - 16, DEFECT_SIZE);
	ck_assert_uint_eq(changed(), 1);
	ends();
}

TEST(a_size_word_beyond_the_heap_loses_one_chunk)
{
	begin();
	*fake_size(&f, f.used[0][0]) = 0x100001;
	damaged(f.used[0][0] - 16, DEFECT_SIZE);
	ck_assert_uint_eq(changed(), 1);
	ends();
}

TEST(a_size_that_is_no_multiple_loses_one_chunk)
{
	begin();
	*fake_size(&f, f.used[0][5]) = 0x49 | 8;
	damaged(f.used[0][5] - 16, DEFECT_SIZE);
	ck_assert_uint_eq(changed(), 1);
	ends();
}

TEST(two_damaged_sizes_make_two_defects)
{
	begin();
	*fake_size(&f, f.used[0][2]) = UINT64_MAX;
	*fake_size(&f, f.used[1][12]) = 7;
	damaged(f.used[0][2] - 16, DEFECT_SIZE);
	ck_assert(fake_defect(&w, f.used[1][12] - 16));
	ck_assert_uint_eq(changed(), 2);
	ends();
}

TEST(the_last_size_before_top_damaged_keeps_top)
{
	begin();
	*fake_size(&f, f.used[0][FAKE_USED - 1]) = 5;
	damaged(f.used[0][FAKE_USED - 1] - 16, DEFECT_SIZE);
	ck_assert(fake_chunk(&w, f.top[0] + 16)->state == CHUNK_TOP);
	ck_assert_uint_eq(changed(), 1);
	ends();
}

TEST(a_footer_that_disagrees_is_told)
{
	begin();
	*fake_word(&f, f.used[0][4] - 16) = 0x1230;
	OK(fake_walk(&f, &w, &err));
	ck_assert_uint_eq(fake_defect(&w, f.freed[0][0] - 16)->kind,
			  DEFECT_SIZE);
	ck_assert_uint_eq(changed(), 0);
	ends();
}

TEST(a_chunk_that_reaches_into_top_ends_there)
{
	begin();
	*fake_size(&f, f.used[0][FAKE_USED - 1]) += 0x40;
	damaged(f.used[0][FAKE_USED - 1] - 16, DEFECT_SIZE);
	ends();
}

TEST(a_bin_that_never_ends_is_a_loop)
{
	begin();
	*fake_word(&f, f.freed[0][3]) = f.freed[0][0] - 16;
	damaged(f.freed[0][3], DEFECT_LOOP);
	ck_assert_uint_eq(changed(), 0);
	ends();
}

TEST(a_bin_that_leads_nowhere_keeps_its_other_end)
{
	begin();
	*fake_word(&f, f.freed[1][1]) = 0x4141414141414140;
	damaged(f.freed[1][1], DEFECT_LINK);
	ck_assert_uint_eq(w.defects, 1 + 0);
	ck_assert_uint_eq(changed(), 0);
	ends();
}

TEST(a_bin_whose_back_link_is_wrong_is_told)
{
	begin();
	*fake_word(&f, f.freed[0][2] + 8) = f.used[0][0];
	OK(fake_walk(&f, &w, &err));
	ck_assert_uint_eq(fake_defect(&w, f.freed[0][2] - 16 + 24)->kind,
			  DEFECT_LINK);
	ends();
}

TEST(a_free_chunk_in_no_bin_is_told)
{
	begin();
	/* The first leads to the third, and back. */
	*fake_word(&f, f.freed[0][0]) = f.freed[0][2] - 16;
	*fake_word(&f, f.freed[0][2] + 8) = f.freed[0][0] - 16;
	damaged(f.freed[0][1] - 16, DEFECT_LINK);
	ck_assert_uint_eq(w.defects, 1);
	ends();
}

TEST(a_bin_head_that_was_overwritten_is_told)
{
	begin();
	memset(fake_word(&f, FAKE_MAIN + 112), 0x41, 16);
	OK(fake_walk(&f, &w, &err));
	ck_assert(fake_failed(&w));
	ck_assert_uint_eq(w.defect[0].kind, DEFECT_LINK);
	ck_assert_uint_eq(changed(), 0);
	ends();
}

TEST(a_tcache_that_counts_too_much_is_told)
{
	begin();
	*fake_word(&f, f.cache + 8) = 6;
	damaged(f.cache + 8, DEFECT_COUNT);
	ck_assert_uint_eq(changed(), 0);
	ends();
}

/* Where struct pthread of x86-64 has the thread's number. */
#define TCB_TID (FAKE_TP + 0x2d0)

TEST(a_tcache_is_of_the_one_thread_whose_storage_it_is_in)
{
	begin();
	/* Of tasks that share it the owner is not the first by number. */
	for (unsigned i = 0; i < 3; i++) {
		f.more[i] = f.thread;
		f.more[i].tid = f.thread.tid + (pid_t)i + 1;
	}
	f.more[2].regs.r[REG_RIP_] = f.more[2].regs.r[REG_RSP_] = 0;
	*fake_word(&f, TCB_TID) = (uint64_t)f.more[1].tid;
	OK(fake_walk(&f, &w, &err));
	ck_assert_uint_eq(w.defects, 0);
	ck_assert_uint_eq(fake_failed(&w), 0);
	ck_assert_uint_eq(changed(), 0);
	ck_assert_uint_eq(w.tcaches, 4);
	for (unsigned i = 0; i < 4; i++) {
		const struct tcache *t = &w.tcache[i];
		bool owner = t->tid == f.more[1].tid;

		ck_assert_uint_eq(t->addr, owner ? f.cache : 0);
		ck_assert_uint_eq(t->count, owner ? 3 : 0);
		ck_assert_uint_eq(t->arena, owner ? 0 : ARENA_MMAPPED);
	}
	ends();
}

TEST(a_tcache_whose_header_is_lost_is_told_and_still_taken)
{
	/* Within the largest chunk, as if that had swallowed it. */
	uint64_t lost, word = FAKE_TP - 0x90 + 9 * 8;
	size_t size = 64 * (2 + 8);

	begin();
	lost = f.used[1][FAKE_USED - 1] + 0x20;
	ck_assert_uint_ge(*fake_size(&f, lost - 0x20), size + 0x30);
	memcpy(fake_bytes(&f, lost), fake_bytes(&f, f.cache), size);
	memset(fake_bytes(&f, f.cache), 0, size);
	*fake_word(&f, word) = lost;
	f.g.tls.tcache = 9 * 8;
	damaged(lost, DEFECT_LINK);
	ck_assert_uint_eq(w.defects, 1);
	ck_assert_uint_eq(changed(), 0);
	/* Nothing of malloc's is there: all that is cached shows as used. */
	*fake_word(&f, word) = FAKE_OTHER + 0x100;
	damaged(FAKE_OTHER + 0x100, DEFECT_LINK);
	ck_assert_uint_eq(changed(), 3);
	ends();
}

TEST(a_tcache_that_two_storages_have_is_told_and_taken_once)
{
	uint64_t other = FAKE_BLOCK + 0x4000;

	begin();
	f.more[0] = f.thread;
	f.more[0].tid = f.thread.tid + 1;
	f.more[0].regs.fs_base = other;
	for (unsigned i = 0; i < 0x90; i += 8)
		*fake_word(&f, other - 0x90 + i) =
			*fake_word(&f, FAKE_TP - 0x90 + i);
	damaged(f.cache, DEFECT_LINK);
	ck_assert_uint_eq(w.defects, 1);
	ck_assert_uint_eq(changed(), 0);
	ends();
}

TEST(a_tcache_list_that_never_ends_is_a_loop)
{
	begin();
	*fake_word(&f, f.cached[2]) = f.cached[0] ^ f.cached[2] >> 12;
	damaged(f.cached[2], DEFECT_LOOP);
	ck_assert_uint_eq(changed(), 0);
	ends();
}

TEST(a_tcache_link_that_was_overwritten_loses_the_rest_of_its_list)
{
	begin();
	*fake_word(&f, f.cached[1]) = 0x4141414141414141;
	damaged(f.cached[1], DEFECT_LINK);
	/* The third looks used now. */
	ck_assert_uint_eq(changed(), 1);
	ck_assert_uint_eq(fake_chunk(&w, f.cached[2])->state, CHUNK_USED);
	ends();
}

TEST(a_tcache_entry_that_points_inside_a_chunk_is_told)
{
	begin();
	*fake_word(&f, f.cache + 128 + 8 * 4) = f.used[0][9] + 16;
	damaged(f.cache + 128 + 8 * 4, DEFECT_LINK);
	ck_assert_uint_eq(changed(), 3);
	ends();
}

TEST(a_chunk_freed_twice_is_a_loop)
{
	begin();
	/* In the tcache and in a fastbin. */
	*fake_word(&f, f.fast[2]) = (f.cached[0] - 16) ^ f.fast[2] >> 12;
	OK(fake_walk(&f, &w, &err));
	fake_invariants(&w);
	ck_assert_uint_ge(w.defects, 1);
	ck_assert(fake_defect(&w, f.cached[0]) ||
		  w.defect[0].kind == DEFECT_LOOP);
	ends();
}

TEST(a_fastbin_that_leads_nowhere_is_told)
{
	begin();
	*fake_word(&f, f.fast[0]) = 0xdeadbeef0;
	damaged(f.fast[0], DEFECT_LINK);
	ck_assert_uint_eq(changed(), 2);
	ends();
}

TEST(plain_links_are_recognised_by_what_they_lead_to)
{
	begin();
	/* As before glibc 2.32. */
	for (unsigned i = 0; i < 3; i++) {
		*fake_word(&f, f.fast[i]) = i < 2 ? f.fast[i + 1] - 16 : 0;
		*fake_word(&f, f.cached[i]) = i < 2 ? f.cached[i + 1] : 0;
	}
	OK(fake_walk(&f, &w, &err));
	ck_assert_uint_eq(w.defects, 0);
	ck_assert_uint_eq(fake_failed(&w), 0);
	ck_assert_uint_eq(changed(), 0);
	ends();
}

TEST(a_ring_of_arenas_that_leads_nowhere_finds_them_by_their_heaps)
{
	begin();
	*fake_word(&f, FAKE_MAIN + 2160) = 0x4141414141414141;
	OK(fake_walk(&f, &w, &err));
	fake_invariants(&w);
	ck_assert_uint_eq(fake_defect(&w, FAKE_MAIN + 2160)->kind, DEFECT_LINK);
	ck_assert_uint_eq(w.arenas, 2);
	ck_assert_uint_eq(changed(), 0);
	ends();
}

/* One with four words before its arena, as up to 2.34; this one has six. */
TEST(a_heap_of_another_malloc_hides_no_arena)
{
	begin();
	*fake_word(&f, FAKE_OTHER) = FAKE_OTHER + 32;
	*fake_word(&f, FAKE_MAIN + 2160) = FAKE_MAIN;
	OK(fake_walk(&f, &w, &err));
	fake_invariants(&w);
	ck_assert_uint_eq(fake_defect(&w, FAKE_MAIN + 2160)->kind, DEFECT_LINK);
	ck_assert_uint_eq(w.arenas, 2);
	ck_assert_uint_eq(changed(), 0);
	ends();
}

TEST(a_ring_of_arenas_that_does_not_return_is_a_defect)
{
	begin();
	*fake_word(&f, FAKE_ARENA + 2160) = FAKE_ARENA;
	OK(fake_walk(&f, &w, &err));
	ck_assert_uint_eq(fake_defect(&w, FAKE_ARENA + 2160)->kind,
			  DEFECT_LINK);
	ck_assert_uint_eq(changed(), 0);
	ends();
}

TEST(a_heap_that_does_not_know_its_arena_is_found_by_search)
{
	begin();
	/* top in a heap that does not exist */
	*fake_word(&f, FAKE_ARENA + 96) = 0x7d0000001000;
	OK(fake_walk(&f, &w, &err));
	fake_invariants(&w);
	ck_assert_uint_eq(fake_defect(&w, FAKE_ARENA)->kind, DEFECT_LINK);
	/* Only what was top is doubtful. */
	ck_assert_uint_le(changed(), 1);
	ends();
}

TEST(a_heap_of_impossible_length_is_walked_as_far_as_it_is_mapped)
{
	begin();
	*fake_word(&f, FAKE_HEAP + 16) = 0x123456789;
	damaged(FAKE_HEAP, DEFECT_SIZE);
	ck_assert_uint_eq(changed(), 0);
	ends();
}

TEST(a_page_that_cannot_be_read_loses_its_chunks_only)
{
	begin();
	w.without = FAKE_BRK + 0x1000;
	OK(fake_walk(&f, &w, &err));
	fake_invariants(&w);
	ck_assert_uint_ge(w.defects, 1);
	ck_assert_uint_eq(w.defect[0].kind, DEFECT_UNREADABLE);
	ck_assert(fake_chunk(&w, f.top[0] + 16));
	ck_assert(fake_chunk(&w, f.used[0][FAKE_USED - 1]));
	ck_assert(fake_chunk(&w, f.used[1][0]));
	ends();
}

TEST(an_sbrk_base_that_is_nowhere_is_a_defect)
{
	begin();
	*fake_word(&f, FAKE_MP + f.g.params->sbrk_base) = 0x1000;
	damaged(FAKE_MP + f.g.params->sbrk_base, DEFECT_LINK);
	ends();
}

/* What was walked twice and dropped is not counted either. */
TEST(an_sbrk_base_in_another_heap_leaves_the_sums_right)
{
	uint64_t count[2] = {0};

	begin();
	*fake_word(&f, FAKE_MP + f.g.params->sbrk_base) = FAKE_HEAP;
	OK(fake_walk(&f, &w, &err));
	fake_invariants(&w);
	ck_assert_uint_ge(w.defects, 1);
	for (size_t i = 0; i < w.chunks; i++)
		if (w.chunk[i].arena < 2 && w.chunk[i].state == CHUNK_FREE)
			count[w.chunk[i].arena]++;
	for (unsigned i = 0; i < 2; i++)
		ck_assert_uint_eq(count[i],
				  w.arena[i].bin_count + w.arena[i].fast_count);
	ends();
}

TEST(a_stale_header_before_an_aligned_chunk_is_not_a_chunk)
{
	begin();
	/* As after a realloc that shrank the mapping by a page. */
	*fake_size(&f, f.aligned) = (0x2000 - 0x1f0) | 2;
	*fake_word(&f, FAKE_MP + f.g.params->mmapped_mem) = 0x4000;
	OK(fake_walk(&f, &w, &err));
	ck_assert_uint_eq(w.defects, 0);
	ck_assert_uint_eq(fake_failed(&w), 0);
	ck_assert_uint_eq(fake_chunk(&w, f.aligned)->size, 0x2000 - 0x1f0 - 16);
	ck_assert(!fake_chunk(&w, FAKE_MAPPED + 0x3010));
	ends();
}

/* The aligned chunk again, at the n-th page of its mapping. */
static void align_to_page(unsigned n)
{
	uint64_t base = FAKE_MAPPED + 0x3000;

	*fake_word(&f, f.aligned - 16) = *fake_size(&f, f.aligned) = 0;
	f.aligned = base + n * UINT64_C(0x1000);
	*fake_word(&f, f.aligned - 16) = f.aligned - 16 - base;
	*fake_size(&f, f.aligned) =
		(0x3000 - (f.aligned - 16 - base)) | CHUNK_IS_MMAPPED;
}

TEST(what_a_program_writes_before_an_aligned_chunk_is_no_matter)
{
	static const uint64_t base = FAKE_MAPPED + 0x3000;
	/* Pages; 0: as it is, within the first. */
	for (unsigned n = 0; n < 3; n++)
		/* One word, wherever it is, and a second one. */
		for (uint64_t at = 16; at < (n ? n * 0x1000 : 0x200) - 16;
		     at += 8) {
			fake_init(&f);
			if (n)
				align_to_page(n);
			*fake_word(&f, base + at) = 0x1234;
			*fake_word(&f, base + 16 + at / 16 * 8) = ~at;
			OK(fake_walk(&f, &w, &err));
			ck_assert_uint_eq(w.defects, 0);
			ck_assert_uint_eq(fake_failed(&w), 0);
			ck_assert_msg(fake_chunk(&w, f.aligned),
				      "word at 0x%lx", (unsigned long)at);
			ck_assert(!fake_chunk(&w, base + 16));
			ends();
		}
}

TEST(no_counter_hides_mmapped_chunks)
{
	begin();
	memset(fake_word(&f, FAKE_MP + f.g.params->n_mmaps), 0, 4);
	damaged(FAKE_MP + f.g.params->n_mmaps, DEFECT_COUNT);
	ck_assert_uint_eq(changed(), 0);
	ends();
}

TEST(an_mmapped_chunk_that_is_not_counted_fails_a_check)
{
	begin();
	*fake_word(&f, FAKE_MP + f.g.params->mmapped_mem) = 0x6000;
	OK(fake_walk(&f, &w, &err));
	ck_assert_uint_eq(fake_failed(&w), 1);
	ends();
}

TEST(a_thread_inside_malloc_makes_its_defects_busy)
{
	begin();
	f.thread.regs.r[REG_RIP_] = FAKE_TEXT + 0x20;
	*fake_word(&f, f.freed[0][0]) = f.freed[0][2] - 16;
	*fake_word(&f, f.freed[0][2] + 8) = f.freed[0][0] - 16;
	damaged(f.freed[0][1] - 16, DEFECT_BUSY);
	ck_assert(w.arena[0].busy);
	ends();
}

TEST(a_return_address_into_malloc_makes_its_defects_busy)
{
	begin();
	*fake_word(&f, FAKE_BLOCK + 0x8000 + 0x100) = FAKE_TEXT + 0x30;
	*fake_word(&f, f.cache + 8) = 4;
	damaged(f.cache + 8, DEFECT_BUSY);
	ck_assert(w.arena[0].busy);
	ends();
}

TEST(a_thread_inside_malloc_alone_makes_nothing_busy)
{
	begin();
	f.thread.regs.r[REG_RIP_] = FAKE_TEXT + 0x20;
	OK(fake_walk(&f, &w, &err));
	ck_assert_uint_eq(w.defects, 0);
	ck_assert(!w.arena[0].busy);
	ends();
}

/* A thread that works on something: a register of its points there. */
static void inside(uint64_t user)
{
	f.thread.regs.r[REG_RIP_] = FAKE_TEXT + 0x20;
	f.thread.regs.r[REG_RBX_] = user - 16;
}

TEST(a_used_chunk_in_the_hands_of_a_thread_inside_malloc_is_listed)
{
	begin();
	inside(f.used[1][3]);
	OK(fake_walk(&f, &w, &err));
	ck_assert_uint_eq(w.defects, 1);
	ck_assert_int_eq(w.defect[0].kind, DEFECT_BUSY);
	ck_assert_uint_eq(w.defect[0].addr, f.used[1][3]);
	ck_assert(w.arena[1].busy);
	ck_assert(!w.arena[0].busy);
	ck_assert_uint_eq(fake_failed(&w), 0);
	ck_assert_uint_eq(w.insides, 1);
	ck_assert_int_eq(w.inside.tid, 1);
	ck_assert_uint_eq(w.inside.chunks, 1);
	ck_assert_uint_eq(changed(), 0);
	ends();
}

TEST(what_is_in_a_list_is_sure_whoever_has_it_in_hand)
{
	begin();
	inside(f.cached[0]);
	f.thread.regs.r[REG_R15_] = f.fast[1];
	OK(fake_walk(&f, &w, &err));
	ck_assert_uint_eq(w.insides, 1);
	ck_assert_uint_eq(w.defects, 0);
	ends();
}

TEST(a_fastbin_taken_off_to_be_consolidated_is_listed_to_its_end)
{
	uint64_t *head;

	begin();
	for (unsigned i = 0;; i++) {
		head = fake_word(&f, FAKE_MAIN + 16 + 8 * i);
		if (*head)
			break;
	}
	*head = 0;
	inside(f.fast[0]);
	OK(fake_walk(&f, &w, &err));
	ck_assert_uint_eq(w.defects, 3);
	for (unsigned i = 0; i < 3; i++)
		ck_assert_int_eq(fake_defect(&w, f.fast[i])->kind, DEFECT_BUSY);
	ck_assert_uint_eq(w.inside.chunks, 3);
	ends();
}

/* However many words on the stack of the thread lead into the list. */
TEST(a_list_in_hand_costs_what_it_is_long)
{
	enum { WORDS = 100, MORE = 50 };
	static struct fill fill;
	uint64_t next = 0, members = 0;
	unsigned seed = 1;

	begin();
	fake_fill(&f, &fill, &seed, 0x20, 0x9000);
	for (size_t i = fill.first[1]; i-- > fill.first[0];) {
		uint64_t user = fill.chunk[i].user;

		if (fill.chunk[i].is_free)
			continue;
		*fake_word(&f, user) = next ^ user >> 12;
		next = user - 16;
		if (members++ % 2 && members < 2 * WORDS)
			*fake_word(&f, FAKE_BLOCK + 0x8000 + 4 * members) =
				user;
	}
	ck_assert_uint_gt(members, 2 * WORDS);
	inside(next + 16);
	OK(fake_walk(&f, &w, &err));
	ck_assert_uint_eq(w.inside.chunks, members);
	/* Once each, and once for each word. */
	ck_assert_uint_ge(w.steps, members);
	ck_assert_uint_le(w.steps, members + WORDS + MORE);
	ends();
}

TEST(a_ring_in_hand_is_no_list)
{
	begin();
	*fake_word(&f, f.used[0][3]) = (f.used[0][3] - 16) ^ f.used[0][3] >> 12;
	inside(f.used[0][3]);
	OK(fake_walk(&f, &w, &err));
	ck_assert_uint_eq(w.inside.chunks, 1);
	ck_assert_str_eq(w.defect[0].what + strcspn(w.defect[0].what, ":"),
			 ": held by thread 1 inside malloc's code");
	ends();
}

TEST(the_tcache_of_a_thread_that_ends_is_listed_with_all_it_holds)
{
	begin();
	*fake_word(&f, FAKE_TP - 0x90 + 0x48) = 0;
	for (uint64_t at = FAKE_TP - 0x90; at < FAKE_TP; at += 8)
		if (*fake_word(&f, at) == f.cache)
			*fake_word(&f, at) = 0;
	/* Each list is emptied before its count. */
	*fake_word(&f, f.cache) += 1;
	inside(f.cache);
	OK(fake_walk(&f, &w, &err));
	ck_assert_ptr_nonnull(fake_defect(&w, f.cache));
	for (unsigned i = 0; i < 3; i++)
		ck_assert_ptr_nonnull(fake_defect(&w, f.cached[i]));
	ends();
}

TEST(a_free_chunk_in_hand_makes_the_one_behind_it_doubtful)
{
	uint64_t behind = 0;

	begin();
	for (size_t i = 1; i < sound.chunks; i++)
		if (sound.chunk[i - 1].addr == f.freed[0][0])
			behind = sound.chunk[i].addr;
	inside(f.freed[0][0]);
	OK(fake_walk(&f, &w, &err));
	ck_assert_uint_eq(w.defects, 1);
	ck_assert_uint_eq(w.defect[0].addr, behind);
	ends();
}

/* The same words on the stack, and a stack that was followed to its end. */
TEST(stale_return_addresses_do_not_make_a_followed_stack_busy)
{
	struct frame frame = {.pc = 0x1000, .exact = true};

	begin();
	*fake_word(&f, FAKE_BLOCK + 0x8000 + 0x100) = FAKE_TEXT + 0x30;
	*fake_word(&f, f.cache + 8) = 4;
	f.stack = (struct malloc_stack){1, &frame, 1, true};
	damaged(f.cache + 8, DEFECT_COUNT);
	ck_assert_uint_eq(w.insides, 0);
	ck_assert(!w.arena[0].busy);
	/* If it could not be followed, nothing is proved. */
	f.stack.complete = false;
	damaged(f.cache + 8, DEFECT_BUSY);
	ends();
}

TEST(a_thread_is_in_the_function_that_the_program_called)
{
	struct frame frame[3] = {
		{.pc = 0x1000, .sp = FAKE_BLOCK + 0x8000, .exact = true},
		{.pc = FAKE_TEXT + 0x30, .sp = FAKE_BLOCK + 0x8010},
		{.pc = FAKE_TEXT + 0x80,
		 .sp = FAKE_BLOCK + 0x8020,
		 .cfa = FAKE_BLOCK + 0x8040},
	};

	begin();
	f.g.function[0] = (struct glibc_function){"free", FAKE_TEXT + 0x70,
						  FAKE_TEXT + 0x90};
	f.g.functions = 1;
	f.stack = (struct malloc_stack){1, frame, 3, true};
	*fake_word(&f, FAKE_BLOCK + 0x8038) = f.used[0][2];
	/* Further up it is the program's. */
	*fake_word(&f, FAKE_BLOCK + 0x8048) = f.used[0][5];
	OK(fake_walk(&f, &w, &err));
	ck_assert_uint_eq(w.defects, 1);
	ck_assert_uint_eq(w.defect[0].addr, f.used[0][2]);
	ck_assert_str_eq(w.inside.function, "free");
	ends();
}

/* What is written of a chunk whose end is being cut off; the order is the
 * compiler's. */
enum { FIRST = 1, REST = 2, FOOTER = 4 };

/* The first 32 bytes of a free chunk are being handed out; what is left has
 * this size word unless its own is written. */
static void split(unsigned arena, uint64_t size_word, unsigned written)
{
	uint64_t v, size, unsorted;

	begin();
	v = f.freed[arena][1];
	size = *fake_size(&f, v) & ~UINT64_C(7);
	ck_assert_uint_ge(size, 96);
	inside(v);
	f.thread.regs.r[REG_R15_] = v + 32;
	if (written & FIRST)
		*fake_size(&f, v) = 32 | 1 | (arena ? 4 : 0);
	*fake_size(&f, v + 32) = written & REST ? (size - 32) | 1 : size_word;
	if (written & FOOTER)
		*fake_word(&f, v + size - 16) = size - 32;
	/* The chunk is in no bin any more, what is left the unsorted one's
	 * first. */
	unsorted = arena ? f.arena + 112 : FAKE_MAIN + 112;
	*fake_word(&f, f.freed[arena][0]) = f.freed[arena][2] - 16;
	*fake_word(&f, f.freed[arena][2] + 8) = f.freed[arena][0] - 16;
	*fake_word(&f, f.freed[arena][0] + 8) = v + 32 - 16;
	*fake_word(&f, v + 32) = f.freed[arena][0] - 16;
	*fake_word(&f, v + 32 + 8) = unsorted - 16;
	*fake_word(&f, unsorted) = v + 32 - 16;
	OK(fake_walk(&f, &w, &err));
	fake_invariants(&w);
	/* But for the chunk itself all are where they were. */
	ck_assert_uint_eq(changed(), 1);
	ck_assert_ptr_nonnull(fake_defect(&w, v));
	if (!(written & REST))
		ck_assert_ptr_nonnull(fake_defect(&w, v + 32));
	ck_assert_uint_eq(fake_chunk(&w, v + 32)->size, size - 32 - 8);
	for (size_t i = 0; i < w.defects; i++)
		ck_assert_int_eq(w.defect[i].kind, DEFECT_BUSY);
	ends();
}

TEST(what_is_cut_off_a_free_chunk_ends_where_its_size_is_written)
{
	split(0, 0, FIRST);
	split(1, 0, FIRST);
	split(0, 0, FIRST | FOOTER);
	split(1, 0, FIRST | FOOTER);
}

TEST(what_is_cut_off_a_free_chunk_is_not_believed_an_old_size)
{
	split(0, 0x100 | 1, FIRST);
	split(1, 0x100 | 1 | 4, FIRST);
	split(0, 0x100 | 1, FIRST | FOOTER);
	split(1, 0x100 | 1 | 4, FIRST | FOOTER);
}

TEST(a_chunk_whose_end_is_cut_off_is_not_believed_its_old_size)
{
	for (unsigned written = 0; written < 8; written++) {
		split(0, 0, written);
		split(1, 0, written);
		split(0, 0x100 | 1, written);
		split(1, 0x100 | 1 | 4, written);
	}
}

/* realloc() gives back the end of a block: it knows the old size. */
TEST(what_is_cut_off_a_used_chunk_ends_where_the_thread_knows)
{
	uint64_t v, size;

	begin();
	v = f.used[0][3];
	size = *fake_size(&f, v) & ~UINT64_C(7);
	ck_assert_uint_ge(size, 80);
	inside(v);
	f.thread.regs.r[REG_R15_] = size;
	*fake_size(&f, v) = 32 | 1;
	*fake_size(&f, v + 32) = 0xdeadbeef;
	OK(fake_walk(&f, &w, &err));
	fake_invariants(&w);
	ck_assert_uint_eq(changed(), 1);
	ck_assert_uint_eq(fake_chunk(&w, v + 32)->size, size - 32 - 8);
	ck_assert_ptr_nonnull(fake_defect(&w, v));
	ck_assert_ptr_nonnull(fake_defect(&w, v + 32));
	for (size_t i = 0; i < w.defects; i++)
		ck_assert_int_eq(w.defect[i].kind, DEFECT_BUSY);
	ends();
}

/* The same, and what is cut off has old chunks in it; somebody has the address
 * of one of them. */
static uint64_t cut_off_old_chunks(uint64_t *size)
{
	uint64_t v;

	begin();
	v = f.used[0][FAKE_USED - 1];
	*size = *fake_size(&f, v) & ~UINT64_C(7);
	ck_assert_uint_ge(*size, 0x80);
	inside(v);
	*fake_size(&f, v) = 32 | 1;
	for (uint64_t at = *size % 32 + 32; at < *size; at += 32)
		*fake_size(&f, v + at) = 0x21;
	*fake_size(&f, v + 32) = 0xdeadbeef;
	f.thread.regs.r[REG_RCX_] = v + *size - 64 - 16;
	f.thread.regs.r[REG_R15_] = *size;
	return v;
}

TEST(what_is_cut_off_ends_where_two_words_in_hand_tell)
{
	uint64_t size, v = cut_off_old_chunks(&size);

	f.thread.regs.r[REG_RDX_] = size - 32;
	OK(fake_walk(&f, &w, &err));
	fake_invariants(&w);
	ck_assert_uint_eq(changed(), 1);
	ck_assert_uint_eq(fake_chunk(&w, v + 32)->size, size - 32 - 8);
	ck_assert_ptr_nonnull(fake_defect(&w, v + 32));
	ends();
}

TEST(what_is_cut_off_is_listed_as_far_as_it_may_go)
{
	uint64_t size, v = cut_off_old_chunks(&size);

	OK(fake_walk(&f, &w, &err));
	fake_invariants(&w);
	ck_assert_uint_eq(changed(), 1);
	for (size_t i = 0; i < w.chunks; i++)
		if (w.chunk[i].addr > v && w.chunk[i].addr < v + size)
			ck_assert_ptr_nonnull(fake_defect(&w, w.chunk[i].addr));
	ck_assert_ptr_nonnull(fake_chunk(&w, v + size - 64));
	ends();
}

/* It may be the thread's own, or an old one that happens to go on. */
TEST(a_header_where_a_thread_cuts_is_not_believed_alone)
{
	uint64_t size, v = cut_off_old_chunks(&size);
	unsigned n = 0;

	*fake_size(&f, v + 32) = (32 + size % 32) | 1;
	f.thread.regs.r[REG_RDX_] = v + 32 - 16;
	OK(fake_walk(&f, &w, &err));
	fake_invariants(&w);
	for (size_t i = 0; i < w.chunks; i++) {
		if (w.chunk[i].addr <= v || w.chunk[i].addr >= v + size)
			continue;
		n++;
		ck_assert_ptr_nonnull(fake_defect(&w, w.chunk[i].addr));
	}
	ck_assert_uint_gt(n, 1);
	ends();
}

TEST(a_top_that_is_being_moved_goes_to_the_end)
{
	for (unsigned arena = 0; arena < 2; arena++) {
		begin();
		inside(f.top[arena] + 16);
		*fake_size(&f, f.top[arena] + 16) = arena ? 0 : 0x45;
		OK(fake_walk(&f, &w, &err));
		fake_invariants(&w);
		ck_assert_uint_eq(changed(), 0);
		ck_assert(w.arena[arena].busy);
		for (size_t i = 0; i < w.defects; i++)
			ck_assert_int_eq(w.defect[i].kind, DEFECT_BUSY);
		ends();
	}
}

/* The end of the heap is given back, its top has the old size yet, and bytes of
 * what it was before. */
static void trimmed_top(unsigned arena, bool in_hand, bool counted)
{
	uint64_t top, size;

	begin();
	top = f.top[arena];
	size = *fake_size(&f, top + 16) & ~UINT64_C(7);
	*fake_size(&f, top + 16) = (size + 0x3000) | 1;
	for (uint64_t at = 32; at + 32 <= size; at += 32)
		*fake_size(&f, top + at + 16) = 0x21;
	*fake_size(&f, top + size - 16) = 0xfff1;
	if (!counted)
		*fake_word(&f, (arena ? f.arena : FAKE_MAIN) + 2184) += 0x3000;
	inside(in_hand ? top + 16 : 0);
	OK(fake_walk(&f, &w, &err));
	fake_invariants(&w);
	ck_assert_uint_eq(changed(), 0);
	ck_assert(w.arena[arena].busy);
	ck_assert_int_eq(fake_defect(&w, top)->kind, DEFECT_BUSY);
	ends();
}

TEST(a_top_whose_end_is_being_given_back_ends_where_memory_does)
{
	for (unsigned i = 0; i < 8; i++)
		trimmed_top(i & 1, i & 2, i & 4);
}

TEST(a_block_mapped_into_what_mremap_cut_off_is_found)
{
	begin();
	inside(f.mapped);
	/* Its header still has the length that reaches over the next one. */
	*fake_size(&f, f.mapped) += 0x3000;
	OK(fake_walk(&f, &w, &err));
	fake_invariants(&w);
	ck_assert_ptr_nonnull(fake_chunk(&w, f.aligned));
	ck_assert_uint_eq(fake_chunk(&w, f.aligned)->size,
			  fake_chunk(&sound, f.aligned)->size);
	ck_assert_int_eq(fake_defect(&w, f.mapped)->kind, DEFECT_BUSY);
	ck_assert_int_eq(fake_defect(&w, f.aligned)->kind, DEFECT_BUSY);
	ends();
}

TEST(all_blocks_mapped_into_what_mremap_cut_off_are_found)
{
	uint64_t third;

	begin();
	inside(f.mapped);
	third = f.mapped + 0x5000;
	*fake_size(&f, third) = 0x1000 | CHUNK_IS_MMAPPED;
	*fake_word(&f, third) = 0x1122334455667788;
	/* An int, where no word can be. */
	++*(unsigned char *)fake_word(&f, FAKE_MP + f.g.params->n_mmaps);
	*fake_word(&f, FAKE_MP + f.g.params->mmapped_mem) += 0x1000;
	*fake_size(&f, f.mapped) += 0x4000;
	OK(fake_walk(&f, &w, &err));
	fake_invariants(&w);
	ck_assert_uint_eq(changed(), 0);
	ck_assert_ptr_nonnull(fake_chunk(&w, third));
	ck_assert_uint_eq(fake_chunk(&w, third)->size, 0x1000 - 16);
	ck_assert_int_eq(fake_defect(&w, third)->kind, DEFECT_BUSY);
	ends();
}

TEST(a_sink_that_wants_no_more_ends_the_walk)
{
	begin();
	for (uint64_t k = 1; k <= sound.pushes; k++) {
		w.stop_after = k;
		FAILS(ERR_INTERRUPTED, fake_walk(&f, &w, &err));
		ck_assert_uint_eq(w.pushes, k);
	}
	w.stop_after = 0;
	ends();
}

TEST(memory_that_runs_out_ends_the_walk_cleanly)
{
	uint64_t k = 0;
	int rc;

	fake_init(&f);
	do {
		alloc_fail_checked_at(++k);
		/* The image takes the first few itself. */
		rc = 0;
		if (k > 30)
			rc = fake_walk(&f, &w, &err);
		alloc_fail_checked_at(0);
		ck_assert(rc == 0 || err.code == ERR_NO_MEMORY);
		if (rc == 0 && k > 30)
			ck_assert_uint_eq(w.defects, 0);
	} while (k < 60);
	ends();
}

/* Words that an overflow, a stray write or bad luck may leave. */
static uint64_t bad_word(unsigned *seed, uint64_t now)
{
	static const uint64_t odd[] = {0,
				       1,
				       UINT64_MAX,
				       0x4141414141414141,
				       FAKE_BRK,
				       FAKE_HEAP,
				       0x21,
				       0x10011,
				       FAKE_MAIN,
				       FAKE_ARENA,
				       0x31,
				       FAKE_MAPPED + 0x1010,
				       FAKE_BRK + 32};
	unsigned r = (unsigned)rand_r(seed);

	switch (r % 4) {
	case 0:
		return odd[r / 4 % (sizeof odd / sizeof *odd)];
	case 1:
		return now ^ UINT64_C(1) << r / 4 % 64;
	case 2:
		return now + 16 * (r / 4 % 64) - 512;
	default:
		return FAKE_BRK + r / 4 % FAKE_REGION_SIZE / 16 * 16;
	}
}

static uint64_t bad_place(struct fake_heap *h, unsigned *seed)
{
	unsigned r = (unsigned)rand_r(seed);
	uint64_t used = h->top[0] - FAKE_BRK;

	switch (r % 8) {
	case 0:
		return FAKE_MAIN + r / 8 % 275 * 8;
	case 1:
		return FAKE_MP + r / 8 % 17 * 8;
	case 2:
		return FAKE_HEAP + r / 8 % 400 * 8;
	case 3:
		return h->cache + r / 8 % 80 * 8;
	case 4:
		return FAKE_TP - 0x90 + r / 8 % 18 * 8;
	case 5:
		return FAKE_MAPPED + 0x1000 + r / 8 % 8 * 0x1000 / 2;
	case 6:
		return h->top[r / 8 % 2] + r / 16 % 2 * 8;
	default:
		return FAKE_BRK + r / 8 % (used / 8) * 8;
	}
}

/* Chunks, arenas and defects of w, from a walk with many cursors. */
static void same_from_several_places(void)
{
	static struct fake_walk several;

	several.without = w.without;
	f.g.ahead_bytes = 0x100;
	OK(fake_walk(&f, &several, &err));
	f.g.ahead_bytes = UINT64_MAX;
	ck_assert_uint_eq(several.chunks, w.chunks);
	for (size_t i = 0; i < w.chunks; i++) {
		const struct chunk *a = &w.chunk[i], *b = &several.chunk[i];

		ck_assert_uint_eq(a->addr, b->addr);
		ck_assert_uint_eq(a->size, b->size);
		ck_assert_uint_eq(a->state, b->state);
	}
	ck_assert_uint_eq(several.arenas, w.arenas);
	ck_assert(!memcmp(several.arena, w.arena, w.arenas * sizeof *w.arena));
	ck_assert_uint_eq(several.defects, w.defects);
}

TEST(a_walk_from_several_places_is_the_same)
{
	begin();
	w = sound;
	same_from_several_places();
	ends();
}

/*
 * Any damage: the walk ends (libcheck's time limit), reads nothing outside
 * (the sanitizers), and what it pushes holds together.
 */
TEST(random_damage_never_breaks_the_walk)
{
	for (unsigned round = 1; round <= 4000; round++) {
		unsigned seed = round, n;

		fake_init(&f);
		n = 1 + (unsigned)rand_r(&seed) % 6;
		while (n--) {
			uint64_t at = bad_place(&f, &seed);
			uint64_t *word = fake_word(&f, at);

			*word = bad_word(&seed, *word);
		}
		w.without = rand_r(&seed) % 8
				    ? 0
				    : FAKE_BRK + rand_r(&seed) % 8 * 0x1000u;
		OK(fake_walk(&f, &w, &err));
		fake_invariants(&w);
		same_from_several_places();
		fake_deinit(&f);
	}
}

/* Thread 1 is inside malloc; as many have descriptors of their own. */
static void inside_of(unsigned threads)
{
	uint64_t other = FAKE_BLOCK + 0x4000;

	begin();
	f.thread.regs.r[REG_RIP_] = FAKE_TEXT + 0x20;
	*fake_word(&f, TCB_TID) = (uint64_t)f.thread.tid;
	if (threads < 2)
		return;
	f.more[0] = (struct thread){.tid = f.thread.tid + 1, .has_regs = true};
	f.more[0].regs.fs_base = other;
	f.more[0].regs.r[REG_RIP_] = 0x1000;
	f.more[0].regs.r[REG_RSP_] = other + 0x2000;
	*fake_word(&f, other + 0x2d0) = (uint64_t)f.more[0].tid;
}

static uint64_t break_size(unsigned arena)
{
	*fake_size(&f, f.used[arena][7]) = 0x4141414141414141;
	return f.used[arena][7] - 16;
}

TEST(where_nobody_has_the_lock_damage_is_damage)
{
	inside_of(2);
	damaged(break_size(1), DEFECT_SIZE);
	ck_assert_int_eq(fake_peek(&f, FAKE_ARENA) & 0xffffffff, 0);
	ck_assert(!w.arena[1].busy);
	damaged(break_size(0), DEFECT_SIZE);
	/* Held, with waiters. */
	fake_poke(&f, FAKE_ARENA, fake_peek(&f, FAKE_ARENA) | 2);
	damaged(break_size(1), DEFECT_BUSY);
	ck_assert(w.arena[1].busy);
	damaged(break_size(0), DEFECT_SIZE);
	ends();
}

TEST(one_thread_takes_no_locks)
{
	inside_of(1);
	damaged(break_size(1), DEFECT_BUSY);
	ends();
}

TEST(a_bin_changes_under_the_lock_and_a_tcache_does_not)
{
	inside_of(2);
	*fake_word(&f, f.freed[1][0]) = f.freed[1][2] - 16;
	*fake_word(&f, f.freed[1][2] + 8) = f.freed[1][0] - 16;
	damaged(f.freed[1][1] - 16, DEFECT_LINK);
	ends();
	inside_of(2);
	*fake_word(&f, f.cache + 8) = 4;
	damaged(f.cache + 8, DEFECT_BUSY);
	ends();
}

/* What malloc has found to be damaged, before it calls abort(). */
TEST(a_thread_that_aborts_is_not_why_it_does_not_add_up)
{
	struct frame frame[3] = {
		{.pc = 0x1000, .sp = FAKE_BLOCK + 0x8000, .exact = true},
		{.pc = FAKE_TEXT + 0x2030, .sp = FAKE_BLOCK + 0x8010},
		{.pc = FAKE_TEXT + 0x80,
		 .sp = FAKE_BLOCK + 0x8020,
		 .cfa = FAKE_BLOCK + 0x8040},
	};

	begin();
	f.stack = (struct malloc_stack){1, frame, 3, true};
	damaged(break_size(1), DEFECT_BUSY);
	f.g.abort_start = FAKE_TEXT + 0x2000;
	f.g.abort_end = FAKE_TEXT + 0x2100;
	damaged(break_size(1), DEFECT_SIZE);
	ck_assert_uint_eq(w.insides, 1);
	ck_assert(w.inside.aborts);
	ends();
}

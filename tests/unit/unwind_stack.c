#include "unwind/stack.h"

#include <elf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "symbols/symbols.h"
#include "target/image.h"
#include "tests/lib/fixture.h"
#include "tests/lib/hs_test.h"

enum { MAX_FRAMES = 200, MAX_NOTES = 64 };

/* The fixture call_tree, stopped. */
struct scene {
	struct fixture f;
	struct target *target;
	struct symbols *symbols;
};

/* The same fixture, built for i386. */
static const char tree32[] = "../fixtures32/call_tree";

static void begin(struct scene *s, const char *fixture)
{
	struct error err;

	fixture_start(&s->f, fixture, NULL, NULL);
	OK(target_open_live(s->f.pid, NULL, &s->target, &err));
	OK(symbols_open(s->target, NULL, &s->symbols, &err));
	OK(target_stop(s->target, &err));
}

static bool have_i386(void)
{
	const char *top = getenv("top_builddir");
	char path[4096];

	snprintf(path, sizeof path, "%s/tests/fixtures/%s", top ? top : ".",
		 tree32);
	return !access(path, X_OK);
}

static void end(struct scene *s)
{
	symbols_close(s->symbols);
	target_close(s->target);
	fixture_end(&s->f);
}

/* "frame TID NAME RETURN": NAME was called and returns to RETURN. */
struct note {
	char name[40];
	uint64_t ret;
};

static size_t notes_of(const struct scene *s, pid_t tid, struct note *note)
{
	const char *at = s->f.said;
	struct note n;
	size_t count = 0;
	int id, used;

	while (sscanf(at, "frame %d %39s %" SCNx64 "\n%n", &id, n.name, &n.ret,
		      &used) == 3) {
		if (id == tid && count < MAX_NOTES)
			note[count++] = n;
		at += used;
	}
	return count;
}

/* The thread that noted a call of this function, and its notes. */
static const struct thread *thread_in(const struct scene *s, const char *name,
				      struct note *note, size_t *count)
{
	for (size_t i = 0; i < s->target->thread_count; i++) {
		const struct thread *t = &s->target->thread[i];

		*count = notes_of(s, t->tid, note);
		for (size_t k = 0; k < *count; k++)
			if (!strcmp(note[k].name, name))
				return t;
	}
	ck_abort_msg("no thread noted %s", name);
	return NULL;
}

struct stack {
	struct frame frame[MAX_FRAMES];
	size_t count;
	bool complete;
};

static void unwind(struct target *target, const struct thread *t,
		   struct stack *out)
{
	struct unwinder *u;
	struct error err;

	OK(unwinder_open(target, &u, &err));
	OK(unwinder_stack(u, &t->regs, out->frame, MAX_FRAMES, &out->count,
			  &out->complete, &err));
	unwinder_close(u);
	ck_assert_uint_ge(out->count, 1);
	ck_assert_uint_eq(out->frame[0].pc, t->regs.r[REG_RIP_]);
	ck_assert(out->frame[0].exact);
}

static bool is_in(struct scene *s, const struct frame *f, const char *name)
{
	struct symbol sym;

	return symbols_at(s->symbols, frame_lookup(f), &sym) &&
	       !strcmp(sym.name, name);
}

/* Index of the frame that runs the function of a note and returns as noted. */
static size_t frame_of(struct scene *s, const struct stack *st, size_t from,
		       const struct note *note)
{
	for (size_t i = from; i + 1 < st->count; i++)
		if (is_in(s, &st->frame[i], note->name) &&
		    st->frame[i + 1].pc == note->ret)
			return i;
	ck_abort_msg("no frame of %s that returns to %#" PRIx64, note->name,
		     note->ret);
	return 0;
}

/* Without libc's debug file start_thread has no name: then libc must do. */
static bool is_thread_start(struct scene *s, const struct frame *f)
{
	const struct module *m = symbols_module_at(s->symbols, frame_lookup(f));
	struct symbol sym;
	struct error err;

	if (symbols_find(s->symbols, "start_thread", &sym, &err) == 0)
		return is_in(s, f, "start_thread");
	return m && strstr(m->path, "/libc");
}

/* All notes are frames, each right above the next, up to the thread's start. */
static void check_stack(struct scene *s, const struct stack *st,
			const struct note *note, size_t count)
{
	size_t at = 0;

	for (size_t i = 0; i < count; i++) {
		size_t found = frame_of(s, st, at, &note[i]);

		if (i)
			ck_assert_msg(found == at,
				      "frames lie between %s and %s",
				      note[i - 1].name, note[i].name);
		at = found + 1;
		ck_assert(!st->frame[found].guess);
		ck_assert(!st->frame[found].exact);
		ck_assert_uint_eq(st->frame[found].cfa, st->frame[at].sp);
	}
	ck_assert(st->complete);
	ck_assert(is_thread_start(s, &st->frame[at + 1]));
}

static void follow_recursion(const char *fixture)
{
	struct scene s;
	struct note note[MAX_NOTES];
	struct stack st;
	size_t count;

	begin(&s, fixture);
	const struct thread *t = thread_in(&s, "recurse", note, &count);

	ck_assert_uint_gt(count, 20);
	unwind(s.target, t, &st);
	check_stack(&s, &st, note, count);
	t = thread_in(&s, "wait_for_input", note, &count);
	unwind(s.target, t, &st);
	check_stack(&s, &st, note, count);
	end(&s);
}

TEST(deep_recursion_without_frame_pointers_is_followed_to_its_start)
{
	follow_recursion("call_tree");
}

TEST(deep_recursion_without_frame_pointers_is_followed_to_its_start_on_i386)
{
	if (!have_i386())
		SKIP("the compiler here makes no 32-bit programs (-m32)");
	follow_recursion(tree32);
}

static void unwind_copy(const char *fixture)
{
	struct scene s;
	struct note note[MAX_NOTES];
	struct stack live, copied;
	struct target *copy;
	struct error err;
	size_t count;

	begin(&s, fixture);
	struct thread t = *thread_in(&s, "recurse", note, &count);
	struct image *image = image_create();
	const struct map *map = maps_find(&s.target->maps, t.regs.r[REG_RSP_]);

	unwind(s.target, &t, &live);
	OK(image_reserve(image, 16 << 20, &err));
	OK(image_copy(image, s.target, t.regs.r[REG_RSP_], map->end, true,
		      16 << 20, &err));
	OK(target_open_image(image, true, s.target, false, &copy, &err));
	OK(target_resume(s.target, &err));
	unwind(copy, &t, &copied);
	ck_assert_uint_eq(copied.count, live.count);
	ck_assert(copied.complete);
	for (size_t i = 0; i < live.count; i++) {
		const struct frame *a = &live.frame[i], *b = &copied.frame[i];

		ck_assert_uint_eq(a->pc, b->pc);
		ck_assert_uint_eq(a->sp, b->sp);
		ck_assert_uint_eq(a->cfa, b->cfa);
		ck_assert(a->exact == b->exact && a->guess == b->guess);
	}
	target_close(copy);
	end(&s);
}

TEST(a_copy_of_the_stack_unwinds_as_the_process_does)
{
	unwind_copy("call_tree");
}

TEST(a_copy_of_the_stack_unwinds_as_the_process_does_on_i386)
{
	if (!have_i386())
		SKIP("the compiler here makes no 32-bit programs (-m32)");
	unwind_copy(tree32);
}

static void follow_signal(const char *fixture)
{
	struct scene s;
	struct note note[MAX_NOTES];
	struct stack st;
	size_t count, at;

	begin(&s, fixture);
	const struct thread *t = thread_in(&s, "on_fault", note, &count);

	unwind(s.target, t, &st);
	/* rest, on_fault; then the trampoline and the function that faulted */
	ck_assert_str_eq(note[1].name, "on_fault");
	at = frame_of(&s, &st, 0, &note[0]);
	ck_assert_uint_eq(frame_of(&s, &st, at, &note[1]), at + 1);
	ck_assert_uint_ge(st.count, at + 6);
	ck_assert(st.frame[at + 2].signal);
	ck_assert(st.frame[at + 3].exact && !st.frame[at + 3].signal);
	ck_assert_msg(is_in(&s, &st.frame[at + 3], "faults_at_once"),
		      "the frame's own instruction names it");
	ck_assert_str_eq(note[2].name, "interrupted");
	ck_assert_uint_eq(frame_of(&s, &st, at + 4, &note[2]), at + 4);
	ck_assert(!st.frame[at + 4].exact && !st.frame[at + 4].guess);
	ck_assert(st.complete);
	end(&s);
}

TEST(a_signal_handler_is_followed_to_what_it_interrupted)
{
	follow_signal("call_tree");
}

TEST(a_signal_handler_is_followed_to_what_it_interrupted_on_i386)
{
	if (!have_i386())
		SKIP("the compiler here makes no 32-bit programs (-m32)");
	follow_signal(tree32);
}

/* Code without tables: every function noted is still there, in its order. */
static void check_untabled(struct scene *s, const struct stack *st,
			   const struct note *note, size_t count)
{
	size_t inner = frame_of(s, st, 0, &note[1]), outer;

	ck_assert_uint_eq(count, 3);
	ck_assert_str_eq(note[1].name, "below_untabled");
	ck_assert(!st->frame[inner].guess);
	outer = frame_of(s, st, inner + 2, &note[2]);
	ck_assert_str_eq(note[2].name, "above_untabled");
	/* beyond the code without tables nothing is certain */
	for (size_t i = inner + 2; i < st->count; i++)
		ck_assert(st->frame[i].guess);
	ck_assert(is_in(s, &st->frame[outer], "above_untabled"));
}

static void cross_untabled(const char *fixture)
{
	struct scene s;
	struct note note[MAX_NOTES];
	struct stack st;
	size_t threads = 0;

	begin(&s, fixture);
	for (size_t i = 0; i < s.target->thread_count; i++) {
		const struct thread *t = &s.target->thread[i];
		size_t count = notes_of(&s, t->tid, note);

		if (count != 3 || strcmp(note[2].name, "above_untabled"))
			continue;
		unwind(s.target, t, &st);
		check_untabled(&s, &st, note, count);
		threads++;
	}
	ck_assert_uint_eq(threads, 2);
	end(&s);
}

TEST(code_without_tables_is_crossed_and_the_guess_is_marked)
{
	cross_untabled("call_tree");
}

TEST(code_without_tables_is_crossed_and_the_guess_is_marked_on_i386)
{
	if (!have_i386())
		SKIP("the compiler here makes no 32-bit programs (-m32)");
	cross_untabled(tree32);
}

TEST(no_more_frames_than_there_is_room_for)
{
	struct scene s;
	struct note note[MAX_NOTES];
	struct unwinder *u;
	struct frame frame[3] = {{0}};
	struct error err;
	size_t count;
	bool complete;

	begin(&s, "call_tree");
	const struct thread *t = thread_in(&s, "recurse", note, &count);

	OK(unwinder_open(s.target, &u, &err));
	OK(unwinder_stack(u, &t->regs, frame, 2, &count, &complete, &err));
	ck_assert_uint_eq(count, 2);
	ck_assert(!complete);
	ck_assert_uint_eq(frame[2].pc, 0);
	FAILS(ERR_USAGE,
	      unwinder_stack(u, &t->regs, frame, 0, &count, &complete, &err));
	/* and after a flush as before */
	unwinder_flush(u);
	OK(unwinder_stack(u, &t->regs, frame, 3, &count, &complete, &err));
	ck_assert_uint_eq(count, 3);
	unwinder_close(u);
	end(&s);
}

static void hide_index32(uint8_t *header)
{
	const Elf32_Ehdr *e = (const Elf32_Ehdr *)header;
	Elf32_Phdr *p = (Elf32_Phdr *)(header + sizeof *e);

	for (unsigned i = 0; i < e->e_phnum && i < 32; i++)
		if (p[i].p_type == PT_GNU_EH_FRAME)
			p[i].p_type = PT_NULL;
}

static void hide_index(uint8_t *header)
{
	const Elf64_Ehdr *e = (const Elf64_Ehdr *)header;
	Elf64_Phdr *p = (Elf64_Phdr *)(header + sizeof *e);

	if (e->e_ident[EI_CLASS] == ELFCLASS32) {
		hide_index32(header);
		return;
	}
	for (unsigned i = 0; i < e->e_phnum && i < 32; i++)
		if (p[i].p_type == PT_GNU_EH_FRAME)
			p[i].p_type = PT_NULL;
}

/* Overlays every file's headers: no PT_GNU_EH_FRAME, as in a static program. */
static void hide_indexes(struct scene *s, struct image *image)
{
	struct error err;

	for (size_t i = 0; i < symbols_module_count(s->symbols); i++) {
		uint64_t start = symbols_module(s->symbols, i)->start;
		uint8_t page[4096];

		OK(target_read(s->target, start, page, sizeof page, &err));
		hide_index(page);
		OK(image_add(image, start, page, sizeof page, &err));
	}
}

static void do_without_index(const char *fixture)
{
	struct scene s;
	struct image *image = image_create();
	struct target *copy;
	struct error err;
	size_t frames = 0;

	begin(&s, fixture);
	OK(image_reserve(image, 1 << 20, &err));
	hide_indexes(&s, image);
	OK(target_open_image(image, true, s.target, true, &copy, &err));
	for (size_t i = 0; i < s.target->thread_count; i++) {
		struct stack with, without;

		unwind(s.target, &s.target->thread[i], &with);
		unwind(copy, &s.target->thread[i], &without);
		ck_assert_uint_eq(without.count, with.count);
		ck_assert_int_eq(without.complete, with.complete);
		for (size_t k = 0; k < with.count; k++) {
			ck_assert_uint_eq(without.frame[k].pc,
					  with.frame[k].pc);
			ck_assert_int_eq(without.frame[k].guess,
					 with.frame[k].guess);
			frames += !with.frame[k].guess;
		}
	}
	ck_assert_uint_gt(frames, 20);
	target_close(copy);
	end(&s);
}

TEST(tables_without_an_index_are_found_and_say_the_same)
{
	do_without_index("call_tree");
}

TEST(tables_without_an_index_are_found_and_say_the_same_on_i386)
{
	if (!have_i386())
		SKIP("the compiler here makes no 32-bit programs (-m32)");
	do_without_index(tree32);
}

/* A generator of our own, so that a failure can be had again. */
static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* A word of a damaged stack: an address of code, of the stack, or anything. */
static uint64_t wild_word(const struct maps *maps, const struct map *stack,
			  uint64_t *seed)
{
	uint64_t r = next_random(seed);
	const struct map *map = &maps->map[r % maps->count];

	switch (r >> 32 & 3) {
	case 0:
		return map->start + next_random(seed) % (map->end - map->start);
	case 1:
		return stack->start +
		       (next_random(seed) % (stack->end - stack->start) & ~7UL);
	case 2:
		return r & 0xff;
	}
	return next_random(seed);
}

static void check_bounds(const struct stack *st)
{
	ck_assert_uint_ge(st->count, 1);
	ck_assert_uint_le(st->count, MAX_FRAMES);
}

static void walk_wild_stacks(const char *fixture)
{
	enum { ROUNDS = 3000, WORDS = 512 };
	struct scene s;
	struct note note[MAX_NOTES];
	uint64_t seed = 4711, words[WORDS];
	size_t count, guessed = 0;

	begin(&s, fixture);
	struct thread t = *thread_in(&s, "recurse", note, &count);
	const struct map *stack =
		maps_find(&s.target->maps, t.regs.r[REG_RSP_]);

	for (int round = 0; round < ROUNDS; round++) {
		struct image *image = image_create();
		struct target *copy;
		struct unwinder *u;
		struct stack st;
		struct error err;
		uint64_t sp = t.regs.r[REG_RSP_];

		OK(image_reserve(image, sizeof words, &err));
		for (size_t i = 0; i < WORDS; i++)
			words[i] = wild_word(&s.target->maps, stack, &seed);
		if (sp + sizeof words > stack->end)
			sp = stack->end - sizeof words;
		OK(image_add(image, sp, words, sizeof words, &err));
		OK(target_open_image(image, true, s.target, false, &copy,
				     &err));
		/* at a known place, or with every register anything */
		struct thread_regs regs = t.regs;
		for (int i = 0; round % 3 && i < REG_COUNT_; i++)
			regs.r[i] = wild_word(&s.target->maps, stack, &seed);
		if (round % 3 == 1)
			regs.r[REG_RSP_] = sp;
		regs.is32 ^= round % 7 == 0;
		OK(unwinder_open(copy, &u, &err));
		OK(unwinder_stack(u, &regs, st.frame, MAX_FRAMES, &st.count,
				  &st.complete, &err));
		check_bounds(&st);
		guessed += st.count > 1;
		unwinder_close(u);
		target_close(copy);
	}
	ck_assert_uint_gt(guessed, ROUNDS / 10); /* the walk did begin */
	end(&s);
}

TEST(wild_stacks_and_registers_end_and_harm_nobody)
{
	walk_wild_stacks("call_tree");
}

TEST(wild_stacks_and_registers_end_and_harm_nobody_on_i386)
{
	if (!have_i386())
		SKIP("the compiler here makes no 32-bit programs (-m32)");
	walk_wild_stacks(tree32);
}

/* Unwind tables are the target's memory too, and may be damaged. */
static void damage_tables(const char *fixture)
{
	enum { ROUNDS = 2000 };
	struct scene s;
	struct note note[MAX_NOTES];
	uint64_t seed = 42;
	size_t count, len, shorter = 0;
	struct stack whole;

	begin(&s, fixture);
	struct thread t = *thread_in(&s, "recurse", note, &count);
	const struct module *exe = symbols_exe(s.symbols);
	static uint8_t bytes[1 << 20];

	unwind(s.target, &t, &whole);
	len = target_read_some(s.target, exe->start, bytes, sizeof bytes);
	ck_assert_uint_gt(len, 4096);
	for (int round = 0; round < ROUNDS; round++) {
		struct image *image = image_create();
		struct target *copy;
		struct stack st;
		struct error err;
		uint8_t *hurt = malloc(len);

		memcpy(hurt, bytes, len);
		for (int i = 0; i < 1 + round % 100; i++) {
			uint64_t r = next_random(&seed);

			hurt[r % len] = (uint8_t)(r >> 56);
		}
		if (round % 2)
			hide_index(hurt);
		OK(image_reserve(image, len, &err));
		OK(image_add(image, exe->start, hurt, len, &err));
		OK(target_open_image(image, true, s.target, true, &copy, &err));
		unwind(copy, &t, &st);
		check_bounds(&st);
		shorter += !st.complete || st.count != whole.count;
		target_close(copy);
		free(hurt);
	}
	ck_assert_uint_gt(shorter, 0); /* the damage was seen */
	end(&s);
}

TEST(damaged_unwind_tables_end_and_harm_nobody)
{
	damage_tables("call_tree");
}

TEST(damaged_unwind_tables_end_and_harm_nobody_on_i386)
{
	if (!have_i386())
		SKIP("the compiler here makes no 32-bit programs (-m32)");
	damage_tables(tree32);
}

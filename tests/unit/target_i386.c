/* i386 programs: seen as they are, and nothing of a stop shows in them. */
#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "target/proc.h"
#include "tests/lib/fixture.h"
#include "tests/lib/hs_test.h"
#include "tests/lib/stopping.h"

#define WHY "the compiler here makes no 32-bit programs (-m32)"

static struct error err;
static struct fixture f;

static bool start(const char *name, const char *arg1, const char *arg2)
{
	const char *top = getenv("top_builddir");
	char path[4096];

	snprintf(path, sizeof path, "%s/tests/fixtures32/%s", top ? top : ".",
		 name);
	if (access(path, X_OK))
		return false;
	snprintf(path, sizeof path, "../fixtures32/%s", name);
	fixture_start(&f, path, arg1, arg2);
	return true;
}

TEST(a_stop_finds_threads_and_registers_of_an_i386_process)
{
	if (!start("runner", "threads", "20"))
		SKIP(WHY);
	struct target *target = fixture_open(&f);
	ck_assert_uint_eq(target->word, 4);
	OK(target_stop(target, &err));
	ck_assert_uint_eq(target->thread_count, 21);
	for (size_t i = 0; i < target->thread_count; i++) {
		const struct thread *t = &target->thread[i];
		uint64_t tp = thread_regs_tp(&t->regs), self;
		const struct map *text, *stack;

		ck_assert(t->has_regs && t->regs.is32 && !t->regs.foreign);
		text = maps_find(&target->maps, t->regs.r[REG_RIP_]);
		stack = maps_find(&target->maps, t->regs.r[REG_RSP_]);
		ck_assert(text && text->prot & MAP_X);
		ck_assert(stack && stack->prot & MAP_W);
		/* glibc: the thread pointer points at itself. */
		OK(target_read_word(target, tp, &self, &err));
		ck_assert_uint_eq(self, tp);
		for (size_t j = 0; j < i; j++)
			ck_assert_uint_ne(
				thread_regs_tp(&target->thread[j].regs), tp);
	}
	ck_assert_uint_lt(target->maps.map[target->maps.count - 1].start,
			  UINT64_C(1) << 32);
	target_close(target);
	fixture_ask(&f, "ping", "pong");
	fixture_end(&f);
}

TEST(no_blocking_call_of_i386_sees_our_stops)
{
	if (!start("blocking", NULL, NULL))
		SKIP(WHY);
	struct target *target = fixture_open(&f);
	for (int i = 0; i < 100; i++) {
		stop_and_go(target);
		if (i % 20 == 0)
			calls_still_wait(&f);
	}
	calls_still_wait(&f);
	target_close(target);
	calls_wake(&f, 15);
	fixture_end(&f);
}

TEST(blocking_calls_of_i386_survive_the_agents_death)
{
	if (!start("blocking", NULL, NULL))
		SKIP(WHY);
	struct target *target = fixture_open(&f);
	for (int i = 0; i < 30; i++)
		stop_and_kill_agent(&f, target);
	target_close(target);
	calls_still_wait(&f);
	calls_wake(&f, 15);
	fixture_end(&f);
}

TEST(a_handler_of_i386_that_runs_while_held_still_interrupts)
{
	if (!start("blocking", NULL, NULL))
		SKIP(WHY);
	handlers_interrupt(&f);
	fixture_end(&f);
}

/* Every tenth time the agent dies, perhaps with a signal in its hands. */
TEST(no_signal_to_an_i386_process_is_lost)
{
	if (!start("signals", "2000", NULL))
		SKIP(WHY);
	struct target *target = fixture_open(&f);
	fixture_ask(&f, "go", "going");
	for (int i = 0; i < 200; i++) {
		if (i % 10)
			stop_and_go(target);
		else
			stop_and_kill_agent(&f, target);
	}
	target_close(target);
	signals_came(&f);
	fixture_end(&f);
}

/* How many threads run code of the other kind, stopped at every one. */
static size_t foreign_threads(struct target *target, unsigned word)
{
	size_t foreign = 0;

	OK(target_stop(target, &err));
	ck_assert_uint_eq(target->word, word);
	for (size_t i = 0; i < target->thread_count; i++) {
		const struct thread_regs *regs = &target->thread[i].regs;
		uint64_t tp = thread_regs_tp(regs), self;

		foreign += regs->foreign;
		ck_assert(regs->foreign == (regs->is32 != (word == 4)));
		OK(target_read_word(target, tp, &self, &err));
		ck_assert_uint_eq(self, tp);
	}
	OK(target_resume(target, &err));
	return foreign;
}

static void mixed(unsigned word, int least)
{
	struct target *target = fixture_open(&f);

	for (int i = 0; i < 50; i++)
		ck_assert_uint_eq(foreign_threads(target, word), 1);
	calls_still_wait(&f);
	target_close(target);
	calls_wake(&f, least);
	fixture_end(&f);
}

TEST(threads_of_an_x86_64_program_in_32_bit_code_and_calls)
{
	fixture_start(&f, "mixed_modes", NULL, NULL);
	mixed(8, 2);
}

TEST(threads_of_an_i386_program_in_64_bit_code)
{
	if (!start("mixed_modes", NULL, NULL))
		SKIP(WHY);
	mixed(4, 1);
}

static Elf32_Ehdr header(unsigned char class, uint16_t machine)
{
	Elf32_Ehdr h = {.e_machine = machine};

	memcpy(h.e_ident, ELFMAG, SELFMAG);
	h.e_ident[EI_CLASS] = class;
	return h;
}

TEST(the_width_of_addresses_is_told_by_auxv_or_the_file)
{
	const uint32_t narrow[] = {AT_SYSINFO, 0xf7f00000, AT_PHENT, 32, 0, 0};
	const uint64_t wide[] = {AT_PAGESZ, 4096, AT_PHENT, 56, 0, 0};
	Elf32_Ehdr h = header(ELFCLASS32, EM_386);
	unsigned word;

	OK(program_word(narrow, sizeof narrow, NULL, 0, &word, &err));
	ck_assert_uint_eq(word, 4);
	OK(program_word(wide, sizeof wide, NULL, 0, &word, &err));
	ck_assert_uint_eq(word, 8);
	OK(program_word(NULL, 0, &h, sizeof h, &word, &err));
	ck_assert_uint_eq(word, 4);
	h = header(ELFCLASS64, EM_X86_64);
	OK(program_word(NULL, 0, &h, sizeof h, &word, &err));
	ck_assert_uint_eq(word, 8);
}

TEST(x32_and_other_machines_are_refused)
{
	const uint32_t narrow[] = {AT_PHENT, 32, 0, 0};
	Elf32_Ehdr h = header(ELFCLASS32, EM_X86_64);
	unsigned word;

	FAILS(ERR_UNSUPPORTED,
	      program_word(narrow, sizeof narrow, &h, sizeof h, &word, &err));
	ck_assert(strstr(err.msg, "x32"));
	h = header(ELFCLASS64, EM_AARCH64);
	FAILS(ERR_UNSUPPORTED,
	      program_word(narrow, sizeof narrow, &h, sizeof h, &word, &err));
}

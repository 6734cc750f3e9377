#include "target/live.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "target/image.h"
#include "target/proc.h"
#include "tests/lib/fixture.h"
#include "tests/lib/hs_test.h"
#include "tests/lib/stopping.h"

static struct error err;
static struct fixture f;

static uint64_t sum_of(const uint8_t *bytes, size_t len)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += bytes[i];
	return sum;
}

/* Reads the block that the fixture told of; its sum must be right. */
static void check_block(struct target *target)
{
	static uint8_t buf[200000];
	unsigned long addr, len, sum;

	ck_assert_int_eq(sscanf(fixture_line(&f, "used"), "used %lx %lu %lu",
				&addr, &len, &sum),
			 3);
	OK(target_read(target, addr, buf, len, &err));
	ck_assert_uint_eq(sum_of(buf, len), sum);
}

TEST(a_stop_finds_every_thread_with_its_registers)
{
	fixture_start(&f, "runner", "threads", "40");
	struct target *target = fixture_open(&f);
	ck_assert_int_eq(target->state, TARGET_RUNNING);
	ck_assert_uint_eq(target->thread_count, 41);
	ck_assert_str_eq(target->comm, "runner");
	ck_assert_str_eq(strrchr(target->exe, '/'), "/runner");
	ck_assert_uint_eq(target->word, 8);
	OK(target_stop(target, &err));
	OK(target_stop(target, &err));
	ck_assert_int_eq(target->state, TARGET_STOPPED);
	ck_assert_uint_eq(target->thread_count, 41);
	for (size_t i = 0; i < target->thread_count; i++) {
		const struct thread *t = &target->thread[i];
		const struct map *text, *stack;

		ck_assert_int_eq(task_state(f.pid, t->tid), 't');
		ck_assert(t->has_regs);
		ck_assert_str_eq(t->name, "runner");
		ck_assert(strchr("RSD", t->state) != NULL);
		text = maps_find(&target->maps, t->regs.r[REG_RIP_]);
		stack = maps_find(&target->maps, t->regs.r[REG_RSP_]);
		ck_assert(text && text->prot & MAP_X);
		ck_assert(stack && stack->prot & MAP_W);
		/* glibc: the thread pointer points at itself. */
		uint64_t self, tp = thread_regs_tp(&t->regs);
		OK(target_read_word(target, tp, &self, &err));
		ck_assert_uint_eq(self, tp);
	}
	check_block(target);
	OK(target_resume(target, &err));
	OK(target_resume(target, &err));
	ck_assert_uint_gt(target->stopped_us, 0);
	fixture_unharmed(&f);
	fixture_ask(&f, "ping", "pong");
	target_close(target);
	target_close(NULL);
	fixture_end(&f);
}

TEST(a_running_target_can_be_read_too)
{
	fixture_start(&f, "runner", "threads", "1");
	struct target *target = fixture_open(&f);
	uint8_t byte;

	check_block(target);
	FAILS(ERR_FAULT, target_read(target, 8, &byte, 1, &err));
	ck_assert_uint_eq(err.addr, 8);
	OK(target_refresh(target, &err));
	target_close(target);
	fixture_end(&f);
}

TEST(closing_while_stopped_lets_go)
{
	fixture_start(&f, "runner", "threads", "5");
	struct target *target = fixture_open(&f);

	OK(target_stop(target, &err));
	target_close(target);
	fixture_unharmed(&f);
	fixture_ask(&f, "ping", "pong");
	fixture_end(&f);
}

TEST(memory_comes_through_proc_mem_when_need_be)
{
	struct live_opts opts = {.use_proc_mem = true, .no_scan = true};
	struct target *target;

	fixture_start(&f, "runner", "threads", "1");
	OK(target_open_live(f.pid, &opts, &target, &err));
	OK(target_stop(target, &err));
	check_block(target);
	target_close(target);
	fixture_end(&f);
}

TEST(a_process_whose_leader_ended_is_read_by_another_thread)
{
	fixture_start(&f, "runner", "leader", NULL);
	ck_assert_int_eq(task_state(f.pid, f.pid), 'Z');
	struct target *target = fixture_open(&f);
	ck_assert_str_eq(strrchr(target->exe, '/'), "/runner");
	ck_assert(!target_gone(target));
	for (int i = 0; i < 50; i++) {
		OK(target_stop(target, &err));
		check_block(target);
		ck_assert_uint_eq(target->thread_count, 3);
		ck_assert(!target->thread[0].has_regs);
		ck_assert_int_eq(target->thread[0].state, 'Z');
		ck_assert(target->thread[1].has_regs);
		OK(target_resume(target, &err));
	}
	target_close(target);
	fixture_ask(&f, "ping", "pong");
	fixture_end(&f);
}

/* Reads all of it in every way there is; the target must not grow. */
static void check_untouched(const struct live_opts *opts)
{
	enum { WINDOW = 1 << 20 };
	static uint8_t buf[WINDOW];
	unsigned long start, end, page, byte;
	struct image *image = image_create();
	struct target *target;
	size_t len;

	fixture_start(&f, "untouched", NULL, NULL);
	sscanf(fixture_line(&f, "map"), "map %lx %lx", &start, &end);
	long tables = status_number(f.pid, "VmPTE");
	long rss = status_number(f.pid, "VmRSS");
	OK(target_open_live(f.pid, opts, &target, &err));
	OK(target_stop(target, &err));
	uint64_t sum = 0, copied_sum = 0, wanted = 0;
	for (uint64_t at = start; at < end; at += len) {
		const uint8_t *bytes =
			target_window(target, at, end - at, buf, WINDOW, &len);

		ck_assert_uint_gt(len, 0);
		/* All else is the same zeros. */
		sum += memcmp(bytes, bytes + 1, len - 1) ? sum_of(bytes, len)
							 : 0;
	}
	OK(image_copy(image, target, start, end, true, UINT64_MAX, &err));
	const char *line = fixture_line(&f, "page");
	for (int i = 0; i < 3; i++, line = strchr(line, '\n') + 1) {
		uint64_t around[3];

		sscanf(line, "page %lx %lu", &page, &byte);
		wanted += byte * 4096;
		ck_assert_uint_eq(image_read(image, page, buf, 4096), 4096);
		copied_sum += sum_of(buf, 4096);
		/* Small reads over the edges of the page. */
		OK(target_read(target, page - 8, around, 24, &err));
		ck_assert_uint_eq(around[0], 0);
		ck_assert_uint_eq(around[1], byte * 0x0101010101010101);
	}
	ck_assert_uint_eq(sum, wanted);
	ck_assert_uint_eq(copied_sum, wanted);
	ck_assert_uint_eq(image_bytes(image), 3 * 4096);
	ck_assert_uint_eq(image->zero_count, 3);
	OK(target_resume(target, &err));
	fixture_ask(&f, "ping", "pong");
	ck_assert_int_eq(status_number(f.pid, "VmPTE"), tables);
	/* A page of stdio's may have come, not a gigabyte. */
	ck_assert_int_le(status_number(f.pid, "VmRSS"), rss + 512);
	target_close(target);
	image_destroy(image);
	fixture_end(&f);
}

TEST(pages_never_touched_are_not_touched_by_us)
{
	check_untouched(NULL);
}

TEST(nor_by_proc_mem_and_an_old_kernels_pagemap)
{
	struct live_opts opts = {.use_proc_mem = true, .no_scan = true};

	check_untouched(&opts);
}

TEST(the_files_behind_mappings_are_the_very_files)
{
	fixture_start(&f, "runner", "threads", "1");
	struct target *target = fixture_open(&f);
	int files = 0;

	for (size_t i = 0; i < target->maps.count; i++) {
		const struct map *map = &target->maps.map[i];
		uint8_t ours[64], theirs[64];

		if (!map->inode || !(map->prot & MAP_R) || map->prot & MAP_W)
			continue;
		int fd = target->ops->open_map(target, map, &err);
		ck_assert_msg(fd >= 0, "%s", err.msg);
		ck_assert_int_eq(
			pread(fd, ours, sizeof ours, (off_t)map->offset),
			sizeof ours);
		OK(target_read(target, map->start, theirs, sizeof theirs,
			       &err));
		ck_assert_mem_eq(ours, theirs, sizeof ours);
		close(fd);
		files++;
	}
	ck_assert_int_gt(files, 5);
	const struct map none = {.start = 0x1000, .end = 0x2000, .path = ""};
	FAILS(ERR_NOT_FOUND, target->ops->open_map(target, &none, &err));
	/* A wrong inode: another file has come to that path. */
	struct map other = target->maps.map[0];
	other.start++;
	other.inode++;
	FAILS(ERR_NOT_FOUND, target->ops->open_map(target, &other, &err));
	target_close(target);
	fixture_end(&f);
}

TEST(a_target_that_ends_is_noticed_at_once)
{
	struct image *image = image_create();
	uint8_t buf[64];

	fixture_start(&f, "runner", "threads", "5");
	struct target *target = fixture_open(&f);
	ck_assert_int_ge(target_pidfd(target), 0);
	OK(target_stop(target, &err));
	ck_assert(!target_gone(target));
	uint64_t stack = target->thread[1].regs.r[REG_RSP_];
	kill(f.pid, SIGKILL);
	fixture_end_by(&f, SIGKILL);
	ck_assert(target_gone(target));
	FAILS(ERR_GONE, target_read(target, stack, buf, sizeof buf, &err));
	FAILS(ERR_GONE,
	      image_copy(image, target, stack & ~4095ul,
			 (stack & ~4095ul) + 4096, false, UINT64_MAX, &err));
	OK(target_resume(target, &err));
	ck_assert_int_eq(target->state, TARGET_GONE);
	FAILS(ERR_GONE, target_stop(target, &err));
	FAILS(ERR_GONE, target_refresh(target, &err));
	target_close(target);
	image_destroy(image);
}

TEST(a_program_that_replaces_itself_is_followed)
{
	fixture_start(&f, "runner", "execs", NULL);
	struct target *target = fixture_open(&f);
	OK(target_stop(target, &err));
	check_block(target);
	OK(target_resume(target, &err));
	fixture_tell(&f, "go");
	strcpy(f.said, fixture_hear(&f, "used"));
	fixture_hear(&f, "ready");
	OK(target_stop(target, &err));
	check_block(target);
	ck_assert_uint_eq(target->thread_count, 2);
	target_close(target);
	fixture_end(&f);
}

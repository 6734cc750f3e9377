/*
 * What the tests of src/target/ drive: reads commands on stdin, a line each,
 * and answers each with one line, "ok ..." or "error CODE text".
 *
 *   open PID | stop | resume | close | refresh | threads | notes | agent
 *   read ADDR LEN     reads, answers the sum of the bytes
 *   copy              all anonymous memory into an image: bytes copied, zeros
 *   loop N            N times stop, read a little, resume
 *   churn N           the same with open and close around each
 *   set proc-mem|no-scan|deadline=MS     for the next open
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/emergency.h"
#include "base/interrupt.h"
#include "target/image.h"
#include "target/live.h"
#include "target/proc.h"

static struct target *target;
static struct live_opts opts;

static const char *const code_names[] = {
	"NONE",	     "USAGE",	    "SYSTEM",	 "PERMISSION",
	"GONE",	     "FAULT",	    "CORRUPT",	 "FORMAT",
	"NOT_FOUND", "UNSUPPORTED", "NO_MEMORY", "INTERRUPTED"};

static int open_it(const char *arg, struct error *err)
{
	pid_t pid;

	if (proc_find(arg, &pid, err) < 0)
		return -1;
	target_close(target);
	target = NULL;
	return target_open_live(pid, &opts, &target, err);
}

/* The first bytes of every writable mapping: what a walk would touch. */
static int read_a_little(struct error *err)
{
	char buf[256];

	for (size_t i = 0; i < target->maps.count; i++) {
		const struct map *map = &target->maps.map[i];

		if ((map->prot & (MAP_R | MAP_W)) == (MAP_R | MAP_W) &&
		    map_is_anonymous(map) &&
		    target_read(target, map->start, buf, sizeof buf, err) < 0)
			return -1;
	}
	return 0;
}

static int loop(unsigned long n, struct error *err)
{
	while (n--)
		if (target_stop(target, err) < 0 || read_a_little(err) < 0 ||
		    target_resume(target, err) < 0)
			return -1;
	return 0;
}

static int churn(const char *pid, unsigned long n, struct error *err)
{
	while (n--) {
		if (open_it(pid, err) < 0 || loop(1, err) < 0)
			return -1;
		target_close(target);
		target = NULL;
	}
	return 0;
}

static int copy(struct error *err)
{
	struct image *image = image_create();
	uint64_t zeros = 0;
	int rc = 0;

	for (size_t i = 0; i < target->maps.count && rc == 0; i++) {
		const struct map *map = &target->maps.map[i];

		if (map->prot & MAP_R && map_is_anonymous(map))
			rc = image_copy(image, target, map->start, map->end,
					true, UINT64_MAX, err);
	}
	for (size_t i = 0; i < image->zero_count; i++)
		zeros += image->zero[i].end - image->zero[i].start;
	if (rc == 0)
		printf("ok copied %" PRIu64 " zero %" PRIu64 " skipped %" PRIu64
		       "\n",
		       image_bytes(image), zeros, image->skipped_bytes);
	image_destroy(image);
	return rc;
}

static int sum(uint64_t addr, size_t len, struct error *err)
{
	unsigned char *buf = malloc(len + 1);
	uint64_t total = 0;
	int rc = target_read(target, addr, buf, len, err);

	for (size_t i = 0; rc == 0 && i < len; i++)
		total += buf[i];
	free(buf);
	if (rc == 0)
		printf("ok sum %" PRIu64 "\n", total);
	return rc;
}

static void threads(void)
{
	size_t with_regs = 0;

	printf("ok");
	for (size_t i = 0; i < target->thread_count; i++) {
		const struct thread *t = &target->thread[i];

		printf(" %d:%s:%c:0x%" PRIx64, t->tid, t->name, t->state,
		       t->has_regs ? t->regs.r[REG_RIP_] : 0);
		with_regs += t->has_regs;
	}
	printf(" total %zu regs %zu\n", target->thread_count, with_regs);
}

static void set(const char *what)
{
	if (!strcmp(what, "proc-mem"))
		opts.use_proc_mem = true;
	else if (!strcmp(what, "no-scan"))
		opts.no_scan = true;
	else if (!strncmp(what, "deadline=", 9))
		opts.stop_deadline_ms = (unsigned)atoi(what + 9);
	printf("ok\n");
}

/* 1: done, and it has answered; 0: done; -1. */
static int run(const char *verb, const char *a, const char *b,
	       struct error *err)
{
	if (!strcmp(verb, "open"))
		return open_it(a, err);
	if (!strcmp(verb, "set"))
		return set(a), 1;
	if (!strcmp(verb, "churn"))
		return churn(a, strtoul(b, NULL, 0), err);
	if (!target)
		return error_set(err, ERR_USAGE, "nothing is open");
	if (!strcmp(verb, "stop"))
		return target_stop(target, err);
	if (!strcmp(verb, "resume"))
		return target_resume(target, err);
	if (!strcmp(verb, "refresh"))
		return target_refresh(target, err);
	if (!strcmp(verb, "loop"))
		return loop(strtoul(a, NULL, 0), err);
	if (!strcmp(verb, "close"))
		return target_close(target), target = NULL, 0;
	if (!strcmp(verb, "threads"))
		return threads(), 1;
	if (!strcmp(verb, "notes"))
		return printf("ok %s\n", target->notes);
	if (!strcmp(verb, "gone"))
		return printf("ok %d\n", target_gone(target));
	if (!strcmp(verb, "agent"))
		return printf("ok %d\n",
			      ((struct live *)target->impl)->agent.pid);
	if (!strcmp(verb, "word"))
		return printf("ok %u\n", target->word);
	if (!strcmp(verb, "exe"))
		return printf("ok %s\n", target->exe);
	if (!strcmp(verb, "copy"))
		return copy(err) < 0 ? -1 : 1;
	if (!strcmp(verb, "read"))
		return sum(strtoull(a, NULL, 0), strtoull(b, NULL, 0), err) < 0
			       ? -1
			       : 1;
	return error_set(err, ERR_USAGE, "no such command: %s", verb);
}

int main(void)
{
	char line[256], verb[32], a[64], b[64];
	struct error err;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (emergency_install(&err) < 0 || interrupt_install(&err) < 0)
		return 99;
	while (fgets(line, sizeof line, stdin)) {
		*a = *b = 0;
		if (sscanf(line, "%31s %63s %63s", verb, a, b) < 1)
			continue;
		interrupt_clear();
		int rc = run(verb, a, b, &err);
		if (rc == 0)
			printf("ok\n");
		if (rc < 0)
			printf("error %s %s\n", code_names[err.code], err.msg);
	}
	target_close(target);
	return 0;
}

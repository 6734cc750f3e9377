/*
 * Words of a process that only the kernel keeps, as far as it tells them:
 * data of epoll_ctl(2) (the lines "tfd:" of fdinfo) and sigev_value of
 * timer_create(2) (/proc/PID/timers, of kernels with checkpoint and restore).
 */
#ifndef TARGET_KERNEL_WORDS_H
#define TARGET_KERNEL_WORDS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

struct kernel_words {
	pid_t pid;	    /* of a running process */
	unsigned word_size; /* 4: the upper half of what it has is chance */
	int (*word)(void *ctx, uint64_t value, struct error *err);
	void *ctx;
};

/* *all: the files of all its descriptors could be read. */
int kernel_words_each(const struct kernel_words *words, bool *all,
		      struct error *err) MUST_CHECK;

#endif

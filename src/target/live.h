/* Inside of a live target: live.c opens and stops it, live_read.c reads. */
#ifndef TARGET_LIVE_H
#define TARGET_LIVE_H

#include "target/agent.h"
#include "target/demand.h"
#include "target/pagemap.h"
#include "target/target.h"

struct live {
	struct live_opts opts;
	struct agent agent;
	pid_t tid;	  /* a live thread, by which memory is reached */
	int pidfd;	  /* -1: this kernel has none */
	int mem_fd;	  /* /proc/TID/mem */
	bool no_vm_readv; /* refused once: a seccomp filter around us */
	struct pagemap pagemap;
	struct demand demand; /* owned: of the last refresh */
};

ssize_t live_read(struct target *target, uint64_t addr, void *buf, size_t len);
size_t live_touched_runs(struct target *target, uint64_t start, uint64_t end,
			 struct page_run *run, size_t max, uint64_t *walked);
size_t live_read_touched(struct target *target, uint64_t addr, void *buf,
			 size_t len);
bool live_guard_page(struct target *target, uint64_t addr);

#endif

/*
 * A target: a process image whose bytes we can read, whatever holds them.
 *
 * Kinds: live (ptrace, /proc; live.c and agent.c), core (an ELF core file;
 * core.c) and image (bytes in memory: the contents of a snapshot, or what a
 * test built; image.c).  Everything above this layer works on all of them.
 * Addresses are the target's; sizes are bytes.
 *
 * A target runs unless it is between target_stop() and target_resume().
 */
#ifndef TARGET_TARGET_H
#define TARGET_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "base/error.h"
#include "target/maps.h"
#include "target/vectors.h"
#include "target/x86_64.h"

struct target;
struct page_run; /* target/pagemap.h */

enum target_state { TARGET_RUNNING, TARGET_STOPPED, TARGET_GONE };

struct thread {
	pid_t tid;
	char name[16];	  /* comm */
	char state;	  /* as /proc says before our stop: R S D T Z ...; 0:
			   * not known (a core does not tell) */
	bool has_regs;	  /* false: a leader that ended before its threads */
	bool has_vectors; /* they are known, all zero perhaps */
	struct thread_regs regs;
};

struct target_ops {
	const char *kind; /* "live", "image", "core" */
	/* What peek() gives never changes: a snapshot need not copy it. */
	bool frozen;
	/* open_map knows the sysroot, and proves by its build-id what it
	 * opens: nobody else looks for files. */
	bool proves_files;
	/* Bytes read, short where the mapping ends; -1 with errno set. */
	ssize_t (*read)(struct target *, uint64_t addr, void *buf, size_t len);
	/*
	 * Optional: the bytes at addr where they lie, without a copy, and how
	 * many follow; NULL where there are none.  Valid until close.
	 */
	const void *(*peek)(struct target *, uint64_t addr, size_t *len);
	/* Stops every thread and fills thread[]; re-reads maps.  Idempotent. */
	int (*stop)(struct target *, struct error *);
	/* Every thread goes on as it was.  Idempotent. */
	int (*resume)(struct target *, struct error *);
	/*
	 * A file descriptor on the very file behind a mapping (device and
	 * inode compared), which the caller closes; -1 and err otherwise.
	 */
	int (*open_map)(struct target *, const struct map *, struct error *);
	void (*close)(struct target *);
	/* Optional: maps and threads anew, without stopping anything. */
	int (*refresh)(struct target *, struct error *);
	int (*pidfd)(const struct target *);
	bool (*gone)(struct target *);
	/*
	 * Optional: the runs of pages in [start, end), page-aligned, that were
	 * ever touched, at most max of them; *walked is how far they tell.  A
	 * terabyte of reserved addresses is one call.  Missing: all count as
	 * touched.
	 */
	size_t (*touched_runs)(struct target *, uint64_t start, uint64_t end,
			       struct page_run *run, size_t max,
			       uint64_t *walked);
	/*
	 * Optional, while it is stopped: the bytes of pages that touched_runs()
	 * told of, and how many of them could be read.  Any thread may call it.
	 */
	size_t (*read_touched)(struct target *, uint64_t addr, void *buf,
			       size_t len);
	/*
	 * Optional: is the page at addr one that faults by intent (a guard
	 * page of a thread's stack in the middle of its mapping)?
	 */
	bool (*guard_page)(struct target *, uint64_t addr);
};

struct target {
	const struct target_ops *ops;
	pid_t pid;	/* 0 when unknown */
	char exe[4096]; /* as the target sees it; "" when unknown */
	char comm[16];
	uint32_t page_size;    /* bytes */
	unsigned word;	       /* 8, or 4 for an i386 process */
	struct maps maps;      /* owned; as of the last stop or refresh */
	struct thread *thread; /* owned; as of the last stop or refresh */
	size_t thread_count;
	struct vectors vectors; /* owned; as of the last stop */
	enum target_state state;
	uint64_t stopped_us; /* length of the last stop, microseconds */
	uint64_t bytes_read; /* since open */
	/* An image: a process stands for as long as this is read. */
	bool stands;
	/* maps lack the names that are not of files: [heap] and so on. */
	bool nameless;
	bool partial; /* it lacks what it should have: notes say what */
	/* A core: when its file was written, the thread that was dumped for a
	 * signal (or was looked at), and the signal; else 0. */
	uint8_t mark[16]; /* AT_RANDOM's bytes: no two processes have the same;
			   * zeros: not known */
	struct timespec taken;
	pid_t first_tid;
	int signal;
	/*
	 * What deserves to be said of the last stop ("the process was already
	 * stopped"); owned, "" if nothing.
	 */
	char *notes;
	void *impl; /* owned by ops */
};

struct live_opts {
	unsigned stop_deadline_ms; /* 0: 1000 */
	bool use_proc_mem;	   /* tests: never process_vm_readv */
	bool no_scan;		   /* tests: never PAGEMAP_SCAN */
};

/*
 * Attaches to nothing yet: starts the agent, checks that we may ptrace the
 * process and that it is one we can handle (every refusal has its own code and
 * sentence), reads maps and threads.  pid must not be our own.
 */
int target_open_live(pid_t pid, const struct live_opts *opts,
		     struct target **out, struct error *err) MUST_CHECK;

/* Resumes, removes every trace of us from the process, frees.  NULL is fine. */
void target_close(struct target *target);

/*
 * Stops all threads or none.  ERR_PERMISSION: a thread that cannot be stopped
 * now (vfork, uninterruptible sleep) is named, or somebody traces it;
 * ERR_INTERRUPTED: ^C; ERR_GONE; ERR_SYSTEM: our agent died.
 */
int target_stop(struct target *target, struct error *err) MUST_CHECK;
/*
 * The target runs as it did, whatever this returns.  ERR_INTERRUPTED: it ran
 * for some time since the stop, because heapscope was suspended (^Z), so what
 * was read is not of one moment; ERR_SYSTEM: the same, our agent died.
 */
int target_resume(struct target *target, struct error *err) MUST_CHECK;

/* Live only: maps and threads (names, states) without stopping anything. */
int target_refresh(struct target *target, struct error *err) MUST_CHECK;

/* Live only: a pidfd to poll; readable once the process ended.  Else -1. */
int target_pidfd(const struct target *target);
/* Live only: polls the pidfd; sets state TARGET_GONE and returns true. */
bool target_gone(struct target *target);

/* All len bytes or ERR_FAULT with the first unreadable address. */
int target_read(struct target *target, uint64_t addr, void *buf, size_t len,
		struct error *err) MUST_CHECK;
/* As many bytes as there are, 0 if none. */
size_t target_read_some(struct target *target, uint64_t addr, void *buf,
			size_t len);
/*
 * Is addr in the area that brk grows?  In a nameless map that is memory of no
 * file within a gigabyte above the program, where the kernel puts it and nobody
 * else puts anything; or, if a dynamic linker was started as the program, below
 * all else and far from it.
 */
bool target_is_brk(const struct target *target, uint64_t addr);
/* One word of the target (word bytes), zero-extended. */
int target_read_word(struct target *target, uint64_t addr, uint64_t *out,
		     struct error *err) MUST_CHECK;

/*
 * A run of bytes for a scan: where the target has them in our memory, in place
 * and of any length; else up to cap bytes read into buf.  *len is what is
 * there, at most want; 0 when addr is unreadable.  Never-touched pages of
 * anonymous memory read as zeros without being touched.
 */
const uint8_t *target_window(struct target *target, uint64_t addr, size_t want,
			     uint8_t *buf, size_t cap, size_t *len);

#endif

/*
 * What /proc says of a process: read without stopping or touching it.
 */
#ifndef TARGET_PROC_H
#define TARGET_PROC_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "target/maps.h"

struct proc_status {
	char name[64];
	char state; /* R S D T t Z X I */
	pid_t tgid, ppid, tracer;
	pid_t inner; /* its number in its own pid namespace; 0: the same */
	unsigned uid, euid, suid;
	unsigned seccomp; /* 0 none, 1 strict, 2 filter */
	unsigned threads;
	bool kernel_thread;
	uint64_t rss_bytes, private_bytes; /* 0 when unknown */
	uint64_t cap_permitted, cap_effective;
	uint64_t sig_ignored; /* bit n - 1 for signal n */
};

bool proc_exists(pid_t pid);
/*
 * No thread of it lives.  What the listings of /proc show is no proof: while a
 * thread runs exec(), the leader is a zombie, and a scan may miss its heir.
 */
bool proc_ended(pid_t pid);
/* The same, of a pidfd. */
bool proc_pidfd_ended(int pidfd);

/* tid 0: the process itself. */
int proc_status(pid_t pid, pid_t tid, struct proc_status *out,
		struct error *err) MUST_CHECK;
/* The file /proc/PID/name (name may be "task/7/comm"), whole. */
int proc_read(pid_t pid, const char *name, struct strbuf *out,
	      struct error *err) MUST_CHECK;
/*
 * Bytes of an address of a program, 8, or 4 of an i386 one: by what the kernel
 * told it (auxv), and by the first bytes of its file.  Either may be missing
 * (length 0).  ERR_UNSUPPORTED: x32, or another machine's.
 */
int program_word(const void *auxv, size_t auxv_len, const void *file,
		 size_t file_len, unsigned *out, struct error *err) MUST_CHECK;
/* The same of a process. */
int proc_word(pid_t pid, unsigned *out, struct error *err) MUST_CHECK;

/* maps, by way of a live thread when the leader is a zombie. */
int proc_maps(pid_t pid, struct maps *out, struct error *err) MUST_CHECK;
int proc_tids(pid_t pid, pid_t **out, size_t *count,
	      struct error *err) MUST_CHECK;
/*
 * A thread by which the process' memory can be reached: pid itself, or another
 * when the leader is a zombie (/proc/TID/ has what /proc/PID/ lost); 0 when no
 * thread lives.
 */
pid_t proc_live_tid(pid_t pid);
/* name "" and state 'X' when there is no such thread. */
void proc_thread_state(pid_t pid, pid_t tid, char name[static 16], char *state);
/*
 * "4711" or a name as pidof takes it (exact comm, or exe's last part).  Several
 * matches: ERR_USAGE with the list; none: ERR_GONE.  Never ourselves.
 */
int proc_find(const char *pid_or_name, pid_t *out,
	      struct error *err) MUST_CHECK;
/*
 * Opens the file behind a mapping: /proc/PID/map_files, then /proc/PID/root +
 * path, then path, device and inode compared (GLIBC.md 8.5).
 */
int proc_open_map(pid_t pid, const struct map *map,
		  struct error *err) MUST_CHECK;
/*
 * Whether we may and can look into the process; when not: which rule forbids
 * it and how to allow it, or what is special about the process.  Asked before
 * anything is attached; "may" means what ptrace would answer.
 */
int proc_check(pid_t pid, struct error *err) MUST_CHECK;
/* After the kernel refused: which of its rules that was.  Returns -1. */
int proc_explain_refusal(pid_t pid, struct error *err);
/* After it was seen that we are not let call ptrace() at all.  Returns -1. */
int proc_explain_filter(pid_t pid, struct error *err);

#endif

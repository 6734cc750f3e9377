#include "target/stop_regs.h"

#include <elf.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>

#include "target/proc.h"

enum {
	ERESTARTNOHAND_ = 514, /* include/linux/errno.h of the kernel */
	INT_80 = 0x80cd	       /* the instruction, as a little-endian word */
};

/* NT_PRSTATUS of an i386 thread: arch/x86/include/asm/user_32.h. */
struct regs32 {
	uint32_t bx, cx, dx, si, di, bp, ax, ds, es, fs, gs, orig_ax, ip, cs;
	uint32_t flags, sp, ss;
};

static void from64(const struct user_regs_struct *u, struct thread_regs *out)
{
	*out = (struct thread_regs){
		.r = {u->rax, u->rdx, u->rcx, u->rbx, u->rsi, u->rdi, u->rbp,
		      u->rsp, u->r8, u->r9, u->r10, u->r11, u->r12, u->r13,
		      u->r14, u->r15, u->rip},
		.eflags = u->eflags,
		.orig_rax = u->orig_rax,
		.fs_base = u->fs_base,
		.gs_base = u->gs_base,
	};
}

/*
 * u64: the same as a 64-bit tracer sees it, which alone has what the segment
 * registers stand for: of an i386 program's threads gs_base, of those of a
 * 64-bit program that run 32-bit code fs_base.
 */
static void from32(const struct regs32 *u, const struct user_regs_struct *u64,
		   struct thread_regs *out)
{
	*out = (struct thread_regs){
		.r = {u->ax, u->dx, u->cx, u->bx, u->si, u->di, u->bp,
		      u->sp, [REG_RIP_] = u->ip},
		.eflags = u->flags,
		.orig_rax = (uint64_t)(int32_t)u->orig_ax,
		.fs_base = u64->fs_base,
		.gs_base = u64->gs_base,
		.is32 = true,
	};
}

int stop_regs_get(pid_t tid, struct thread_regs *out)
{
	union {
		struct user_regs_struct r64;
		struct regs32 r32;
	} u;
	struct iovec iov = {&u, sizeof u};
	struct user_regs_struct r64;

	/* Which kind the kernel gives tells what code the thread runs. */
	if (ptrace(PTRACE_GETREGSET, tid, (void *)NT_PRSTATUS, &iov) < 0)
		return -1;
	if (iov.iov_len != sizeof u.r32) {
		from64(&u.r64, out);
		return 0;
	}
	if (ptrace(PTRACE_GETREGS, tid, NULL, &r64) < 0)
		return -1;
	from32(&u.r32, &r64, out);
	return 0;
}

int stop_vectors_get(pid_t tid, const struct thread_regs *regs,
		     const struct vector_layout *layout, uint32_t index,
		     struct vectors *out, struct error *err)
{
	uint8_t area[VECTORS_XSAVE];
	struct iovec iov = {area, sizeof area};
	/* Without XSAVE: the old area, which i386 calls by another name. */
	uintptr_t old = regs->is32 ? NT_PRXFPREG : NT_PRFPREG;

	if (ptrace(PTRACE_GETREGSET, tid, (void *)NT_X86_XSTATE, &iov) < 0) {
		iov = (struct iovec){area, sizeof area};
		if (ptrace(PTRACE_GETREGSET, tid, (void *)old, &iov) < 0)
			return 0;
	}
	if (iov.iov_len < VECTORS_FXSAVE)
		return 0;
	return vectors_add(out, area, iov.iov_len, layout, index, regs->is32,
			   err)
		       ? -1
		       : 1;
}

/*
 * Calls that fail with a plain EINTR after any stop (signal(7), "Interruption
 * of system calls by stop signals"; sockets when SO_RCVTIMEO or SO_SNDTIMEO is
 * set).  EINTR says that nothing was done yet, so each may start again.
 */
static bool never_restarts(uint64_t nr)
{
	switch (nr) {
	case SYS_epoll_wait:
	case SYS_epoll_pwait:
	case 441: /* epoll_pwait2 */
	case SYS_rt_sigtimedwait:
	case SYS_semop:
	case SYS_semtimedop:
	case SYS_io_getevents:
	case 333: /* io_pgetevents */
	case 426: /* io_uring_enter */
	case SYS_read:
	case SYS_readv:
	case SYS_write:
	case SYS_writev:
	case SYS_recvfrom:
	case SYS_recvmsg:
	case SYS_recvmmsg:
	case SYS_sendto:
	case SYS_sendmsg:
	case SYS_sendmmsg:
	case SYS_accept:
	case SYS_accept4:
	case SYS_connect:
		return true;
	default:
		return false;
	}
}

/* The same for i386 (arch/x86/entry/syscalls/syscall_32.tbl). */
static bool never_restarts32(uint64_t nr)
{
	static const uint16_t list[] = {
		3,
		4,
		102 /* socketcall */,
		117 /* ipc: semop */,
		145,
		146,
		177 /* rt_sigtimedwait */,
		247 /* io_getevents */,
		256 /* epoll_wait */,
		319 /* epoll_pwait */,
		337,
		345,
		362,
		364,
		369,
		370,
		371,
		372,
		385 /* io_pgetevents */,
		416,
		417,
		420,
		421,
		426,
		441,
	};

	for (size_t i = 0; i < sizeof list / sizeof *list; i++)
		if (list[i] == nr)
			return true;
	return false;
}

/*
 * 64-bit code may make i386's calls, which have other numbers: by int $0x80,
 * the two bytes before the pc.  In 32-bit code all calls are of that kind.
 */
static bool is_call32(pid_t tid, const struct thread_regs *regs)
{
	long word;

	if (regs->is32)
		return true;
	errno = 0;
	word = ptrace(PTRACE_PEEKTEXT, tid,
		      (void *)(uintptr_t)(regs->r[REG_RIP_] - 2), NULL);
	return !errno && (word & 0xffff) == INT_80;
}

bool stop_regs_restart(pid_t tid, const struct thread_regs *regs)
{
	bool ours;

	/* A 32-bit call's result is 32 bits wide. */
	if ((int32_t)regs->r[REG_RAX_] != -EINTR)
		return false;
	if (is_call32(tid, regs))
		ours = never_restarts32((uint32_t)regs->orig_rax);
	else
		ours = (int64_t)regs->r[REG_RAX_] == -EINTR &&
		       never_restarts(regs->orig_rax);
	return ours && ptrace(PTRACE_POKEUSER, tid,
			      (void *)offsetof(struct user, regs.rax),
			      (void *)(intptr_t)-ERESTARTNOHAND_) == 0;
}

int stop_explain_stuck(pid_t pid, pid_t tid, uint64_t waited_us,
		       struct error *err)
{
	struct strbuf wchan = {0}, children = {0};
	struct error ignored;
	char name[16], state, path[64];

	proc_thread_state(pid, tid, name, &state);
	snprintf(path, sizeof path, "task/%d/wchan", tid);
	if (proc_read(pid, path, &wchan, &ignored) < 0 || !wchan.len ||
	    !strcmp(wchan.s, "0")) {
		strbuf_reset(&wchan);
		strbuf_add(&wchan, "unknown");
	}
	snprintf(path, sizeof path, "task/%d/children", tid);
	if (proc_read(pid, path, &children, &ignored) < 0)
		strbuf_reset(&children);
	error_set(err, ERR_PERMISSION,
		  "thread %d (%s) of process %d does not stop: after %.1f s it "
		  "is still in state %c%s, in the kernel at %s%s%s; the process"
		  " runs on as it was; try again when that is over",
		  tid, name, pid, (double)waited_us / 1e6, state,
		  state == 'D' ? " (uninterruptible sleep)" : "",
		  strbuf_str(&wchan),
		  children.len ? ", perhaps in vfork() until its child runs a "
				 "program or ends; its children: "
			       : "",
		  strbuf_str(&children));
	strbuf_deinit(&wchan);
	strbuf_deinit(&children);
	return -1;
}

/* Registers of one x86-64 thread (or of an i386 one, is32 set). */
#ifndef TARGET_X86_64_H
#define TARGET_X86_64_H

#include <stdbool.h>
#include <stdint.h>

/* DWARF register numbers of x86-64 (psABI 3.6.2): rax rdx rcx rbx rsi rdi rbp
 * rsp r8..r15, then the return address column, which is rip. */
enum {
	REG_RAX_,
	REG_RDX_,
	REG_RCX_,
	REG_RBX_,
	REG_RSI_,
	REG_RDI_,
	REG_RBP_,
	REG_RSP_,
	REG_R8_,
	REG_R15_ = 15,
	REG_RIP_ = 16,
	REG_COUNT_ = 17,
	/* Vector registers have numbers of ours, 32 for each width: a word in
	 * the upper half of ymm3 is of REG_YMM_ + 3. */
	REG_XMM_ = 128,
	REG_YMM_ = 160,
	REG_ZMM_ = 192,
	REG_MM_ = 224, /* 8 of them, which are x87's, too */
	REG_VECTORS_END_ = 232
};

struct thread_regs {
	uint64_t r[REG_COUNT_]; /* by DWARF number of x86-64, i386's too */
	uint64_t eflags, orig_rax, fs_base, gs_base;
	bool is32; /* it runs 32-bit code: eip, and 32 bits of each other */
	/* Its process is of the other kind: 32-bit code in a 64-bit program
	 * (Wine), or the reverse. */
	bool foreign;
};

/* "rsp" or "esp", "xmm0"; "?" for what is none. */
const char *thread_reg_name(unsigned number, bool is32);
/* The number of a register, or -1; "rsp" is understood for "esp". */
int thread_reg_find(const char *name, bool is32);

/* The thread pointer (TLS base): fs_base, or gs_base in an i386 process. */
uint64_t thread_regs_tp(const struct thread_regs *regs);

/* A worker of the kernel's (io_uring) in the process: it never runs code of the
 * program, which the kernel tells by a pc and a stack pointer of 0. */
static inline bool thread_regs_kernel(const struct thread_regs *regs)
{
	return !regs->r[REG_RIP_] && !regs->r[REG_RSP_];
}

/* Bytes below the stack pointer that belong to the running function. */
#define RED_ZONE 128 /* of x86-64; i386 has none */
unsigned thread_regs_red_zone(const struct thread_regs *regs);

#endif

#include "target/x86_64.h"

const char *const thread_reg_names[REG_COUNT_] = {
	"rax", "rdx", "rcx", "rbx", "rsi", "rdi", "rbp", "rsp", "r8",
	"r9",  "r10", "r11", "r12", "r13", "r14", "r15", "rip",
};

uint64_t thread_regs_tp(const struct thread_regs *regs)
{
	return regs->is32 ? regs->gs_base : regs->fs_base;
}

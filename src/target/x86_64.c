#include "target/x86_64.h"

#include <stddef.h>
#include <string.h>

static const char *const names[REG_COUNT_] = {
	"rax", "rdx", "rcx", "rbx", "rsi", "rdi", "rbp", "rsp", "r8",
	"r9",  "r10", "r11", "r12", "r13", "r14", "r15", "rip",
};
static const char *const names32[REG_COUNT_] = {
	"eax", "edx", "ecx",
	"ebx", "esi", "edi",
	"ebp", "esp", [REG_RIP_] = "eip",
};

const char *thread_reg_name(unsigned number, bool is32)
{
	const char *name = NULL;

	if (number < REG_COUNT_)
		name = is32 ? names32[number] : names[number];
	return name ? name : "?";
}

int thread_reg_find(const char *name, bool is32)
{
	for (int i = 0; i < REG_COUNT_; i++) {
		if (is32 && !names32[i])
			continue;
		if (!strcmp(names[i], name) ||
		    (is32 && !strcmp(names32[i], name)))
			return i;
	}
	return -1;
}

uint64_t thread_regs_tp(const struct thread_regs *regs)
{
	return regs->is32 != regs->foreign ? regs->gs_base : regs->fs_base;
}

unsigned thread_regs_red_zone(const struct thread_regs *regs)
{
	return regs->is32 ? 0 : RED_ZONE;
}

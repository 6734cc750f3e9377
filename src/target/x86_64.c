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

#define NAMES_8(r) r "0", r "1", r "2", r "3", r "4", r "5", r "6", r "7"
#define NAMES_32(r)                                                            \
	NAMES_8(r), r "8", r "9", NAMES_10(r "1"), NAMES_10(r "2"), r "30",    \
		r "31"
#define NAMES_10(r) NAMES_8(r), r "8", r "9"

static const char *const vector_names[] = {
	NAMES_32("xmm"),
	NAMES_32("ymm"),
	NAMES_32("zmm"),
	NAMES_8("mm"),
};

const char *thread_reg_name(unsigned number, bool is32)
{
	const char *name = NULL;

	if (number >= REG_XMM_ && number < REG_VECTORS_END_)
		return vector_names[number - REG_XMM_];

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

/* The notes of a core file: threads, the program, mapped files. */
#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/procfs.h>

#include "base/alloc.h"
#include "target/core_impl.h"

/* i386: struct compat_elf_prstatus and compat_elf_prpsinfo of the kernel. */
enum {
	STATUS32_SIZE = 144,
	STATUS32_SIGNAL = 12,
	STATUS32_PID = 24,
	STATUS32_REGS = 72,
	INFO32_SIZE = 124,
	INFO32_PID = 12,
	INFO32_NAME = 28,
	NAME_SIZE = 16,
	ARGS_SIZE = 80,
	DESC_SIZE = 16, /* struct user_desc */
};

static uint64_t get(const uint8_t *at, unsigned bytes)
{
	uint64_t v = 0; /* x86: the low bytes come first */

	memcpy(&v, at, bytes);
	return v;
}

/* Which word of the general registers is which, as ptrace has them too: struct
 * user_regs_struct, and user_32.h of the kernel. */
struct order {
	uint8_t r[REG_COUNT_], orig_rax, flags, fs_base, gs_base, gs;
};
static const struct order order64 = {
	.r = {10, 12, 11, 5, 13, 14, 4, 19, 9, 8, 7, 6, 3, 2, 1, 0, 16},
	.orig_rax = 15,
	.flags = 18,
	.fs_base = 21,
	.gs_base = 22,
};
static const struct order order32 = {
	.r = {6, 2, 1, 0, 3, 4, 5, 15, [REG_RIP_] = 12},
	.orig_rax = 11,
	.flags = 14,
	.gs = 10,
};

static void take_regs(struct core *core, const uint8_t *at, unsigned w,
		      struct thread_regs *out)
{
	const struct order *o = w == 8 ? &order64 : &order32;

	*out = (struct thread_regs){.is32 = w == 4};
	for (unsigned i = 0; i < REG_COUNT_; i++)
		if (w == 8 || i <= REG_RSP_ || i == REG_RIP_)
			out->r[i] = get(at + w * o->r[i], w);
	out->orig_rax = get(at + w * o->orig_rax, w);
	if (w == 4)
		out->orig_rax = (uint64_t)(int32_t)out->orig_rax;
	out->eflags = get(at + w * o->flags, w);
	if (w == 8) {
		out->fs_base = get(at + w * o->fs_base, w);
		out->gs_base = get(at + w * o->gs_base, w);
	} else {
		/* Its base is in a note of its own. */
		core->selector = (unsigned)get(at + w * o->gs, w) & 0xffff;
	}
}

static struct thread *add_thread(struct target *target, struct error *err)
{
	struct core *core = target->impl;
	size_t cap = core->thread_cap;

	if (grow(&target->thread, &core->thread_cap, target->thread_count + 1,
		 sizeof *target->thread, "list of threads", err))
		return NULL;
	if (core->thread_cap != cap)
		memset(target->thread + target->thread_count, 0,
		       (core->thread_cap - target->thread_count) *
			       sizeof *target->thread);
	return &target->thread[target->thread_count++];
}

static int take_status(struct target *target, const uint8_t *desc,
		       uint64_t size, struct error *err)
{
	struct core *core = target->impl;
	size_t pid = STATUS32_PID, signal = STATUS32_SIGNAL,
	       regs = STATUS32_REGS;
	struct thread *t;

	if (target->word == 8) {
		pid = offsetof(struct elf_prstatus, pr_pid);
		signal = offsetof(struct elf_prstatus, pr_cursig);
		regs = offsetof(struct elf_prstatus, pr_reg);
	}
	if (size !=
	    (target->word == 8 ? sizeof(struct elf_prstatus) : STATUS32_SIZE)) {
		core->strange++;
		return 0;
	}
	t = add_thread(target, err);
	if (!t)
		return -1;
	t->tid = (pid_t)get(desc + pid, 4);
	t->has_regs = true;
	take_regs(core, desc + regs, target->word, &t->regs);
	if (target->thread_count == 1) {
		core->dumper = t->tid;
		core->signal = (int)get(desc + signal, 2);
	}
	return 0;
}

static void take_info(struct target *target, const uint8_t *desc, uint64_t size)
{
	size_t pid = INFO32_PID, name = INFO32_NAME;
	struct core *core = target->impl;

	if (target->word == 8) {
		pid = offsetof(struct elf_prpsinfo, pr_pid);
		name = offsetof(struct elf_prpsinfo, pr_fname);
	}
	if (size !=
	    (target->word == 8 ? sizeof(struct elf_prpsinfo) : INFO32_SIZE)) {
		core->strange++;
		return;
	}
	target->pid = (pid_t)get(desc + pid, 4);
	memcpy(target->comm, desc + name, NAME_SIZE);
	target->comm[NAME_SIZE - 1] = 0;
	memcpy(core->args, desc + size - ARGS_SIZE, ARGS_SIZE);
}

/* Of the thread whose status came last: the descriptor that gs selects. */
static void take_tls(struct target *target, const uint8_t *desc, uint64_t size)
{
	struct core *core = target->impl;

	if (!target->thread_count)
		return;
	for (uint64_t at = 0; at + DESC_SIZE <= size; at += DESC_SIZE)
		if (get(desc + at, 4) == core->selector >> 3)
			target->thread[target->thread_count - 1].regs.gs_base =
				get(desc + at + 4, 4);
}

static void take_auxv(struct target *target, const uint8_t *desc, uint64_t size)
{
	struct core *core = target->impl;
	unsigned w = target->word;

	for (uint64_t at = 0; at + 2 * w <= size; at += 2 * w) {
		uint64_t type = get(desc + at, w),
			 value = get(desc + at + w, w);

		if (type == AT_PHDR)
			core->phdr = value;
		else if (type == AT_ENTRY)
			core->entry = value;
		else if (type == AT_EXECFN)
			core->execfn = value;
		else if (type == AT_RANDOM)
			core->random = value;
		else if (type == AT_SYSINFO_EHDR)
			core->sysinfo = value;
		else if (type == AT_PAGESZ && value >= 4096 && value <= 65536 &&
			 !(value & (value - 1)))
			target->page_size = (uint32_t)value;
	}
}

/* count, page size, count times (start, end, page in the file), the names. */
static int take_files(struct target *target, const uint8_t *desc, uint64_t size,
		      struct error *err)
{
	struct core *core = target->impl;
	unsigned w = target->word;
	uint64_t count, page, name;

	if (size < 2 * w || core->file_note)
		return 0;
	core->file_note = try_calloc(size, 1, "names of files", err);
	if (!core->file_note)
		return -1;
	/* The paths stay; libelf's copy does not. */
	desc = memcpy(core->file_note, desc, size);
	count = get(desc, w);
	page = get(desc + w, w);
	if (count > (size - 2 * w) / (3 * w)) {
		core->strange++;
		return 0;
	}
	name = 2 * w + count * 3 * w;
	for (uint64_t i = 0; i < count; i++) {
		const uint8_t *line = desc + 2 * w + i * 3 * w;
		const void *end = memchr(desc + name, 0, size - name);
		struct core_file f = {
			.start = get(line, w),
			.end = get(line + w, w),
			.offset = get(line + 2 * w, w) * page,
			.path = (const char *)desc + name,
		};

		if (!end || f.start >= f.end ||
		    (core->files &&
		     f.start < core->file[core->files - 1].end)) {
			core->strange++;
			break;
		}
		if (GROW(core->file, core->file_cap, core->files + 1,
			 "table of files", err))
			return -1;
		core->file[core->files++] = f;
		name = (uint64_t)((const uint8_t *)end - desc) + 1;
	}
	return 0;
}

int core_take_note(struct target *target, uint32_t type, const char *name,
		   const uint8_t *desc, uint64_t size, struct error *err)
{
	struct core *core = target->impl;

	core->by_gdb |= !strcmp(name, "GDB");
	if (!strcmp(name, "LINUX")) {
		if (type == NT_386_TLS)
			take_tls(target, desc, size);
		if (type == NT_X86_XSTATE || type == NT_PRXFPREG)
			return core_take_vectors(target, desc, size, err);
		return 0;
	}
	if (strcmp(name, "CORE"))
		return 0;
	switch (type) {
	case NT_PRSTATUS:
		return take_status(target, desc, size, err);
	case NT_FPREGSET:
		/* i386's is an older format, without them. */
		return target->word == 8
			       ? core_take_vectors(target, desc, size, err)
			       : 0;
	case NT_PRPSINFO:
		take_info(target, desc, size);
		return 0;
	case NT_AUXV:
		take_auxv(target, desc, size);
		return 0;
	case NT_FILE:
		return take_files(target, desc, size, err);
	}
	return 0;
}

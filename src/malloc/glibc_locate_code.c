/*
 * main_arena and mp_ by what libc's code does with them (GLIBC.md 8.3): a
 * witness that knows nothing of the file's data.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "malloc/glibc.h"
#include "symbols/disasm.h"
#include "symbols/elf.h"
#include "symbols/symbols.h"

enum { MAX_CODE = 16384, MAX_TARGETS = 32, MAX_CALLS = 16 };

/* The addresses of data that a function uses, and what it calls. */
struct uses {
	const struct glibc_data *data; /* NULL: any */
	uint64_t lea[MAX_TARGETS], mem[MAX_TARGETS], call[MAX_CALLS];
	unsigned leas, mems, calls;
	uint64_t furthest; /* jump target: the function goes on to there */
	bool to_ret;	   /* its size is not known: it ends with a ret */
};

static void note(uint64_t *list, unsigned *count, unsigned cap, uint64_t addr)
{
	for (unsigned i = 0; i < *count; i++)
		if (list[i] == addr)
			return;
	if (*count < cap)
		list[(*count)++] = addr;
}

static int use(void *ctx, const struct insn *insn)
{
	struct uses *u = ctx;

	if (insn->has_mem && (!u->data || glibc_in_data(u->data, insn->mem))) {
		if (insn->is_lea)
			note(u->lea, &u->leas, MAX_TARGETS, insn->mem);
		note(u->mem, &u->mems, MAX_TARGETS, insn->mem);
	}
	if (insn->kind == INSN_CALL && insn->has_target)
		note(u->call, &u->calls, MAX_CALLS, insn->target);
	if (insn->kind == INSN_JUMP && insn->has_target &&
	    insn->target > u->furthest && insn->target < insn->addr + MAX_CODE)
		u->furthest = insn->target;
	return u->to_ret && insn->kind == INSN_RET && u->furthest <= insn->addr;
}

/* addr, run-time; size 0: up to the ret.  False: no code there. */
static bool read_uses(const struct module *module, uint64_t addr, uint64_t size,
		      struct uses *u)
{
	AUTO_FREE uint8_t *code = xmalloc(MAX_CODE);
	struct disasm *disasm;
	struct error err;
	uint64_t len = size && size < MAX_CODE ? size : MAX_CODE;

	u->to_ret = !size;
	while (elf_read(module->elf, addr - module->bias, code, len, &err) < 0)
		if ((len /= 2) < 16)
			return false;
	if (disasm_open(elf_word(module->elf), &disasm, &err) < 0)
		return false;
	if (elf_got(module->elf))
		disasm_set_got(disasm, module->bias + elf_got(module->elf));
	disasm_each(disasm, code, len, addr, use, u);
	disasm_close(disasm);
	return true;
}

void glibc_locate_code(const struct module *module,
		       const struct glibc_data *data, const char *function,
		       struct finding *arena)
{
	struct uses u = {.data = data};
	struct elf_symbol symbol;

	if (!elf_dynsym(module->elf, function, &symbol))
		finding_set(arena, CHECK_SKIPPED, 0, "%s does not export %s",
			    module->name, function);
	else if (!read_uses(module, module->bias + symbol.value, symbol.size,
			    &u))
		finding_set(arena, CHECK_SKIPPED, 0,
			    "the code of %s cannot be read", function);
	else if (u.leas == 1)
		finding_set(arena, CHECK_OK, u.lea[0],
			    "0x%" PRIx64 ", the only writable data whose "
			    "address %s takes",
			    u.lea[0], function);
	else
		finding_set(arena, CHECK_SKIPPED, 0,
			    "%s takes the address of %u places in writable "
			    "data, not of one",
			    function, u.leas);
}

static bool reads(const struct uses *u, uint64_t addr)
{
	for (unsigned i = 0; i < u->mems; i++)
		if (u->mem[i] == addr)
			return true;
	return false;
}

/*
 * mallinfo reports n_mmaps and mmapped_mem: itself or what it calls directly
 * must read them where the layout has them.
 */
void glibc_check_params_code(const struct module *module,
			     const struct finding *by_file,
			     struct finding *params)
{
	const struct params_layout *l = by_file->params;
	struct uses u = {0};
	struct elf_symbol symbol;
	const char *name = "mallinfo2";

	if (!elf_dynsym(module->elf, name, &symbol) &&
	    !elf_dynsym(module->elf, name = "mallinfo", &symbol)) {
		finding_set(params, CHECK_SKIPPED, 0,
			    "%s exports neither mallinfo2 nor mallinfo",
			    module->name);
		return;
	}
	if (!l ||
	    !read_uses(module, module->bias + symbol.value, symbol.size, &u)) {
		finding_set(params, CHECK_SKIPPED, 0,
			    "nothing to compare it with");
		return;
	}
	for (unsigned i = 0, calls = u.calls; i < calls; i++)
		read_uses(module, u.call[i], 0, &u);
	if (reads(&u, by_file->addr + l->n_mmaps) &&
	    reads(&u, by_file->addr + l->mmapped_mem))
		finding_set(params, CHECK_OK, by_file->addr,
			    "0x%" PRIx64 ", %s reads n_mmaps and mmapped_mem "
			    "there",
			    by_file->addr, name);
	else
		finding_set(
			params, CHECK_FAILED, 0,
			"%s does not read the counters of an mp_ at 0x%" PRIx64,
			name, by_file->addr);
}

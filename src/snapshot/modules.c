#include "snapshot/modules.h"

#include "base/alloc.h"
#include "symbols/elf.h"
#include "symbols/symbols.h"

enum { RELRO = 0x6474e552 /* PT_GNU_RELRO */, PAGE = 4096 };

void modules_relro(const struct module *module, uint64_t *start, uint64_t *end)
{
	const struct elf_segment *seg;
	size_t n = module->elf ? elf_segments(module->elf, &seg) : 0;

	*start = *end = 0;
	for (size_t i = 0; i < n; i++) {
		uint64_t at = module->bias + seg[i].vaddr;

		if (seg[i].type != RELRO)
			continue;
		*start = at & -(uint64_t)PAGE;
		*end = (at + seg[i].memsz) & -(uint64_t)PAGE;
	}
	/* What a file says may be anything. */
	if (*start < module->start || *end > module->end || *start >= *end)
		*start = *end = 0;
}

int modules_take(struct snapshot *snap, struct symbols *symbols,
		 struct error *err)
{
	size_t count = symbols ? symbols_module_count(symbols) : 0;

	snap->module =
		try_calloc(count, sizeof *snap->module, "list of modules", err);
	if (!snap->module)
		return -1;
	for (size_t i = 0; i < count; i++) {
		const struct module *m = symbols_module(symbols, i);
		struct snapshot_module *to = &snap->module[i];

		*to = (struct snapshot_module){.start = m->start,
					       .end = m->end};
		modules_relro(m, &to->relro_start, &to->relro_end);
	}
	snap->module_count = (uint32_t)count;
	return 0;
}

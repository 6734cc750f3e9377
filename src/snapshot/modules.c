#include "snapshot/modules.h"

#include "base/alloc.h"
#include "symbols/elf.h"
#include "symbols/symbols.h"

enum {
	TLS = 7,	    /* PT_TLS */
	RELRO = 0x6474e552, /* PT_GNU_RELRO */
	PAGE = 4096,
	RSEQ = 64, /* glibc's own block behind those it starts with */
};

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

/*
 * Blocks lie below the thread pointer one after the other, each aligned
 * (glibc's elf/dl-tls.c, _dl_determine_tlsoffset).  In which order is not
 * known, nor which of those loaded later have theirs elsewhere: no more than
 * all, with all the padding that there can be.
 */
static bool add_tls(const struct module *module, uint64_t *size)
{
	const struct elf_segment *seg;
	size_t n = module->elf ? elf_segments(module->elf, &seg) : 0;

	for (size_t i = 0; i < n; i++)
		if (seg[i].type == TLS)
			*size += seg[i].memsz + seg[i].align;
	return n > 0;
}

int modules_take(struct snapshot *snap, struct symbols *symbols,
		 struct error *err)
{
	size_t count = symbols ? symbols_module_count(symbols) : 0;
	uint64_t tls = RSEQ;
	bool known = count > 0;

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
		known &= add_tls(m, &tls);
	}
	snap->tls_size = known ? tls : 0;
	snap->module_count = (uint32_t)count;
	return 0;
}

const struct snapshot_module *modules_find(const struct snapshot *snap,
					   uint64_t addr)
{
	uint32_t low = 0, high = snap->module_count;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (snap->module[mid].end <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low < snap->module_count && snap->module[low].start <= addr
		       ? &snap->module[low]
		       : NULL;
}

/* What methods say that look for malloc, and where a libc has its data. */
#include <stdarg.h>
#include <stdio.h>

#include "malloc/glibc.h"
#include "symbols/elf.h"
#include "symbols/symbols.h"

enum { ELF_LOAD = 1, ELF_WRITE = 2, ELF_RELRO = 0x6474e552 };

void finding_set(struct finding *f, enum check_result result, uint64_t addr,
		 const char *fmt, ...)
{
	va_list ap;

	f->result = result;
	f->addr = addr;
	va_start(ap, fmt);
	vsnprintf(f->text, sizeof f->text, fmt, ap);
	va_end(ap);
}

void glibc_add_check(struct glibc *g, enum check_result result,
		     const char *name, const char *fmt, ...)
{
	struct check *c = &g->check[g->checks];
	va_list ap;

	if (g->checks == GLIBC_CHECKS)
		return;
	g->checks++;
	*c = (struct check){.result = result};
	snprintf(c->name, sizeof c->name, "%s", name);
	va_start(ap, fmt);
	vsnprintf(c->text, sizeof c->text, fmt, ap);
	va_end(ap);
}

bool glibc_data_find(const struct module *module, struct glibc_data *out)
{
	const struct elf_segment *seg;
	size_t n = elf_segments(module->elf, &seg);

	*out = (struct glibc_data){.start = UINT64_MAX};
	for (size_t i = 0; i < n; i++) {
		uint64_t start = module->bias + seg[i].vaddr;
		uint64_t end = start + seg[i].memsz;

		if (seg[i].type == ELF_RELRO) {
			out->relro_start = start;
			out->relro_end = end;
		}
		if (seg[i].type != ELF_LOAD || !(seg[i].flags & ELF_WRITE))
			continue;
		if (start < out->start)
			out->start = start;
		if (end > out->end)
			out->end = end;
	}
	return out->start < out->end;
}

/* What the headers of a core file say: segments of memory, and notes. */
#include <gelf.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/progress.h"
#include "target/core_impl.h"

enum { TICK = 4096 };

static int not_a_core(struct error *err, const char *what)
{
	return error_set(err, ERR_FORMAT, "not a core file: %s", what);
}

static const char *type_name(unsigned type)
{
	switch (type) {
	case ET_EXEC:
	case ET_DYN:
		return "a program or a library; is it for --exe?";
	case ET_REL:
		return "an object file";
	default:
		return "an ELF file of another kind";
	}
}

/* ELFCLASS and machine go together: x32 is neither of ours. */
static int check_machine(struct target *target, const GElf_Ehdr *h,
			 struct error *err)
{
	bool is64 = h->e_ident[EI_CLASS] == ELFCLASS64;

	if (h->e_ident[EI_DATA] != ELFDATA2LSB)
		return error_set(err, ERR_UNSUPPORTED,
				 "core of a big-endian machine (number %u): "
				 "x86-64 and i386 are supported",
				 h->e_machine);
	if (h->e_machine != (is64 ? EM_X86_64 : EM_386))
		return error_set(err, ERR_UNSUPPORTED,
				 "core of another machine (number %u, %s "
				 "bits): x86-64 and i386 are supported",
				 h->e_machine, is64 ? "64" : "32");
	target->word = is64 ? 8 : 4;
	return 0;
}

static int take_load(struct core *core, const GElf_Phdr *p, struct error *err)
{
	struct core_segment *s;
	uint64_t want = p->p_filesz, have;

	if (!p->p_memsz)
		return 0;
	if (p->p_vaddr + p->p_memsz < p->p_vaddr) {
		core->wrapped++;
		return 0;
	}
	if (want > p->p_memsz)
		want = p->p_memsz;
	have = p->p_offset < core->size ? core->size - p->p_offset : 0;
	if (have > want)
		have = want;
	core->missing += want - have;
	if (GROW(core->segment, core->segment_cap, core->segments + 1,
		 "table of segments", err))
		return -1;
	s = &core->segment[core->segments++];
	*s = (struct core_segment){
		.start = p->p_vaddr,
		.end = p->p_vaddr + p->p_memsz,
		.dumped = have,
		.bytes = core->bytes + (have ? p->p_offset : 0),
	};
	s->prot |= p->p_flags & PF_R ? MAP_R : 0;
	s->prot |= p->p_flags & PF_W ? MAP_W : 0;
	s->prot |= p->p_flags & PF_X ? MAP_X : 0;
	return 0;
}

static int take_notes(struct target *target, Elf *elf, const GElf_Phdr *p,
		      struct error *err)
{
	struct core *core = target->impl;
	uint64_t have = p->p_offset < core->size ? core->size - p->p_offset : 0;
	size_t at = 0, name, desc, next;
	Elf_Data *data;
	GElf_Nhdr n;

	if (have > p->p_filesz)
		have = p->p_filesz;
	core->notes_cut |= have < p->p_filesz;
	if (!have)
		return 0;
	data = elf_getdata_rawchunk(elf, (int64_t)p->p_offset, have,
				    p->p_align == 8 ? ELF_T_NHDR8 : ELF_T_NHDR);
	while (data && (next = gelf_getnote(data, at, &n, &name, &desc))) {
		const char *owner = (const char *)data->d_buf + name;

		if (!n.n_namesz || owner[n.n_namesz - 1])
			owner = "";
		if (core_take_note(target, n.n_type, owner,
				   (const uint8_t *)data->d_buf + desc,
				   n.n_descsz, err))
			return -1;
		at = next;
	}
	core->strange += !data || at + 3 < have;
	return 0;
}

static int by_start(const void *a, const void *b)
{
	const struct core_segment *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return (x->bytes > y->bytes) - (x->bytes < y->bytes);
}

/* Where two overlap, the one that begins first is believed. */
static void settle(struct core *core)
{
	uint64_t end = 0;
	size_t n = 0;

	if (!core->segments)
		return;
	qsort(core->segment, core->segments, sizeof *core->segment, by_start);
	for (size_t i = 0; i < core->segments; i++) {
		struct core_segment s = core->segment[i];

		if (n && s.start < end) {
			uint64_t cut = end - s.start;

			core->overlaps++;
			if (s.end <= end)
				continue;
			s.start = end;
			s.bytes += cut < s.dumped ? cut : s.dumped;
			s.dumped -= cut < s.dumped ? cut : s.dumped;
		}
		end = s.end;
		core->segment[n++] = s;
	}
	core->segments = n;
}

static int take_headers(struct target *target, Elf *elf, const GElf_Ehdr *h,
			struct error *err)
{
	struct core *core = target->impl;
	size_t count;
	GElf_Phdr p;

	if (elf_getphdrnum(elf, &count) < 0)
		return error_set(err, ERR_FORMAT,
				 "the core file is cut short or damaged: its "
				 "program headers cannot be read");
	/* Section 0 has the number when it takes more than 16 bits. */
	core->headers_cut = h->e_phnum != PN_XNUM && h->e_phnum != count;
	for (size_t i = 0; i < count; i++) {
		int ret = 0;

		if (i % TICK == 0 &&
		    progress_tick("reading headers", i, count, err))
			return -1;
		if (!gelf_getphdr(elf, (int)i, &p)) {
			core->headers_cut = true;
			break;
		}
		if (p.p_type == PT_LOAD)
			ret = take_load(core, &p, err);
		else if (p.p_type == PT_NOTE)
			ret = take_notes(target, elf, &p, err);
		if (ret)
			return -1;
	}
	settle(core);
	if (!core->segments)
		return error_set(err, ERR_FORMAT,
				 "the core file has no memory in it");
	return 0;
}

int core_load_elf(struct target *target, struct error *err)
{
	struct core *core = target->impl;
	GElf_Ehdr h;
	Elf *elf;
	int ret = -1;

	if (core->size < EI_NIDENT || memcmp(core->bytes, ELFMAG, SELFMAG))
		return not_a_core(err, "it does not begin as an ELF file");
	elf_version(EV_CURRENT);
	/* It is only read: nothing asks libelf to write. */
	elf = elf_memory((char *)(uintptr_t)core->bytes, core->size);
	if (!elf || elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &h))
		not_a_core(err, "its ELF header cannot be read");
	else if (h.e_type != ET_CORE)
		not_a_core(err, type_name(h.e_type));
	else if (!check_machine(target, &h, err))
		ret = take_headers(target, elf, &h, err);
	elf_end(elf);
	return ret;
}

const uint8_t *core_at(const struct core *core, uint64_t addr, uint64_t *len)
{
	size_t low = 0, high = core->segments;
	const struct core_segment *s;

	*len = 0;
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (core->segment[mid].end <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	s = &core->segment[low];
	if (low == core->segments || addr < s->start ||
	    addr - s->start >= s->dumped)
		return NULL;
	*len = s->dumped - (addr - s->start);
	return s->bytes + (addr - s->start);
}

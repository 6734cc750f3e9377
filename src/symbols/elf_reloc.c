/* Dynamic relocations: RELA, REL and RELR, for the machines that we know. */
#include <string.h>

#include "symbols/elf_impl.h"

/* psABI numbers of a machine's relative and thread-pointer relocations. */
static const struct machine_relocs {
	unsigned machine;
	uint32_t relative[2], tpoff[2];
} known[] = {
	{EM_X86_64, {8, 38}, {18, 18}},
	{EM_386, {8, 8}, {14, 37}},
	{EM_AARCH64, {1027, 1027}, {1030, 1030}},
	{EM_ARM, {23, 23}, {19, 19}},
	{EM_RISCV, {3, 3}, {10, 11}},
	{EM_PPC64, {22, 22}, {73, 73}},
};

struct walk {
	const struct elf *elf;
	const struct machine_relocs *machine; /* or NULL */
	elf_reloc_fn *fn;
	void *ctx;
	/* A window on the file, for words that are stored in place. */
	uint64_t at;
	size_t len;
	uint8_t bytes[4096];
};

static enum elf_reloc_kind kind_of(const struct walk *w, uint32_t type)
{
	const struct machine_relocs *m = w->machine;

	if (!m)
		return ELF_RELOC_OTHER;
	if (type == m->relative[0] || type == m->relative[1])
		return ELF_RELOC_RELATIVE;
	if (type == m->tpoff[0] || type == m->tpoff[1])
		return ELF_RELOC_TPOFF;
	return ELF_RELOC_OTHER;
}

/* The word at addr in the file, sign-extended; 0 if the file has none. */
static int64_t word_at(struct walk *w, uint64_t addr)
{
	unsigned word = w->elf->word;
	struct error err;
	int32_t v4;
	int64_t v8;

	if (addr - w->at >= w->len || w->len - (addr - w->at) < word) {
		uint64_t n = elf_content(w->elf, addr);

		w->at = addr;
		w->len = n < sizeof w->bytes ? (size_t)n : sizeof w->bytes;
		if (elf_read(w->elf, addr, w->bytes, w->len, &err))
			w->len = 0;
		if (w->len < word)
			return 0;
	}
	if (word == 4) {
		memcpy(&v4, w->bytes + (addr - w->at), 4);
		return v4;
	}
	memcpy(&v8, w->bytes + (addr - w->at), 8);
	return v8;
}

static int emit(struct walk *w, struct elf_reloc *r, bool in_place)
{
	if (in_place)
		r->addend = word_at(w, r->offset);
	/* in memory the dynamic linker has been there already */
	if (in_place && w->elf->image && r->kind == ELF_RELOC_RELATIVE)
		r->addend -= (int64_t)w->elf->bias;
	else
		r->relocated = in_place && w->elf->image;
	return w->fn(w->ctx, r);
}

static int walk_rel(struct walk *w, uint64_t at, uint64_t size, bool rela)
{
	Elf_Type type = rela ? ELF_T_RELA : ELF_T_REL;
	uint64_t entry = gelf_fsize(w->elf->handle, type, 1, EV_CURRENT);
	uint64_t room = elf_content(w->elf, at);
	int ret = 0;

	if (size > room)
		size = room;
	if (!at || !entry)
		return 0;
	size -= size % entry;

	Elf_Data *data = elf_chunk(w->elf, at, size, type);

	for (uint64_t i = 0; data && i < size / entry && !ret; i++) {
		struct elf_reloc r = {0};
		GElf_Rela ra = {0};
		GElf_Rel rl = {0};

		if (rela ? !gelf_getrela(data, (int)i, &ra)
			 : !gelf_getrel(data, (int)i, &rl))
			break;
		uint64_t info = rela ? ra.r_info : rl.r_info;

		r.offset = rela ? ra.r_offset : rl.r_offset;
		r.addend = ra.r_addend;
		r.symbol = (uint32_t)GELF_R_SYM(info);
		r.kind = kind_of(w, (uint32_t)GELF_R_TYPE(info));
		r.down = w->elf->machine == EM_386 &&
			 GELF_R_TYPE(info) == R_386_TLS_TPOFF32;
		ret = emit(w, &r, !rela);
	}
	return ret;
}

static int relative(struct walk *w, uint64_t offset)
{
	struct elf_reloc r = {.kind = ELF_RELOC_RELATIVE, .offset = offset};

	return emit(w, &r, true);
}

/*
 * RELR (ELF gABI): an even word is an address; an odd one is a bitmap of the
 * word * 8 - 1 words that follow the last.
 */
static int walk_relr(struct walk *w, uint64_t at, uint64_t size)
{
	unsigned word = w->elf->word, bits = word * 8 - 1;
	uint64_t room = elf_content(w->elf, at), next = 0;
	int ret = 0;

	if (size > room)
		size = room;
	size -= size % word;

	Elf_Data *data = at ? elf_chunk(w->elf, at, size, ELF_T_BYTE) : NULL;

	for (uint64_t i = 0; data && i < size && !ret; i += word) {
		uint64_t v = 0;

		memcpy(&v, (const char *)data->d_buf + i, word);
		if (!(v & 1)) {
			ret = relative(w, v);
			next = v + word;
			continue;
		}
		for (unsigned b = 0; b < bits && !ret; b++)
			if (v >> (b + 1) & 1)
				ret = relative(w, next + (uint64_t)b * word);
		next += (uint64_t)bits * word;
	}
	return ret;
}

int elf_each_reloc(const struct elf *elf, elf_reloc_fn *fn, void *ctx)
{
	const struct elf_dynamic *d = &elf->dynamic;
	struct walk w = {.elf = elf, .fn = fn, .ctx = ctx};
	bool plt_rela = d->pltrel == DT_RELA;
	int ret;

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (known[i].machine == elf->machine)
			w.machine = &known[i];
	ret = walk_rel(&w, d->rela, d->relasz, true);
	if (!ret)
		ret = walk_rel(&w, d->rel, d->relsz, false);
	if (!ret)
		ret = walk_relr(&w, d->relr, d->relrsz);
	/* some linkers count the PLT's relocations in the first table too */
	uint64_t table = plt_rela ? d->rela : d->rel;
	uint64_t len = plt_rela ? d->relasz : d->relsz;

	if (!ret && !(table && d->jmprel - table < len))
		ret = walk_rel(&w, d->jmprel, d->pltrelsz, plt_rela);
	return ret;
}

/* The dynamic segment, and the symbols that it names. */
#include <string.h>

#include "base/alloc.h"
#include "symbols/elf_impl.h"

const char *elf_string(const Elf_Data *strs, uint64_t off)
{
	const char *s;

	if (!strs || !strs->d_buf || off >= strs->d_size)
		return NULL;
	s = (const char *)strs->d_buf + off;
	return memchr(s, 0, strs->d_size - off) ? s : NULL;
}

/*
 * The dynamic linker writes addresses into the table in memory, which is what
 * we see when the file itself could not be had.
 */
static uint64_t file_address(const struct elf *elf, uint64_t addr)
{
	if (elf->image && addr && !elf_content(elf, addr) &&
	    elf_content(elf, addr - elf->bias))
		return addr - elf->bias;
	return addr;
}

static void take_entry(struct elf *elf, const GElf_Dyn *dyn)
{
	struct elf_dynamic *d = &elf->dynamic;
	uint64_t v = dyn->d_un.d_val;
	const struct {
		int64_t tag;
		uint64_t *value;
		bool is_addr;
	} known[] = {
		{DT_SYMTAB, &d->symtab, true},
		{DT_STRTAB, &d->strtab, true},
		{DT_STRSZ, &d->strsz, false},
		{DT_HASH, &d->hash, true},
		{DT_GNU_HASH, &d->gnu_hash, true},
		{DT_VERSYM, &d->versym, true},
		{DT_RELA, &d->rela, true},
		{DT_RELASZ, &d->relasz, false},
		{DT_REL, &d->rel, true},
		{DT_RELSZ, &d->relsz, false},
		{36 /* DT_RELR */, &d->relr, true},
		{35 /* DT_RELRSZ */, &d->relrsz, false},
		{DT_JMPREL, &d->jmprel, true},
		{DT_PLTRELSZ, &d->pltrelsz, false},
		{DT_PLTREL, &d->pltrel, false},
		{DT_PLTGOT, &d->pltgot, true},
	};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (known[i].tag == dyn->d_tag)
			*known[i].value =
				known[i].is_addr ? file_address(elf, v) : v;
	if (dyn->d_tag == DT_SONAME)
		d->soname = v + 1;
	if (dyn->d_tag == DT_NEEDED)
		d->needed = true;
}

void elf_load_dynamic(struct elf *elf)
{
	const struct elf_segment *s = NULL;

	for (size_t i = 0; i < elf->segments && !s; i++)
		if (elf->segment[i].type == PT_DYNAMIC)
			s = &elf->segment[i];
	if (!s)
		return;

	uint64_t len = elf_content(elf, s->vaddr);

	if (len > s->filesz)
		len = s->filesz;
	Elf_Data *data = elf_chunk(elf, s->vaddr, len, ELF_T_DYN);
	GElf_Dyn dyn;

	for (int i = 0; data && gelf_getdyn(data, i, &dyn); i++) {
		if (dyn.d_tag == DT_NULL)
			break;
		elf->dynamic.present = true;
		take_entry(elf, &dyn);
	}
	if (!elf->dynamic.soname)
		return;

	const struct elf_dynamic *d = &elf->dynamic;
	const char *name = elf_string(
		elf_chunk(elf, d->strtab, d->strsz, ELF_T_BYTE), d->soname - 1);

	if (name)
		elf->soname = xstrdup(name);
}

static uint32_t word32(const Elf_Data *data, uint64_t i)
{
	uint32_t v;

	memcpy(&v, (const char *)data->d_buf + 4 * i, sizeof v);
	return v;
}

/* The second word of DT_HASH is the number of symbols. */
static uint64_t count_by_hash(const struct elf *elf)
{
	Elf_Data *h = elf->dynamic.hash
			      ? elf_chunk(elf, elf->dynamic.hash, 8, ELF_T_WORD)
			      : NULL;

	return h ? word32(h, 1) : 0;
}

/*
 * DT_GNU_HASH names no number: the largest index that a bucket starts at, and
 * from there to the end of its chain (the word with bit 0 set).
 */
static uint64_t count_by_gnu_hash(const struct elf *elf)
{
	uint64_t at = elf->dynamic.gnu_hash;
	Elf_Data *h = at ? elf_chunk(elf, at, 16, ELF_T_WORD) : NULL;

	if (!h)
		return 0;
	uint64_t buckets = word32(h, 0), first = word32(h, 1);
	uint64_t last = 0;

	at += 16 + (uint64_t)word32(h, 2) * elf->word;
	h = elf_chunk(elf, at, 4 * buckets, ELF_T_WORD);
	if (!h)
		return first; /* no bucket: only undefined symbols */
	for (uint64_t i = 0; i < buckets; i++)
		if (word32(h, i) > last)
			last = word32(h, i);
	if (last < first)
		return first;

	uint64_t chain = at + 4 * buckets + 4 * (last - first);
	uint64_t len = elf_content(elf, chain) & ~UINT64_C(3);

	h = elf_chunk(elf, chain, len, ELF_T_WORD);
	for (uint64_t i = 0; h && i < len / 4; i++)
		if (word32(h, i) & 1)
			return last + i + 1;
	return last;
}

static const struct elf_table *dynsyms(const struct elf *elf)
{
	struct elf_table *t = &elf->lazy->dynsym;
	const struct elf_dynamic *d = &elf->dynamic;
	uint64_t entry = gelf_fsize(elf->handle, ELF_T_SYM, 1, EV_CURRENT);

	if (t->tried || !entry)
		return t;
	t->tried = true;

	uint64_t count = count_by_hash(elf), room;

	if (!count)
		count = count_by_gnu_hash(elf);
	if (!count && d->strtab > d->symtab) /* the usual order in a file */
		count = (d->strtab - d->symtab) / entry;
	room = elf_content(elf, d->symtab) / entry;
	if (count > room)
		count = room;
	t->syms = elf_chunk(elf, d->symtab, count * entry, ELF_T_SYM);
	t->strs = elf_chunk(elf, d->strtab, d->strsz, ELF_T_BYTE);
	if (d->versym)
		t->versions = elf_chunk(elf, d->versym, 2 * count, ELF_T_HALF);
	t->count = t->syms ? count : 0;
	return t;
}

int elf_each_in(const struct elf *elf, const struct elf_table *table,
		elf_symbol_fn *fn, void *ctx)
{
	int ret = 0;

	(void)elf;
	for (size_t i = 0; i < table->count && !ret; i++) {
		struct elf_symbol out = {0};
		GElf_Sym sym;
		GElf_Versym v;

		if (!gelf_getsym(table->syms, (int)i, &sym))
			break;
		out.name = elf_string(table->strs, sym.st_name);
		if (!out.name)
			continue;
		out.value = sym.st_value;
		out.size = sym.st_size;
		out.type = GELF_ST_TYPE(sym.st_info);
		out.bind = GELF_ST_BIND(sym.st_info);
		out.defined = sym.st_shndx != SHN_UNDEF;
		out.absolute = sym.st_shndx == SHN_ABS;
		if (table->versions &&
		    gelf_getversym(table->versions, (int)i, &v))
			out.hidden = v & 0x8000;
		ret = fn(ctx, &out);
	}
	return ret;
}

int elf_each_dynsym(const struct elf *elf, elf_symbol_fn *fn, void *ctx)
{
	return elf_each_in(elf, dynsyms(elf), fn, ctx);
}

struct wanted {
	const char *name;
	struct elf_symbol *out;
	bool found;
};

static int match(void *ctx, const struct elf_symbol *symbol)
{
	struct wanted *w = ctx;

	if (!symbol->defined || symbol->absolute ||
	    strcmp(symbol->name, w->name))
		return 0;
	if (!w->found || !symbol->hidden)
		*w->out = *symbol;
	w->found = true;
	return !symbol->hidden;
}

bool elf_dynsym(const struct elf *elf, const char *name, struct elf_symbol *out)
{
	struct wanted w = {name, out, false};

	elf_each_dynsym(elf, match, &w);
	return w.found;
}

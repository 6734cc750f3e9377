/* What only section headers lead to: .symtab, .gnu_debuglink; and notes. */
#include <string.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "symbols/elf_impl.h"

/* In memory the headers are not mapped, or are something else. */
static Elf_Scn *next_section(const struct elf *elf, Elf_Scn *scn,
			     GElf_Shdr *shdr)
{
	if (elf->image)
		return NULL;
	while ((scn = elf_nextscn(elf->handle, scn)))
		if (gelf_getshdr(scn, shdr))
			return scn;
	return NULL;
}

static Elf_Data *section_bytes(const struct elf *elf, const GElf_Shdr *s,
			       Elf_Type type)
{
	if (s->sh_type == SHT_NOBITS || !s->sh_size ||
	    (s->sh_flags & SHF_COMPRESSED) || s->sh_offset > INT64_MAX)
		return NULL;
	return elf_getdata_rawchunk(elf->handle, (int64_t)s->sh_offset,
				    s->sh_size, type);
}

static const struct elf_table *symtab(const struct elf *elf)
{
	struct elf_table *t = &elf->lazy->symtab;
	size_t entry = gelf_fsize(elf->handle, ELF_T_SYM, 1, EV_CURRENT);
	GElf_Shdr shdr, strs;
	Elf_Scn *scn = NULL;

	if (t->tried || !entry)
		return t;
	t->tried = true;
	while ((scn = next_section(elf, scn, &shdr)))
		if (shdr.sh_type == SHT_SYMTAB)
			break;
	if (!scn || !gelf_getshdr(elf_getscn(elf->handle, shdr.sh_link), &strs))
		return t;
	shdr.sh_size -= shdr.sh_size % entry;
	t->syms = section_bytes(elf, &shdr, ELF_T_SYM);
	t->strs = section_bytes(elf, &strs, ELF_T_BYTE);
	if (t->syms && t->strs)
		t->count = t->syms->d_size / entry;
	return t;
}

int elf_each_symtab(const struct elf *elf, elf_symbol_fn *fn, void *ctx)
{
	return elf_each_in(elf, symtab(elf), fn, ctx);
}

const char *elf_section_name(const struct elf *elf, uint64_t vaddr)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr shdr;
	size_t names;

	while ((scn = next_section(elf, scn, &shdr)))
		/* .tbss has an address, but no memory there. */
		if (shdr.sh_flags & SHF_ALLOC && !(shdr.sh_flags & SHF_TLS) &&
		    vaddr >= shdr.sh_addr &&
		    vaddr - shdr.sh_addr < shdr.sh_size &&
		    !elf_getshdrstrndx(elf->handle, &names))
			return elf_strptr(elf->handle, names, shdr.sh_name);
	for (size_t i = 0; i < elf->segments; i++) {
		const struct elf_segment *seg = &elf->segment[i];

		if (seg->type == PT_LOAD && vaddr >= seg->vaddr &&
		    vaddr - seg->vaddr >= seg->filesz &&
		    vaddr - seg->vaddr < seg->memsz)
			return ".bss";
	}
	return NULL;
}

/* The NT_GNU_BUILD_ID in a run of notes, as hexadecimal digits. */
static bool find_build_id(struct elf *elf, Elf_Data *data)
{
	size_t off = 0, name, desc;
	GElf_Nhdr nhdr;

	while (data && (off = gelf_getnote(data, off, &nhdr, &name, &desc))) {
		const uint8_t *bytes = (const uint8_t *)data->d_buf + desc;

		if (nhdr.n_type != NT_GNU_BUILD_ID || nhdr.n_namesz != 4 ||
		    memcmp((const char *)data->d_buf + name, "GNU", 4) ||
		    nhdr.n_descsz < 2 || nhdr.n_descsz > 64)
			continue;
		elf->build_id = xcalloc(2 * nhdr.n_descsz + 1, 1);
		for (size_t i = 0; i < nhdr.n_descsz; i++) {
			elf->build_id[2 * i] =
				"0123456789abcdef"[bytes[i] >> 4];
			elf->build_id[2 * i + 1] =
				"0123456789abcdef"[bytes[i] & 15];
		}
		return true;
	}
	return false;
}

void elf_load_notes(struct elf *elf)
{
	GElf_Shdr shdr;
	Elf_Scn *scn = NULL;

	for (size_t i = 0; i < elf->segments; i++) {
		const struct elf_segment *s = &elf->segment[i];
		Elf_Data *data;

		/* by offset: a debug file keeps its notes, but not loaded */
		if (s->type != PT_NOTE || !s->filesz || s->offset > INT64_MAX)
			continue;
		data = elf_getdata_rawchunk(
			elf->handle, (int64_t)s->offset, s->filesz,
			s->align == 8 ? ELF_T_NHDR8 : ELF_T_NHDR);
		if (find_build_id(elf, data))
			return;
	}
	while ((scn = next_section(elf, scn, &shdr)))
		if (shdr.sh_type == SHT_NOTE &&
		    find_build_id(elf, section_bytes(elf, &shdr, ELF_T_NHDR)))
			return;
}

static Elf_Scn *find_section(const struct elf *elf, const char *want,
			     GElf_Shdr *shdr)
{
	size_t names;
	Elf_Scn *scn = NULL;

	if (elf->image || elf_getshdrstrndx(elf->handle, &names))
		return NULL;
	while ((scn = next_section(elf, scn, shdr))) {
		const char *name =
			elf_strptr(elf->handle, names, shdr->sh_name);

		if (name && !strcmp(name, want))
			return scn;
	}
	return NULL;
}

/* A section's bytes, by name; NULL: there is none, or it is compressed. */
static Elf_Data *named_section(const struct elf *elf, const char *want)
{
	GElf_Shdr shdr;

	return find_section(elf, want, &shdr)
		       ? section_bytes(elf, &shdr, ELF_T_BYTE)
		       : NULL;
}

static void load_debuglink(const struct elf *elf)
{
	Elf_Data *data = named_section(elf, ".gnu_debuglink");
	const char *name = data ? elf_string(data, 0) : NULL;

	if (!name || !*name || data->d_size < 8)
		return;
	/* the checksum is the last word, after padding */
	memcpy(&elf->lazy->debuglink_crc,
	       (const char *)data->d_buf + ((data->d_size & ~3UL) - 4), 4);
	elf->lazy->debuglink = xstrdup(name);
}

void elf_alt_link(const struct elf *elf, char **path, char **id)
{
	Elf_Data *data = named_section(elf, ".gnu_debugaltlink");
	const char *name = data ? elf_string(data, 0) : NULL;
	struct strbuf hex = {0};

	*path = *id = NULL;
	if (!name || !*name)
		return;
	*path = xstrdup(name);
	for (size_t i = strlen(name) + 1; i < data->d_size; i++)
		strbuf_addf(&hex, "%02x", ((const uint8_t *)data->d_buf)[i]);
	*id = strbuf_take(&hex);
}

const char *elf_debuglink(const struct elf *elf, uint32_t *crc)
{
	if (!elf->lazy->debuglink_tried)
		load_debuglink(elf);
	elf->lazy->debuglink_tried = true;
	*crc = elf->lazy->debuglink_crc;
	return elf->lazy->debuglink;
}

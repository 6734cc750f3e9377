#include "symbols/elf_bytes.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "symbols/elf_impl.h"
#include "symbols/elf_unpack.h"

/* How it is stored, and where what is packed begins in the section. */
struct packed {
	enum elf_packing packing;
	uint64_t head, size; /* bytes; size is that of the unpacked */
};

static bool read_head(const struct elf *elf, uint64_t at, void *head,
		      size_t len)
{
	return pread(elf->fd, head, len, (off_t)at) == (ssize_t)len;
}

/* "ZLIB" and the size, big-endian: as it was done before ELF had a flag. */
static bool is_gnus(const struct elf *elf, const char *name,
		    const GElf_Shdr *shdr, struct packed *out)
{
	uint8_t head[12];

	if (strncmp(name, ".zdebug_", 8) || shdr->sh_size < sizeof head ||
	    !read_head(elf, shdr->sh_offset, head, sizeof head) ||
	    memcmp(head, "ZLIB", 4))
		return false;
	*out = (struct packed){.packing = ELF_ZLIB, .head = sizeof head};
	for (size_t i = 4; i < sizeof head; i++)
		out->size = out->size << 8 | head[i];
	return true;
}

static struct packed packed_of(const struct elf *elf, const char *name,
			       const GElf_Shdr *shdr)
{
	struct packed p = {.packing = ELF_PLAIN, .size = shdr->sh_size};
	Elf64_Chdr wide = {0};
	Elf32_Chdr narrow = {0};

	if (is_gnus(elf, name, shdr, &p) || !(shdr->sh_flags & SHF_COMPRESSED))
		return p;
	p.packing = ELF_UNKNOWN_PACKING;
	p.head = elf->word == 8 ? sizeof wide : sizeof narrow;
	p.size = 0;
	if (shdr->sh_size < p.head ||
	    !read_head(elf, shdr->sh_offset,
		       elf->word == 8 ? (void *)&wide : &narrow, p.head))
		return p;
	if (elf->word == 8)
		p.size = wide.ch_size;
	else
		p.size = narrow.ch_size;
	switch (elf->word == 8 ? wide.ch_type : narrow.ch_type) {
	case ELFCOMPRESS_ZLIB:
		p.packing = ELF_ZLIB;
		break;
	case 2: /* ELFCOMPRESS_ZSTD, gABI of 2022 */
		p.packing = ELF_ZSTD;
		break;
	}
	return p;
}

/* What is kept of the sections; NULL: there are none. */
static struct elf_bytes *table_of(const struct elf *elf)
{
	struct elf_lazy *lazy = elf->lazy;
	struct error err;
	size_t count;

	if (lazy->bytes || elf->image || elf_getshdrnum(elf->handle, &count) ||
	    !count)
		return lazy->bytes;
	lazy->bytes = try_calloc(count, sizeof *lazy->bytes, "sections", &err);
	lazy->sections = lazy->bytes ? count : 0;
	return lazy->bytes;
}

void elf_free_bytes(struct elf_lazy *lazy)
{
	for (size_t i = 0; i < lazy->sections; i++) {
		struct elf_bytes *b = &lazy->bytes[i];

		file_map_close(&b->map);
		elf_unpacked_free(&b->unpacked);
		free(b->name);
		free(b->why);
	}
	free(lazy->bytes);
}

size_t elf_section_count(const struct elf *elf)
{
	return table_of(elf) ? elf->lazy->sections : 0;
}

static const char *name_of(const struct elf *elf, const GElf_Shdr *shdr)
{
	size_t names;
	const char *name = NULL;

	if (!elf_getshdrstrndx(elf->handle, &names))
		name = elf_strptr(elf->handle, names, shdr->sh_name);
	return name ? name : "";
}

static bool header_of(const struct elf *elf, size_t index, GElf_Shdr *shdr,
		      struct packed *packed, const char **name)
{
	struct elf_bytes *b = table_of(elf);
	Elf_Scn *scn = b && index < elf->lazy->sections
			       ? elf_getscn(elf->handle, index)
			       : NULL;

	if (!scn || !gelf_getshdr(scn, shdr))
		return false;
	*name = name_of(elf, shdr);
	if (shdr->sh_type == SHT_NOBITS || shdr->sh_offset > INT64_MAX)
		shdr->sh_size = 0;
	*packed = packed_of(elf, *name, shdr);
	if (packed->packing != ELF_PLAIN && !strncmp(*name, ".z", 2)) {
		if (!b[index].name)
			b[index].name = xasprintf(".%s", *name + 2);
		*name = b[index].name;
	}
	return true;
}

bool elf_section_at(const struct elf *elf, size_t index,
		    struct elf_section *out)
{
	struct packed packed;
	const char *name;
	GElf_Shdr s;

	if (!header_of(elf, index, &s, &packed, &name))
		return false;
	*out = (struct elf_section){.name = name,
				    .size = packed.size,
				    .addr = s.sh_addr,
				    .offset = s.sh_offset,
				    .flags = s.sh_flags & ~SHF_COMPRESSED,
				    .align = s.sh_addralign,
				    .entry = s.sh_entsize,
				    .type = s.sh_type,
				    .link = s.sh_link,
				    .info = s.sh_info};
	return true;
}

static int load(const struct elf *elf, struct elf_bytes *b,
		const GElf_Shdr *shdr, const struct packed *packed,
		const char *name, struct error *err)
{
	struct file_map raw;
	int ret;

	if (packed->packing == ELF_PLAIN)
		return file_map_open(&b->map, elf->fd, shdr->sh_offset,
				     shdr->sh_size, err);
	if (file_map_open(&raw, elf->fd, shdr->sh_offset, shdr->sh_size, err))
		return -1;
	ret = elf_unpack(packed->packing, name, raw.data + packed->head,
			 raw.size - packed->head, packed->size, &b->unpacked,
			 err);
	file_map_close(&raw);
	return ret;
}

int elf_section_load(const struct elf *elf, size_t index, const void **data,
		     size_t *size, struct error *err)
{
	struct elf_bytes *b;
	struct packed packed;
	const char *name;
	GElf_Shdr shdr;

	if (!header_of(elf, index, &shdr, &packed, &name))
		return error_set(err, ERR_NOT_FOUND, "no such section");
	b = &elf->lazy->bytes[index];
	if (!b->loaded && !b->why) {
		if (load(elf, b, &shdr, &packed, name, err)) {
			if (err->code != ERR_INTERRUPTED)
				b->why = xstrdup(err->msg);
			return -1;
		}
		b->loaded = true;
	}
	if (b->why)
		return error_set(err, ERR_FORMAT, "%s", b->why);
	*data = b->map.data ? b->map.data : b->unpacked.data;
	*size = b->map.data ? b->map.size : b->unpacked.size;
	return 0;
}

size_t elf_section_find(const struct elf *elf, const char *name)
{
	struct elf_section s;

	for (size_t i = 1; i < elf_section_count(elf); i++)
		if (elf_section_at(elf, i, &s) && !strcmp(s.name, name))
			return i;
	return 0;
}

bool elf_section(const struct elf *elf, const char *name, const void **data,
		 size_t *size)
{
	size_t index = elf_section_find(elf, name);
	struct error err;

	return index && !elf_section_load(elf, index, data, size, &err) &&
	       *data;
}

bool elf_was_cut(const struct elf *elf)
{
	for (size_t i = 0; i < elf->lazy->sections; i++)
		if (atomic_load(&elf->lazy->bytes[i].map.was_cut))
			return true;
	return false;
}

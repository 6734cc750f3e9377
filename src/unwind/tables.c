/*
 * Unwind tables from program headers in the target's memory: the file behind a
 * mapping may be gone, replaced, or in another mount namespace.
 */
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "unwind/unwind_impl.h"

enum { MAX_PHDRS = 256 };

/* Encodings of .eh_frame_hdr (LSB, "DWARF exception header encoding"). */
enum {
	ENC_DATAREL_SDATA4 = 0x3b,
	ENC_OMIT = 0xff,
};

static bool same_file(const struct map *a, const struct map *b)
{
	return a->inode == b->inode && a->dev_major == b->dev_major &&
	       a->dev_minor == b->dev_minor && !strcmp(a->path, b->path);
}

/* The mapping of the file's first page: nearest at or below "map". */
static const struct map *header_map(const struct unwinder *u,
				    const struct map *map)
{
	if (!*map->path)
		return NULL;
	for (const struct map *m = map;; m--) {
		if (!m->offset && same_file(m, map))
			return m;
		if (m == u->target->maps.map)
			return NULL;
	}
}

/* Bytes of a value of this encoding; 0 if it is not of a fixed size. */
static unsigned encoded_size(uint8_t enc, unsigned word)
{
	switch (enc & 0x0f) {
	case 0x00: /* absptr */
		return word;
	case 0x04: /* udata8 */
	case 0x0c: /* sdata8 */
		return 8;
	case 0x02: /* udata2 */
	case 0x0a: /* sdata2 */
		return 2;
	case 0x03: /* udata4 */
	case 0x0b: /* sdata4 */
		return 4;
	}
	return 0;
}

/* The four bytes, .eh_frame's address, the count, and the table. */
static void read_hdr(struct unwinder *u, struct tables *t, uint64_t hdr,
		     uint64_t size)
{
	uint8_t h[4];
	uint64_t count = 0, at = hdr + sizeof h;

	if (size < sizeof h || !cache_read(u, hdr, h, sizeof h))
		return;

	unsigned ptr_size = encoded_size(h[1], t->word);
	unsigned count_size = encoded_size(h[2], t->word);

	if (h[0] != 1 || h[1] == ENC_OMIT || h[2] == ENC_OMIT ||
	    h[3] != ENC_DATAREL_SDATA4 || !ptr_size || !count_size)
		return;
	at += ptr_size;
	if (!cache_read(u, at, &count, count_size))
		return;
	at += count_size;
	if (!count || at - hdr > size || count > (size - (at - hdr)) / 8)
		return;
	t->hdr = hdr;
	t->search = at;
	t->count = count;
}

/* The same of an i386 file. */
static unsigned read_phdrs32(struct unwinder *u, uint64_t base, Elf64_Phdr *p)
{
	Elf32_Phdr narrow;
	Elf32_Ehdr e;

	if (!cache_read(u, base, &e, sizeof e) ||
	    e.e_phentsize != sizeof narrow)
		return 0;
	for (unsigned i = 0; i < e.e_phnum && i < MAX_PHDRS; i++) {
		if (!cache_read(u, base + e.e_phoff + i * sizeof narrow,
				&narrow, sizeof narrow))
			return 0;
		p[i] = (Elf64_Phdr){
			.p_type = narrow.p_type,
			.p_flags = narrow.p_flags,
			.p_vaddr = narrow.p_vaddr,
			.p_filesz = narrow.p_filesz,
			.p_memsz = narrow.p_memsz,
		};
	}
	return e.e_phnum < MAX_PHDRS ? e.e_phnum : MAX_PHDRS;
}

/* The program headers at base; their number, 0 if it is no ELF file. */
static unsigned read_phdrs(struct unwinder *u, uint64_t base, Elf64_Phdr *p)
{
	Elf64_Ehdr e;

	if (u->target->word == 4)
		return read_phdrs32(u, base, p);
	if (!cache_read(u, base, &e, sizeof e) ||
	    memcmp(e.e_ident, ELFMAG, SELFMAG) ||
	    e.e_ident[EI_CLASS] != ELFCLASS64 || e.e_phentsize != sizeof *p)
		return 0;
	for (unsigned i = 0; i < e.e_phnum && i < MAX_PHDRS; i++)
		if (!cache_read(u, base + e.e_phoff + i * sizeof *p, &p[i],
				sizeof *p))
			return 0;
	return e.e_phnum < MAX_PHDRS ? e.e_phnum : MAX_PHDRS;
}

static bool read_file(struct unwinder *u, uint64_t base, struct tables *t)
{
	Elf64_Phdr phdr[MAX_PHDRS];
	unsigned count = read_phdrs(u, base, phdr);
	const Elf64_Phdr *hdr = NULL;
	uint64_t low = UINT64_MAX, high = 0, bias;

	for (const Elf64_Phdr *p = phdr; p < phdr + count; p++) {
		if (p->p_type == PT_GNU_EH_FRAME)
			hdr = p;
		if (p->p_type != PT_LOAD || !p->p_memsz)
			continue;
		if (p->p_vaddr < low)
			low = p->p_vaddr & ~(uint64_t)(PAGE - 1);
		if (p->p_vaddr + p->p_memsz > high)
			high = p->p_vaddr + p->p_memsz;
	}
	if (low >= high)
		return false;
	bias = base - low;
	t->word = u->target->word;
	t->start = base;
	t->end = bias + high;
	if (hdr)
		read_hdr(u, t, bias + hdr->p_vaddr, hdr->p_memsz);
	for (const Elf64_Phdr *p = phdr; p < phdr + count && !t->hdr; p++)
		if (p->p_type == PT_LOAD && !(p->p_flags & PF_W))
			eh_frame_index(u, t, bias + p->p_vaddr, p->p_filesz);
	return true;
}

const struct tables *tables_find(struct unwinder *u, uint64_t pc)
{
	const struct map *map, *header;
	struct tables t = {0};
	struct error err;

	for (size_t i = 0; i < u->table_count; i++)
		if (pc >= u->tables[i].start && pc < u->tables[i].end)
			return u->tables[i].hdr ? &u->tables[i] : NULL;
	map = maps_find(&u->target->maps, pc);
	if (!map || !(map->prot & MAP_X))
		return NULL;
	header = header_map(u, map);
	if (!header || !read_file(u, header->start, &t))
		return NULL;
	if (pc < t.start || pc >= t.end) {
		free(t.index);
		return NULL;
	}
	if (GROW(u->tables, u->table_cap, u->table_count + 1, "unwind tables",
		 &err)) {
		log_warn("%s", err.msg);
		free(t.index);
		return NULL;
	}
	if (t.index)
		t.search = OWN_TABLES + u->table_count * OWN_TABLE_ROOM;
	u->tables[u->table_count++] = t;
	return t.hdr ? &u->tables[u->table_count - 1] : NULL;
}

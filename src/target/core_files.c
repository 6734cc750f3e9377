/*
 * The ELF files that were mapped.  Their program headers are in the core (their
 * first page nearly always is), and tell what may be where; the files of here
 * are used if their build-id is that of the core, and not otherwise.
 */
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "target/core_impl.h"

enum { MAX_NOTE = 1 << 16 };

bool core_is_exe(const struct target *target, const char *path)
{
	return target->exe[0] && !strcmp(path, target->exe);
}

static void hex(char *out, size_t cap, const uint8_t *bytes, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	size_t n = 0;

	for (size_t i = 0; i < len && n + 3 <= cap; i++) {
		out[n++] = digits[bytes[i] >> 4];
		out[n++] = digits[bytes[i] & 15];
	}
	out[n] = 0;
}

static bool build_id_in(Elf *elf, const GElf_Phdr *p, char *out, size_t cap)
{
	size_t at = 0, name, desc, next;
	Elf_Data *data;
	GElf_Nhdr n;

	if (p->p_filesz > MAX_NOTE)
		return false;
	data = elf_getdata_rawchunk(elf, (int64_t)p->p_offset, p->p_filesz,
				    p->p_align == 8 ? ELF_T_NHDR8 : ELF_T_NHDR);
	while (data && (next = gelf_getnote(data, at, &n, &name, &desc))) {
		if (n.n_type == NT_GNU_BUILD_ID && n.n_namesz == 4 &&
		    !memcmp((char *)data->d_buf + name, "GNU", 4) &&
		    n.n_descsz) {
			hex(out, cap, (uint8_t *)data->d_buf + desc,
			    n.n_descsz);
			return true;
		}
		at = next;
	}
	return false;
}

static void read_build_id(Elf *elf, char *out, size_t cap)
{
	size_t count;
	GElf_Phdr p;

	out[0] = 0;
	if (elf_getphdrnum(elf, &count) < 0)
		return;
	for (size_t i = 0; i < count; i++)
		if (gelf_getphdr(elf, (int)i, &p) && p.p_type == PT_NOTE &&
		    build_id_in(elf, &p, out, cap))
			return;
}

static unsigned prot_of(uint32_t flags)
{
	return (flags & PF_R ? MAP_R : 0u) | (flags & PF_W ? MAP_W : 0u) |
	       (flags & PF_X ? MAP_X : 0u);
}

static void read_loads(struct core_module *m, Elf *elf, uint64_t page)
{
	uint64_t low = UINT64_MAX, bias;
	size_t count, max = sizeof m->load / sizeof *m->load;
	GElf_Phdr p;

	if (elf_getphdrnum(elf, &count) < 0)
		return;
	for (size_t i = 0; i < count; i++)
		if (gelf_getphdr(elf, (int)i, &p) && p.p_type == PT_LOAD &&
		    p.p_vaddr < low)
			low = p.p_vaddr;
	bias = m->base - (low & ~(page - 1));
	for (size_t i = 0; i < count && m->loads < max; i++)
		if (gelf_getphdr(elf, (int)i, &p) && p.p_type == PT_LOAD)
			m->load[m->loads++] = (struct core_load){
				.start = (bias + p.p_vaddr) & ~(page - 1),
				.end = (bias + p.p_vaddr + p.p_filesz + page -
					1) &
				       ~(page - 1),
				.prot = prot_of(p.p_flags),
			};
}

static int add_module(struct target *target, const struct core_file *file,
		      struct error *err)
{
	struct core *core = target->impl;
	struct core_module *m;
	uint64_t len;
	const uint8_t *bytes = core_at(core, file->start, &len);
	Elf *elf;

	if (file->offset || !bytes || len < EI_NIDENT ||
	    memcmp(bytes, ELFMAG, SELFMAG))
		return 0;
	if (len > file->end - file->start)
		len = file->end - file->start;
	if (GROW(core->module, core->module_cap, core->modules + 1,
		 "table of modules", err))
		return -1;
	m = &core->module[core->modules++];
	*m = (struct core_module){
		.path = file->path, .base = file->start, .fd = -1};
	elf = elf_memory((char *)(uintptr_t)bytes, len);
	if (elf) {
		read_build_id(elf, m->build_id, sizeof m->build_id);
		read_loads(m, elf, target->page_size);
	}
	elf_end(elf);
	return 0;
}

int core_list_modules(struct target *target, struct error *err)
{
	struct core *core = target->impl;

	for (size_t i = 0; i < core->files; i++)
		if (add_module(target, &core->file[i], err))
			return -1;
	return 0;
}

struct core_module *core_module_of(const struct core *core, const char *path,
				   uint64_t addr)
{
	for (size_t i = core->modules; i-- > 0;)
		if (core->module[i].base <= addr &&
		    !strcmp(core->module[i].path, path))
			return &core->module[i];
	return NULL;
}

/* The file there is the one of the core, or why not. */
static int try_path(struct core_module *m, const char *path)
{
	/* A fifo or a device put at that path must not make us wait. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char id[sizeof m->build_id];
	struct stat st;
	Elf *elf;

	if (fd < 0) {
		snprintf(m->why, sizeof m->why, "%.120s: %s", path,
			 strerror(errno));
		return -1;
	}
	elf = fstat(fd, &st) || !S_ISREG(st.st_mode)
		      ? NULL
		      : elf_begin(fd, ELF_C_READ, NULL);
	id[0] = 0;
	if (elf)
		read_build_id(elf, id, sizeof id);
	elf_end(elf);
	if (m->build_id[0] && !strcmp(id, m->build_id))
		return fd;
	close(fd);
	m->other_build = m->build_id[0];
	snprintf(m->why, sizeof m->why,
		 m->other_build
			 ? "%.120s is of another build"
			 : "%.120s: the core has no build-id to prove it by",
		 path);
	return -1;
}

int core_module_fd(struct core *core, struct core_module *m)
{
	static const char deleted[] = " (deleted)";
	size_t len = strlen(m->path), cut = sizeof deleted - 1;
	AUTO_FREE char *path = NULL;

	if (m->search != CORE_UNTRIED)
		return m->fd;
	if (len > cut && !strcmp(m->path + len - cut, deleted))
		len -= cut;
	if (m->is_exe && core->exe)
		path = xstrdup(core->exe);
	else
		path = xasprintf("%s%.*s", core->sysroot ? core->sysroot : "",
				 (int)len, m->path);
	m->fd = try_path(m, path);
	m->search = m->fd < 0 ? CORE_MISSING : CORE_FOUND;
	log_info("%s: %s", m->path, m->fd < 0 ? m->why : path);
	return m->fd;
}

#include "tests/lib/mapped.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "tests/lib/marks.h"

enum { PAGE = 4096 };

static struct mapped *of(struct target *t)
{
	return (struct mapped *)t; /* its first member */
}

static bool must_fail(struct target *t)
{
	return ++of(t)->reads == of(t)->fail_read;
}

/* Relocated bytes would differ; nothing that is tested here looks at them. */
static ssize_t read_bytes(struct target *t, uint64_t addr, void *buf,
			  size_t len)
{
	const struct map *map = maps_find(&t->maps, addr);
	bool fails = must_fail(t) || of(t)->no_memory;
	int fd = map && !fails ? open(map->path, O_RDONLY) : -1;
	ssize_t n;

	if (fd < 0) {
		errno = EFAULT;
		return -1;
	}
	if (len > map->end - addr)
		len = map->end - addr;
	n = pread(fd, buf, len, (off_t)(map->offset + (addr - map->start)));
	close(fd);
	return n;
}

static int open_map(struct target *t, const struct map *map, struct error *err)
{
	bool fails = must_fail(t) || of(t)->no_files;
	int fd = fails ? -1 : open(map->path, O_RDONLY);

	if (fd < 0)
		return error_set(err, ERR_NOT_FOUND, "%s is not at hand",
				 map->path);
	return fd;
}

static const struct target_ops ops = {
	.kind = "mapped",
	.read = read_bytes,
	.open_map = open_map,
};

void mapped_init(struct mapped *m)
{
	*m = (struct mapped){.target.ops = &ops,
			     .target.page_size = PAGE,
			     .target.word = 8,
			     .target.state = TARGET_STOPPED};
}

void mapped_deinit(struct mapped *m)
{
	maps_deinit(&m->target.maps);
	strbuf_deinit(&m->text);
}

static void parse(struct mapped *m)
{
	struct error err;

	maps_deinit(&m->target.maps);
	ck_assert_msg(!maps_parse(strbuf_str(&m->text), m->text.len,
				  &m->target.maps, &err),
		      "%s", err.msg);
}

static void add(struct mapped *m, uint64_t start, uint64_t end,
		const char *prot, uint64_t offset, const char *path)
{
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	strbuf_addf(&m->text, "%lx-%lx %sp %08lx %02x:%02x %lu %s\n", start,
		    end, prot, offset, major(st.st_dev), minor(st.st_dev),
		    (unsigned long)st.st_ino, path);
}

void mapped_load(struct mapped *m, const char *path, uint64_t base)
{
	int fd = open(path, O_RDONLY);
	Elf64_Ehdr e;
	Elf64_Phdr p;

	ck_assert_msg(fd >= 0, "%s", path);
	ck_assert_int_eq(pread(fd, &e, sizeof e, 0), sizeof e);
	for (int i = 0; i < e.e_phnum; i++) {
		off_t at = (off_t)(e.e_phoff + (uint64_t)i * sizeof p);
		char prot[4] = "---";

		ck_assert_int_eq(pread(fd, &p, sizeof p, at), sizeof p);
		if (p.p_type != PT_LOAD || !p.p_filesz)
			continue;
		if (p.p_flags & PF_R)
			prot[0] = 'r';
		if (p.p_flags & PF_W)
			prot[1] = 'w';
		if (p.p_flags & PF_X)
			prot[2] = 'x';
		uint64_t skip = p.p_vaddr % PAGE;
		uint64_t start = base + p.p_vaddr - skip;
		uint64_t len = (p.p_filesz + skip + PAGE - 1) / PAGE * PAGE;

		add(m, start, start + len, prot, p.p_offset - skip, path);
	}
	close(fd);
	parse(m);
}

void mapped_look(struct mapped *m, const char *path, uint64_t base)
{
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	add(m, base, base + ((uint64_t)st.st_size + PAGE - 1) / PAGE * PAGE,
	    "r--", 0, path);
	parse(m);
}

void mapped_reset(struct mapped *m)
{
	strbuf_reset(&m->text);
	parse(m);
}

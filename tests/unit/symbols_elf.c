#include "symbols/elf.h"

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <gnu/libc-version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "tests/lib/hs_test.h"

/* The libc that this very program runs on. */
static const char *libc_path(void)
{
	Dl_info info;

	ck_assert(dladdr((void *)gnu_get_libc_version, &info));
	return info.dli_fname;
}

static struct elf *open_path(const char *path)
{
	struct elf *elf = NULL;
	struct error err;

	OK(elf_open(open(path, O_RDONLY), &elf, &err));
	return elf;
}

/* The bytes of a file. */
static uint8_t *slurp(const char *path, size_t *len)
{
	int fd = open(path, O_RDONLY);
	struct stat st;

	ck_assert_int_eq(fstat(fd, &st), 0);
	*len = (size_t)st.st_size;
	uint8_t *bytes = xmalloc(*len);
	ck_assert_int_eq(read(fd, bytes, *len), (ssize_t)*len);
	close(fd);
	return bytes;
}

static int file_of(const void *bytes, size_t len)
{
	int fd = memfd_create("elf", MFD_CLOEXEC);

	ck_assert_int_eq(write(fd, bytes, len), (ssize_t)len);
	return fd;
}

struct counts {
	int reloc[ELF_RELOC_OTHER + 1], named_tpoff;
	int dynsym, defined, symtab;
	uint64_t sum; /* of all offsets, addends and values */
};

static int count_reloc(void *ctx, const struct elf_reloc *r)
{
	struct counts *c = ctx;

	c->reloc[r->kind]++;
	c->named_tpoff += r->kind == ELF_RELOC_TPOFF && r->symbol;
	c->sum += r->offset + (uint64_t)r->addend;
	return 0;
}

static int count_dynsym(void *ctx, const struct elf_symbol *s)
{
	struct counts *c = ctx;

	c->dynsym++;
	c->defined += s->defined;
	c->sum += s->value + strlen(s->name);
	return 0;
}

static int count_symtab(void *ctx, const struct elf_symbol *s)
{
	struct counts *c = ctx;

	c->symtab++;
	c->sum += s->value + strlen(s->name);
	return 0;
}

static struct counts count_all(const struct elf *elf)
{
	struct counts c = {0};

	elf_each_reloc(elf, count_reloc, &c);
	elf_each_dynsym(elf, count_dynsym, &c);
	elf_each_symtab(elf, count_symtab, &c);
	return c;
}

TEST(libc_has_its_exports_and_no_symtab_is_needed)
{
	struct elf *elf = open_path(libc_path());
	struct elf_symbol malloc_, version, none;

	ck_assert(elf_dynsym(elf, "malloc", &malloc_));
	ck_assert(malloc_.defined && malloc_.size);
	ck_assert_int_eq(malloc_.type, STT_FUNC);
	ck_assert(elf_dynsym(elf, "gnu_get_libc_version", &version));
	ck_assert(!elf_dynsym(elf, "no_such_function", &none));

	/* where the dynamic linker put it tells where it is in the file */
	Dl_info info;
	ck_assert(dladdr((void *)gnu_get_libc_version, &info));
	ck_assert_uint_eq(version.value, (uint64_t)gnu_get_libc_version -
						 (uint64_t)info.dli_fbase);
	ck_assert_str_eq(elf_soname(elf), "libc.so.6");
	ck_assert(elf_is_pic(elf) && !elf_is_memory(elf));
	ck_assert_uint_eq(elf_word(elf), 8);
	ck_assert_uint_eq(elf_machine(elf), EM_X86_64);
	elf_close(elf);
}

TEST(the_default_version_of_a_symbol_comes_first)
{
	struct elf *elf = open_path(libc_path());
	struct elf_symbol s;
	Dl_info info;

	ck_assert(dladdr((void *)gnu_get_libc_version, &info));
	/* memcpy exists as memcpy@GLIBC_2.2.5 and memcpy@@GLIBC_2.14 */
	void *wanted = dlvsym(RTLD_DEFAULT, "pthread_cond_wait", "GLIBC_2.3.2");
	void *old = dlvsym(RTLD_DEFAULT, "pthread_cond_wait", "GLIBC_2.2.5");

	if (!wanted || !old || wanted == old) {
		elf_close(elf);
		SKIP("this libc has one pthread_cond_wait");
	}
	ck_assert(dladdr(wanted, &info));
	if (strcmp(info.dli_fname, libc_path())) {
		elf_close(elf);
		SKIP("pthread_cond_wait is not libc's here");
	}
	ck_assert(elf_dynsym(elf, "pthread_cond_wait", &s));
	ck_assert(!s.hidden);
	ck_assert_uint_eq(s.value, (uint64_t)wanted - (uint64_t)info.dli_fbase);
	elf_close(elf);
}

TEST(libc_has_relative_and_thread_pointer_relocations)
{
	struct elf *elf = open_path(libc_path());
	struct counts c = count_all(elf);

	ck_assert_int_gt(c.reloc[ELF_RELOC_RELATIVE], 0);
	ck_assert_int_gt(c.reloc[ELF_RELOC_TPOFF], 0);
	/* those without a symbol give the place of libc's thread data */
	ck_assert_int_lt(c.named_tpoff, c.reloc[ELF_RELOC_TPOFF]);
	elf_close(elf);
}

static int check_relative(void *ctx, const struct elf_reloc *r)
{
	const char *base = ctx;
	uint64_t now;

	if (r->kind != ELF_RELOC_RELATIVE)
		return 0;
	memcpy(&now, base + r->offset, 8);
	return now == (uint64_t)base + (uint64_t)r->addend ? 0 : 1;
}

TEST(a_relative_relocation_says_what_the_word_becomes)
{
	/* libm has no data that changes after start */
	void *handle = dlopen("libm.so.6", RTLD_NOW);
	Dl_info info;

	if (!handle || !dladdr(dlsym(handle, "cos"), &info))
		SKIP("no libm.so.6");
	struct elf *elf = open_path(info.dli_fname);
	ck_assert_int_gt(count_all(elf).reloc[ELF_RELOC_RELATIVE], 0);
	ck_assert_int_eq(elf_each_reloc(elf, check_relative, info.dli_fbase),
			 0);
	elf_close(elf);
}

TEST(a_file_without_section_headers_serves_as_well)
{
	size_t len;
	AUTO_FREE uint8_t *bytes = slurp(libc_path(), &len);
	Elf64_Ehdr *e = (Elf64_Ehdr *)bytes;
	struct elf *whole = open_path(libc_path()), *bare;
	struct error err;

	e->e_shoff = e->e_shnum = e->e_shstrndx = 0;
	OK(elf_open(file_of(bytes, len), &bare, &err));
	struct counts a = count_all(whole), b = count_all(bare);

	ck_assert_int_gt(a.defined, 1000);
	ck_assert_int_eq(a.defined, b.defined);
	ck_assert_int_eq(a.dynsym, b.dynsym);
	ck_assert_mem_eq(a.reloc, b.reloc, sizeof a.reloc);
	ck_assert_uint_eq(a.sum, b.sum);
	ck_assert_str_eq(elf_build_id(whole), elf_build_id(bare));
	elf_close(whole);
	elf_close(bare);
}

TEST(the_symbol_count_is_right_with_either_hash_table)
{
	size_t len;
	AUTO_FREE uint8_t *bytes = slurp(libc_path(), &len);
	struct elf *whole = open_path(libc_path());
	int wanted = count_all(whole).dynsym, tried = 0;
	const Elf64_Ehdr *e = (const Elf64_Ehdr *)bytes;
	const Elf64_Phdr *p = (const Elf64_Phdr *)(bytes + e->e_phoff);

	elf_close(whole);
	while (p->p_type != PT_DYNAMIC)
		p++;
	for (Elf64_Dyn *d = (Elf64_Dyn *)(bytes + p->p_offset); d->d_tag; d++) {
		Elf64_Sxword tag = d->d_tag;
		struct error err;
		struct elf *elf;

		if (tag != DT_HASH && tag != DT_GNU_HASH)
			continue;
		d->d_tag = DT_DEBUG;
		OK(elf_open(file_of(bytes, len), &elf, &err));
		ck_assert_int_eq(count_all(elf).dynsym, wanted);
		elf_close(elf);
		d->d_tag = tag;
		tried++;
	}
	ck_assert_int_gt(tried, 0);
}

/* Everything one can ask of a file; the answers do not matter. */
static void exercise(const struct elf *elf)
{
	const struct elf_segment *seg;
	size_t n = elf_segments(elf, &seg);
	uint8_t buf[4096];
	struct error err;
	uint32_t crc;

	count_all(elf);
	elf_debuglink(elf, &crc);
	for (size_t i = 0; i < n; i++) {
		ck_assert_int_le(
			elf_read(elf, seg[i].vaddr, buf, sizeof buf, &err), 0);
		ck_assert_int_le(elf_read(elf,
					  seg[i].vaddr + seg[i].memsz - 100,
					  buf, sizeof buf, &err),
				 0);
	}
}

/* Opens, and either fails with a reason or answers. */
static void survive(const void *bytes, size_t len)
{
	struct error err = {0};
	struct elf *elf;

	if (elf_open(file_of(bytes, len), &elf, &err)) {
		ck_assert(err.msg[0]);
		ck_assert(err.code == ERR_FORMAT ||
			  err.code == ERR_UNSUPPORTED);
		return;
	}
	exercise(elf);
	elf_close(elf);
	/* and as an image of memory */
	char *image = xmalloc(len);
	memcpy(image, bytes, len);
	if (elf_open_memory(image, len, 0, 0x7f0000000000, &elf, &err))
		return;
	exercise(elf);
	elf_close(elf);
}

static const char *fixture_path(char *buf, size_t cap)
{
	const char *top = getenv("top_builddir");

	snprintf(buf, cap, "%s/tests/fixtures/one_block", top ? top : ".");
	return buf;
}

TEST(a_file_cut_anywhere_is_no_danger)
{
	char path[4096];
	size_t len;
	AUTO_FREE uint8_t *bytes = slurp(fixture_path(path, sizeof path), &len);

	for (size_t cut = 0; cut < 1024; cut += 7)
		survive(bytes, cut);
	for (size_t cut = 1024; cut < len; cut += 131)
		survive(bytes, cut);
}

TEST(a_file_changed_anywhere_is_no_danger)
{
	char path[4096];
	size_t len;
	AUTO_FREE uint8_t *bytes = slurp(fixture_path(path, sizeof path), &len);
	const uint8_t evil[] = {0x00, 0x01, 0x7f, 0x80, 0xff};

	for (size_t at = 0; at < len; at += at < 2048 ? 3 : 37) {
		uint8_t old = bytes[at];

		bytes[at] = evil[at % sizeof evil];
		survive(bytes, len);
		bytes[at] = old;
	}
	/* whole words: sizes and offsets that wrap around */
	for (size_t at = 0; at + 8 < len; at += at < 2048 ? 8 : 136) {
		uint8_t old[8];

		memcpy(old, bytes + at, 8);
		memset(bytes + at, 0xff, 8);
		survive(bytes, len);
		memcpy(bytes + at, old, 8);
	}
}

TEST(what_is_no_elf_file_is_refused)
{
	struct elf *elf;
	struct error err;
	int ends[2];

	FAILS(ERR_FORMAT, elf_open(file_of("hello", 5), &elf, &err));
	FAILS(ERR_FORMAT, elf_open(file_of("", 0), &elf, &err));
	FAILS(ERR_FORMAT, elf_open(open("/", O_RDONLY), &elf, &err));
	ck_assert_int_eq(pipe(ends), 0);
	FAILS(ERR_FORMAT, elf_open(ends[0], &elf, &err));
	ck_assert_int_eq(fcntl(ends[0], F_GETFD), -1); /* it was closed */
	FAILS(ERR_FORMAT,
	      elf_open_memory(xstrdup("no elf"), 6, 0, 0, &elf, &err));
}

TEST(memory_past_the_file_content_reads_as_zeros)
{
	char path[4096];
	struct elf *elf = open_path(fixture_path(path, sizeof path));
	const struct elf_segment *seg, *bss = NULL;
	size_t n = elf_segments(elf, &seg);
	struct error err;
	uint8_t byte = 1;

	for (size_t i = 0; i < n; i++)
		if (seg[i].type == PT_LOAD && seg[i].memsz > seg[i].filesz)
			bss = &seg[i];
	ck_assert_ptr_nonnull(bss);
	OK(elf_read(elf, bss->vaddr + bss->filesz, &byte, 1, &err));
	ck_assert_int_eq(byte, 0);
	FAILS(ERR_FAULT, elf_read(elf, UINT64_MAX - 64, &byte, 1, &err));
	elf_close(elf);
}

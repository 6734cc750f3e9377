/* Core files built byte by byte: whole, cut short, damaged, of other kinds. */
#include "target/core.h"

#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/procfs.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "base/alloc.h"
#include "base/interrupt.h"
#include "base/strbuf.h"
#include "tests/lib/hs_test.h"

static struct error err;

enum { PAGE = 4096, DATA = 0x10000, STACK = 0x30000, VDSO = 0x40000 };

/* What a core is made of: segments with their bytes, and a note segment. */
struct made {
	bool is32, xnum;
	unsigned machine, type; /* 0: the usual */
	struct {
		uint64_t start, memsz, filesz;
		uint32_t flags;
		uint8_t fill; /* of its bytes */
		const void *head;
		size_t head_size; /* what it begins with instead */
	} segment[8];
	size_t segments, extra; /* extra: so many pages of one byte each */
	struct strbuf notes, file;
};

static void put(struct strbuf *sb, uint64_t value, unsigned bytes)
{
	strbuf_addn(sb, &value, bytes);
}

static void align(struct strbuf *sb, size_t to)
{
	while (sb->len % to)
		strbuf_addc(sb, 0);
}

static void note(struct made *m, const char *name, uint32_t type,
		 const void *desc, size_t size)
{
	put(&m->notes, strlen(name) + 1, 4);
	put(&m->notes, size, 4);
	put(&m->notes, type, 4);
	strbuf_addn(&m->notes, name, strlen(name) + 1);
	align(&m->notes, 4);
	strbuf_addn(&m->notes, desc, size);
	align(&m->notes, 4);
}

static void segment(struct made *m, uint64_t start, uint64_t memsz,
		    uint64_t filesz, uint32_t flags, uint8_t fill)
{
	m->segment[m->segments].start = start;
	m->segment[m->segments].memsz = memsz;
	m->segment[m->segments].filesz = filesz;
	m->segment[m->segments].flags = flags;
	m->segment[m->segments++].fill = fill;
}

static void program_header(struct made *m, uint32_t type, uint32_t flags,
			   uint64_t offset, uint64_t start, uint64_t filesz,
			   uint64_t memsz)
{
	struct strbuf *f = &m->file;
	unsigned w = m->is32 ? 4 : 8;

	put(f, type, 4);
	if (!m->is32)
		put(f, flags, 4);
	put(f, offset, w);
	put(f, start, w);
	put(f, 0, w);
	put(f, filesz, w);
	put(f, memsz, w);
	if (m->is32)
		put(f, flags, 4);
	put(f, 4, w);
}

static void file_header(struct made *m, size_t count)
{
	struct strbuf *f = &m->file;
	unsigned w = m->is32 ? 4 : 8;
	uint8_t ident[EI_NIDENT] = {0x7f,
				    'E',
				    'L',
				    'F',
				    m->is32 ? ELFCLASS32 : ELFCLASS64,
				    ELFDATA2LSB,
				    EV_CURRENT};
	uint64_t after = (m->is32 ? sizeof(Elf32_Ehdr) : sizeof(Elf64_Ehdr));

	strbuf_addn(f, ident, sizeof ident);
	put(f, m->type ? m->type : ET_CORE, 2);
	put(f, m->machine ? m->machine : m->is32 ? EM_386 : EM_X86_64, 2);
	put(f, EV_CURRENT, 4);
	put(f, 0, w);			       /* entry */
	put(f, after + (m->xnum ? 64 : 0), w); /* program headers */
	put(f, m->xnum ? after : 0, w);	       /* section headers */
	put(f, 0, 4);
	put(f, after, 2);
	put(f, m->is32 ? sizeof(Elf32_Phdr) : sizeof(Elf64_Phdr), 2);
	put(f, m->xnum ? PN_XNUM : count, 2);
	put(f, m->xnum ? sizeof(Elf64_Shdr) : 0, 2);
	put(f, m->xnum, 2);
	put(f, 0, 2);
	if (m->xnum) {
		Elf64_Shdr zero = {.sh_info = (uint32_t)count};

		strbuf_addn(f, &zero, sizeof zero);
	}
}

/* All its bytes are in m->file. */
static void make(struct made *m)
{
	size_t count = m->segments + m->extra + 1;
	uint64_t size = m->is32 ? sizeof(Elf32_Phdr) : sizeof(Elf64_Phdr);
	uint64_t at;

	file_header(m, count);
	at = m->file.len + count * size;
	program_header(m, PT_NOTE, 0, at, 0, m->notes.len, 0);
	at += m->notes.len;
	for (size_t i = 0; i < m->segments; i++) {
		program_header(m, PT_LOAD, m->segment[i].flags, at,
			       m->segment[i].start, m->segment[i].filesz,
			       m->segment[i].memsz);
		at += m->segment[i].filesz;
	}
	for (size_t i = 0; i < m->extra; i++)
		program_header(m, PT_LOAD, PF_R, at + i,
			       0x1000000 + 2 * PAGE * i, 1, PAGE);
	strbuf_addn(&m->file, strbuf_str(&m->notes), m->notes.len);
	for (size_t i = 0; i < m->segments; i++) {
		size_t head = m->segment[i].head_size;

		if (head)
			strbuf_addn(&m->file, m->segment[i].head, head);
		strbuf_pad(&m->file, m->file.len + m->segment[i].filesz - head,
			   (char)m->segment[i].fill);
	}
	strbuf_pad(&m->file, m->file.len + m->extra, 'x');
}

static void made_deinit(struct made *m)
{
	strbuf_deinit(&m->notes);
	strbuf_deinit(&m->file);
}

/* Opens what the bytes say, as from a file. */
static int open_bytes(const void *bytes, size_t len, struct target **out)
{
	static const struct core_opts opts = {.sysroot = "/nowhere"};
	int fd = memfd_create("core", MFD_CLOEXEC), ret;
	char path[64];

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, bytes, len), (ssize_t)len);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	ret = target_open_core(path, &opts, out, &err);
	close(fd);
	return ret;
}

static void add_notes(struct made *m)
{
	static const char path[] = "/bin/prog";
	struct elf_prstatus status = {.pr_pid = 41, .pr_cursig = 11};
	struct elf_prpsinfo info = {.pr_pid = 40, .pr_fname = "prog"};
	uint64_t auxv[] = {AT_PAGESZ, PAGE,  AT_PHDR,	      DATA + 64,
			   AT_EXECFN, STACK, AT_SYSINFO_EHDR, VDSO,
			   AT_NULL,   0};
	uint64_t files[] = {1, PAGE, DATA, DATA + PAGE, 0};
	struct strbuf sb = {0};

	status.pr_reg[16] = 0x1234; /* rip */
	status.pr_reg[19] = STACK;  /* rsp */
	status.pr_reg[21] = 0x5678; /* fs_base */
	note(m, "CORE", NT_PRSTATUS, &status, sizeof status);
	note(m, "CORE", NT_PRPSINFO, &info, sizeof info);
	note(m, "CORE", NT_AUXV, auxv, sizeof auxv);
	strbuf_addn(&sb, files, sizeof files);
	strbuf_addn(&sb, path, sizeof path);
	note(m, "CORE", NT_FILE, sb.s, sb.len);
	strbuf_deinit(&sb);
	status.pr_pid = 40;
	status.pr_reg[16] = 0x4321;
	note(m, "CORE", NT_PRSTATUS, &status, sizeof status);
}

static void usual(struct made *m)
{
	add_notes(m);
	segment(m, DATA, PAGE, PAGE, PF_R, 'd');
	segment(m, DATA + PAGE, 2 * PAGE, PAGE, PF_R | PF_W, 'h');
	segment(m, STACK, PAGE, PAGE, PF_R | PF_W, 's');
	segment(m, VDSO, PAGE, PAGE, PF_R | PF_X, 'v');
	make(m);
}

TEST(a_core_gives_what_was_put_in)
{
	struct made m = {0};
	struct target *t;
	char buf[PAGE + 8];
	size_t len;

	usual(&m);
	OK(open_bytes(m.file.s, m.file.len, &t));
	ck_assert_str_eq(t->notes, "");
	ck_assert(!t->partial);
	ck_assert_int_eq(t->pid, 40);
	ck_assert_str_eq(t->comm, "prog");
	ck_assert_str_eq(t->exe, "/bin/prog");
	ck_assert_uint_eq(t->thread_count, 2);
	ck_assert_int_eq(t->thread[0].tid, 40);
	ck_assert_str_eq(t->thread[0].name, "prog");
	ck_assert_uint_eq(t->thread[0].regs.r[REG_RIP_], 0x4321);
	ck_assert_int_eq(t->thread[1].tid, 41);
	ck_assert_uint_eq(t->thread[1].regs.r[REG_RIP_], 0x1234);
	ck_assert_uint_eq(t->thread[1].regs.r[REG_RSP_], STACK);
	ck_assert_uint_eq(thread_regs_tp(&t->thread[1].regs), 0x5678);
	ck_assert_int_eq(t->first_tid, 41);
	ck_assert_int_eq(t->signal, 11);
	ck_assert_uint_eq(t->maps.count, 4);
	ck_assert_str_eq(t->maps.map[0].path, "/bin/prog");
	ck_assert_uint_eq(t->maps.map[0].prot, MAP_R);
	ck_assert_str_eq(t->maps.map[1].path, "");
	ck_assert_uint_eq(t->maps.map[1].prot, MAP_R | MAP_W);
	ck_assert_str_eq(t->maps.map[2].path, "[stack]");
	ck_assert_str_eq(t->maps.map[3].path, "[vdso]");
	OK(target_read(t, DATA + PAGE - 4, buf, PAGE + 4, &err));
	ck_assert_mem_eq(buf, "ddddhhhh", 8);
	/* The second page of it was not dumped: it is not zeros. */
	FAILS(ERR_FAULT, target_read(t, DATA + PAGE, buf, PAGE + 1, &err));
	ck_assert_uint_eq(err.addr, DATA + 2 * PAGE);
	ck_assert_ptr_nonnull(t->ops->peek(t, STACK + 1, &len));
	ck_assert_uint_eq(len, PAGE - 1);
	target_close(t);
	made_deinit(&m);
}

TEST(a_core_of_i386_has_its_thread_pointers_in_a_note)
{
	struct made m = {.is32 = true};
	struct target *t;
	uint32_t status[36] = {0}, desc[12] = {12, 0xabc000, 0, 0};

	status[6] = 77;		       /* pr_pid */
	status[18 + 10] = 12 << 3 | 3; /* gs */
	status[18 + 12] = 0x1111;      /* eip */
	status[18 + 15] = DATA;	       /* esp */
	note(&m, "CORE", NT_PRSTATUS, status, sizeof status);
	note(&m, "LINUX", NT_386_TLS, desc, sizeof desc);
	segment(&m, DATA, PAGE, PAGE, PF_R | PF_W, 'd');
	make(&m);
	OK(open_bytes(m.file.s, m.file.len, &t));
	ck_assert_uint_eq(t->word, 4);
	ck_assert_int_eq(t->pid, 77);
	ck_assert(t->thread[0].regs.is32);
	ck_assert_uint_eq(t->thread[0].regs.r[REG_RIP_], 0x1111);
	ck_assert_uint_eq(t->thread[0].regs.r[REG_RSP_], DATA);
	ck_assert_uint_eq(thread_regs_tp(&t->thread[0].regs), 0xabc000);
	target_close(t);
	made_deinit(&m);
}

/* A thread's descriptor, as i386's libc begins it. */
static void descriptor(uint32_t *at, uint32_t addr, uint32_t tid)
{
	at[0] = at[2] = addr;
	at[26] = tid;
}

/* gcore writes no such note. */
TEST(a_core_of_i386_without_the_note_has_thread_pointers_in_memory)
{
	struct made m = {.is32 = true};
	struct target *t;
	uint32_t status[36] = {[6] = 77}, page[PAGE / 4] = {0};

	note(&m, "CORE", NT_PRSTATUS, status, sizeof status);
	status[6] = 78;
	note(&m, "CORE", NT_PRSTATUS, status, sizeof status);
	status[6] = 79;
	note(&m, "CORE", NT_PRSTATUS, status, sizeof status);
	descriptor(page + 64, DATA + 256, 77);
	descriptor(page + 256, DATA + 1024, 78);
	/* Two that say they are 79's: neither is believed. */
	descriptor(page + 400, DATA + 1600, 79);
	descriptor(page + 560, DATA + 2240, 79);
	segment(&m, DATA, PAGE, PAGE, PF_R | PF_W, 0);
	m.segment[0].head = page;
	m.segment[0].head_size = sizeof page;
	make(&m);
	OK(open_bytes(m.file.s, m.file.len, &t));
	ck_assert_uint_eq(thread_regs_tp(&t->thread[0].regs), DATA + 256);
	ck_assert_uint_eq(thread_regs_tp(&t->thread[1].regs), DATA + 1024);
	ck_assert_uint_eq(thread_regs_tp(&t->thread[2].regs), 0);
	ck_assert(t->partial);
	ck_assert_ptr_nonnull(strstr(t->notes, "1 of 3 threads"));
	target_close(t);
	made_deinit(&m);
}

TEST(what_is_no_core_is_refused)
{
	struct made m = {.machine = EM_AARCH64}, lib = {.type = ET_DYN};
	struct made x32 = {.is32 = true, .machine = EM_X86_64};
	struct target *t;

	FAILS(ERR_FORMAT, open_bytes("", 0, &t));
	FAILS(ERR_FORMAT, open_bytes("#!/bin/sh\n", 10, &t));
	FAILS(ERR_FORMAT, open_bytes("\x1f\x8b\x08 packed", 10, &t));
	ck_assert_ptr_nonnull(strstr(err.msg, "gzip"));
	usual(&m);
	FAILS(ERR_UNSUPPORTED, open_bytes(m.file.s, m.file.len, &t));
	m.file.s[EI_DATA] = ELFDATA2MSB;
	FAILS(ERR_FORMAT, open_bytes(m.file.s, m.file.len, &t));
	usual(&lib);
	FAILS(ERR_FORMAT, open_bytes(lib.file.s, lib.file.len, &t));
	ck_assert_ptr_nonnull(strstr(err.msg, "--exe"));
	make(&x32);
	FAILS(ERR_UNSUPPORTED, open_bytes(x32.file.s, x32.file.len, &t));
	FAILS(ERR_FORMAT, target_open_core("/", NULL, &t, &err));
	FAILS(ERR_NOT_FOUND, target_open_core("/nowhere", NULL, &t, &err));
	made_deinit(&m);
	made_deinit(&lib);
	made_deinit(&x32);
}

static void read_all(struct target *t)
{
	char *buf = malloc(1 << 16);
	size_t len;

	for (size_t i = 0; i < t->maps.count; i++) {
		const struct map *map = &t->maps.map[i];

		target_read_some(t, map->start, buf, 1 << 16);
		target_read_some(t, map->end - 1, buf, 8);
		t->ops->peek(t, map->start, &len);
	}
	free(buf);
}

TEST(a_core_that_was_cut_short_says_so_wherever_it_was_cut)
{
	struct made m = {0};
	struct target *t;
	unsigned opened = 0;

	usual(&m);
	for (size_t len = 0; len < m.file.len; len += len < 4096 ? 1 : 97) {
		err = (struct error){0};
		if (open_bytes(m.file.s, len, &t)) {
			ck_assert_int_eq(err.code, ERR_FORMAT);
			continue;
		}
		ck_assert_msg(t->partial, "cut at %zu", len);
		ck_assert_str_ne(t->notes, "");
		read_all(t);
		target_close(t);
		opened++;
	}
	ck_assert_uint_gt(opened, 100);
	made_deinit(&m);
}

TEST(a_damaged_core_is_read_within_its_bounds)
{
	struct made m = {0};
	struct target *t;
	uint64_t seed = 1;
	size_t head;

	usual(&m);
	head = m.file.len - 4 * PAGE;
	for (unsigned i = 0; i < 3000; i++) {
		char *copy = malloc(m.file.len);

		memcpy(copy, m.file.s, m.file.len);
		for (unsigned k = 0; k < 1 + i % 3; k++) {
			seed = seed * 6364136223846793005u +
			       1442695040888963407u;
			copy[(seed >> 33) % head] = (char)(seed >> 25);
		}
		if (!open_bytes(copy, m.file.len, &t)) {
			read_all(t);
			target_close(t);
		}
		free(copy);
	}
	made_deinit(&m);
}

TEST(more_segments_than_16_bits_can_count)
{
	struct made m = {.xnum = true, .extra = 70000};
	struct target *t;
	char c = 0;

	usual(&m);
	OK(open_bytes(m.file.s, m.file.len, &t));
	ck_assert(!t->partial);
	ck_assert_uint_eq(t->maps.count, 4 + m.extra);
	OK(target_read(t, 0x1000000 + UINT64_C(2) * PAGE * 69999, &c, 1, &err));
	ck_assert_int_eq(c, 'x');
	target_close(t);
	made_deinit(&m);
}

TEST(of_segments_that_overlap_the_first_is_believed)
{
	struct made m = {0};
	struct target *t;
	char buf[2];

	add_notes(&m);
	segment(&m, DATA, 2 * PAGE, 2 * PAGE, PF_R | PF_W, 'a');
	segment(&m, DATA + PAGE, 2 * PAGE, 2 * PAGE, PF_R | PF_W, 'b');
	segment(&m, DATA, PAGE, PAGE, PF_R | PF_W, 'c');
	make(&m);
	OK(open_bytes(m.file.s, m.file.len, &t));
	ck_assert(t->partial);
	OK(target_read(t, DATA + 2 * PAGE - 1, buf, 2, &err));
	ck_assert_mem_eq(buf, "ab", 2);
	target_close(t);
	made_deinit(&m);
}

TEST(a_core_without_notes_has_memory_and_no_threads)
{
	struct made m = {0};
	struct target *t;

	segment(&m, DATA, PAGE, PAGE, PF_R | PF_W, 'd');
	make(&m);
	OK(open_bytes(m.file.s, m.file.len, &t));
	ck_assert(t->partial);
	ck_assert_ptr_nonnull(strstr(t->notes, "no threads"));
	ck_assert_uint_eq(t->thread_count, 0);
	ck_assert_uint_eq(t->maps.count, 1);
	target_close(t);
	made_deinit(&m);
}

TEST(a_packed_core_is_unpacked)
{
	struct made m = {0};
	struct target *t;
	size_t cap, len;
	char *packed, buf[4];

	usual(&m);
	cap = ZSTD_compressBound(m.file.len);
	packed = malloc(cap);
	len = ZSTD_compress(packed, cap, m.file.s, m.file.len, 1);
	OK(open_bytes(packed, len, &t));
	ck_assert(!t->partial);
	OK(target_read(t, STACK, buf, 4, &err));
	ck_assert_mem_eq(buf, "ssss", 4);
	target_close(t);
	FAILS(ERR_FORMAT, open_bytes(packed, 6, &t));
	memset(packed + 5, 0xff, len - 5);
	FAILS(ERR_FORMAT, open_bytes(packed, len, &t));
	free(packed);
	made_deinit(&m);
}

/* An ELF file of three pages: headers with a build-id, code, data. */
struct library {
	Elf64_Ehdr h;
	Elf64_Phdr p[3];
	Elf64_Nhdr n;
	char name[4];
	uint8_t id[8];
};

static void library(struct library *l, uint8_t id)
{
	*l = (struct library){
		.h = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB,
				  EV_CURRENT},
		      .e_type = ET_DYN,
		      .e_machine = EM_X86_64,
		      .e_version = EV_CURRENT,
		      .e_phoff = sizeof(Elf64_Ehdr),
		      .e_ehsize = sizeof(Elf64_Ehdr),
		      .e_phentsize = sizeof(Elf64_Phdr),
		      .e_phnum = 3},
		.p = {{.p_type = PT_LOAD,
		       .p_flags = PF_R | PF_X,
		       .p_filesz = 2 * PAGE,
		       .p_memsz = 2 * PAGE},
		      {.p_type = PT_LOAD,
		       .p_flags = PF_R | PF_W,
		       .p_offset = 2 * PAGE,
		       .p_vaddr = 2 * PAGE,
		       .p_filesz = PAGE,
		       .p_memsz = PAGE},
		      {.p_type = PT_NOTE,
		       .p_offset = offsetof(struct library, n),
		       .p_filesz = sizeof l->n + 12}},
		.n = {4, 8, NT_GNU_BUILD_ID},
		.name = "GNU",
	};
	memset(l->id, id, sizeof l->id);
}

/* Below a sysroot, with "code" and "data" in its pages. */
static void write_library(const char *dir, uint8_t id)
{
	AUTO_FREE char *bin = xasprintf("%s/bin", dir);
	AUTO_FREE char *path = xasprintf("%s/prog", bin);
	char page[2 * PAGE] = {0};
	struct library l;
	int fd;

	library(&l, id);
	mkdir(bin, 0700);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	memcpy(page, "code", 4);
	memcpy(page + PAGE, "data", 4);
	ck_assert_int_eq(write(fd, &l, sizeof l), sizeof l);
	ck_assert_int_eq(pwrite(fd, page, sizeof page, PAGE), sizeof page);
	close(fd);
}

static void remove_library(const char *dir)
{
	AUTO_FREE char *bin = xasprintf("%s/bin", dir);
	AUTO_FREE char *path = xasprintf("%s/prog", bin);

	unlink(path);
	rmdir(bin);
	rmdir(dir);
}

/* What the second page of the program is, and the third; "" unreadable. */
static void read_program(const char *dir, char code[5], char data[5])
{
	struct core_opts opts = {.sysroot = dir};
	AUTO_FREE char *path = xasprintf("%s/bin/core", dir);
	struct library l;
	struct made m = {0};
	struct target *t;
	int fd;

	library(&l, 7);
	add_notes(&m);
	segment(&m, DATA, PAGE, PAGE, PF_R | PF_X, 0);
	m.segment[0].head = &l;
	m.segment[0].head_size = sizeof l;
	segment(&m, DATA + PAGE, PAGE, 0, PF_R | PF_X, 0);
	segment(&m, DATA + 2 * PAGE, PAGE, 0, PF_R, 0);
	/* All three pages are of the file. */
	for (char *at = m.notes.s;; at++)
		if (!memcmp(at, &(uint64_t[]){DATA, DATA + PAGE}, 16)) {
			memcpy(at + 8, &(uint64_t){DATA + 3 * PAGE}, 8);
			break;
		}
	make(&m);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	ck_assert_int_eq(write(fd, m.file.s, m.file.len), (ssize_t)m.file.len);
	close(fd);
	OK(target_open_core(path, &opts, &t, &err));
	memset(code, 0, 5);
	memset(data, 0, 5);
	target_read_some(t, DATA + PAGE, code, 4);
	target_read_some(t, DATA + 2 * PAGE, data, 4);
	target_close(t);
	unlink(path);
	made_deinit(&m);
}

TEST(code_that_was_not_dumped_is_read_from_a_file_of_the_same_build_alone)
{
	char dir[] = "/tmp/heapscope-core.XXXXXX", code[5], data[5];

	ck_assert_ptr_nonnull(mkdtemp(dir));
	write_library(dir, 7);
	read_program(dir, code, data);
	ck_assert_str_eq(code, "code");
	/* It was writable before: nobody knows what it is now. */
	ck_assert_str_eq(data, "");
	write_library(dir, 8);
	read_program(dir, code, data);
	ck_assert_str_eq(code, "");
	remove_library(dir);
}

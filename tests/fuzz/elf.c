/*
 * An ELF file with bytes changed, or any bytes: all that is asked of a module's
 * file is answered or refused.
 */
#define _GNU_SOURCE 1
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "symbols/elf.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/marks.h"

enum { MOST = 64 << 10 };

static int on_symbol(void *ctx, const struct elf_symbol *symbol)
{
	size_t *n = ctx;

	*n += strlen(symbol->name);
	return 0;
}

static int on_reloc(void *ctx, const struct elf_reloc *reloc)
{
	uint64_t *sum = ctx;

	*sum += reloc->offset;
	return 0;
}

static void ask(struct elf *elf)
{
	const struct elf_segment *segment;
	struct elf_symbol symbol;
	size_t count = elf_segments(elf, &segment), n = 0;
	uint64_t sum = 0;
	uint8_t bytes[64];
	struct error err;

	for (size_t i = 0; i < count; i++)
		sum += !elf_read(elf, segment[i].vaddr, bytes, sizeof bytes,
				 &err);
	sum += (uint64_t)elf_each_dynsym(elf, on_symbol, &n);
	sum += (uint64_t)elf_each_symtab(elf, on_symbol, &n);
	sum += (uint64_t)elf_each_reloc(elf, on_reloc, &sum);
	sum += elf_dynsym(elf, "malloc", &symbol);
	ck_assert_ptr_nonnull(elf_build_id(elf));
}

/* The beginning of this very program. */
static size_t own(uint8_t *buf)
{
	static uint8_t kept[MOST];
	static size_t len;
	FILE *file = len ? NULL : fopen("/proc/self/exe", "re");

	if (file) {
		len = fread(kept, 1, MOST, file);
		fclose(file);
	}
	memcpy(buf, kept, len);
	return len;
}

void fuzz_elf(const uint8_t *data, size_t size)
{
	static uint8_t file[MOST];
	struct bytes b = {data, size};
	struct elf *elf;
	struct error err;
	uint8_t *image;
	size_t len;
	int fd;

	if (take8(&b) % 8) {
		len = own(file);
		while (b.size) {
			/* Mostly in the headers. */
			size_t at =
				take8(&b) % 4 ? take16(&b) % 0x400 : take16(&b);

			file[at % MOST] = (uint8_t)take8(&b);
		}
	} else {
		len = b.size < MOST ? b.size : MOST;
		memcpy(file, b.data, len);
		if (len > 4)
			memcpy(file, "\177ELF", 4);
	}
	/* As a file, and as it lies in memory. */
	image = malloc(len ? len : 1);
	ck_assert_ptr_nonnull(image);
	memcpy(image, file, len);
	if (!elf_open_memory(image, len, 0, 0x10000, &elf, &err)) {
		ask(elf);
		elf_close(elf);
	}
	fd = memfd_create("fuzz", MFD_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, file, len), (ssize_t)len);
	if (!elf_open(fd, &elf, &err)) {
		ask(elf);
		elf_close(elf);
	}
}

#ifdef FUZZ_TARGET
#include "tests/fuzz/fuzz_main.h"

FUZZ_MAIN(fuzz_elf)
#endif

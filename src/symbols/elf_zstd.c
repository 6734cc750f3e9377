#include "symbols/elf_zstd.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zstd.h>

#include "base/alloc.h"
#include "symbols/elf_impl.h"

#ifndef ELFCOMPRESS_ZSTD
#define ELFCOMPRESS_ZSTD 2
#endif

/* A hostile section says anything in a few bytes. */
enum { UNPACKED_MAX = 1 << 30 };

/* What is that many times as large, or not half as large, libdwarf does not
 * uncompress; of many units that are alike 30 times is seen. */
enum { ZLIB_TIMES = 15 };

/* Where the fields of section header "index" are in the file. */
struct place {
	off_t flags, offset, size, align;
	size_t word;
};

static struct place place_of(const struct elf *elf, uint64_t table,
			     size_t index)
{
#define AT(type, field)                                                        \
	(off_t)(table + index * sizeof(type) + offsetof(type, field))
	if (elf->word == 8)
		return (struct place){AT(Elf64_Shdr, sh_flags),
				      AT(Elf64_Shdr, sh_offset),
				      AT(Elf64_Shdr, sh_size),
				      AT(Elf64_Shdr, sh_addralign), 8};
	return (struct place){
		AT(Elf32_Shdr, sh_flags), AT(Elf32_Shdr, sh_offset),
		AT(Elf32_Shdr, sh_size), AT(Elf32_Shdr, sh_addralign), 4};
#undef AT
}

static bool put(int fd, const void *bytes, size_t len, off_t at)
{
	while (len) {
		ssize_t n = pwrite(fd, bytes, len, at);

		if (n <= 0)
			return false;
		bytes = (const char *)bytes + n;
		len -= (size_t)n;
		at += n;
	}
	return true;
}

static bool is_for_us(const GElf_Chdr *chdr, uint64_t packed)
{
	return chdr->ch_type == ELFCOMPRESS_ZSTD ||
	       (chdr->ch_type == ELFCOMPRESS_ZLIB &&
		(chdr->ch_size / ZLIB_TIMES >= packed ||
		 chdr->ch_size <= packed / 2));
}

/* The header of a section that is for us, and what follows it. */
static bool is_packed(const struct elf *elf, const GElf_Shdr *s, GElf_Chdr *out,
		      Elf_Data **data)
{
	size_t head = elf->word == 8 ? sizeof(Elf64_Chdr) : sizeof(Elf32_Chdr);
	Elf64_Chdr wide;
	Elf32_Chdr narrow;

	if (!(s->sh_flags & SHF_COMPRESSED) || s->sh_type == SHT_NOBITS ||
	    s->sh_size < head || s->sh_offset > INT64_MAX)
		return false;
	*data = elf_getdata_rawchunk(elf->handle, (int64_t)s->sh_offset,
				     s->sh_size, ELF_T_BYTE);
	if (!*data)
		return false;
	if (elf->word == 8) {
		memcpy(&wide, (*data)->d_buf, sizeof wide);
		*out = (GElf_Chdr){.ch_type = wide.ch_type,
				   .ch_size = wide.ch_size,
				   .ch_addralign = wide.ch_addralign};
	} else {
		memcpy(&narrow, (*data)->d_buf, sizeof narrow);
		*out = (GElf_Chdr){.ch_type = narrow.ch_type,
				   .ch_size = narrow.ch_size,
				   .ch_addralign = narrow.ch_addralign};
	}
	return is_for_us(out, s->sh_size - head);
}

static int copy_file(const struct elf *elf, int *fd, struct error *err)
{
	char buf[65536];
	off_t at = 0;
	ssize_t n;

	*fd = memfd_create("unpacked debug information", MFD_CLOEXEC);
	if (*fd < 0)
		return error_sys(err, "no room to unpack its sections");
	while ((n = pread(elf->fd, buf, sizeof buf, at)) > 0) {
		if (!put(*fd, buf, (size_t)n, at))
			return error_sys(err, "no room to unpack its sections");
		at += n;
	}
	return n < 0 ? error_sys(err, "cannot read the file") : 0;
}

static int unpack_zlib(Elf_Scn *scn, char *bytes, size_t size,
		       struct error *err)
{
	Elf_Data *data = NULL;

	if (elf_compress(scn, 0, 0) >= 0)
		data = elf_getdata(scn, NULL);
	if (!data || data->d_size != size || (size && !data->d_buf))
		return error_set(err, ERR_FORMAT,
				 "a section compressed by zlib is damaged");
	if (size)
		memcpy(bytes, data->d_buf, size);
	return 0;
}

static int unpack_zstd(const Elf_Data *data, size_t head, char *bytes,
		       size_t size, struct error *err)
{
	size_t n =
		ZSTD_decompress(bytes, size, (const char *)data->d_buf + head,
				data->d_size - head);

	if (ZSTD_isError(n) || n != size)
		return error_set(err, ERR_FORMAT,
				 "a section compressed by zstd is damaged");
	return 0;
}

/* Behind the end of the file, and the section's header says so. */
static int unpack(const struct elf *elf, int fd, const struct place *place,
		  Elf_Scn *scn, const GElf_Chdr *chdr, const Elf_Data *data,
		  struct error *err)
{
	size_t head = elf->word == 8 ? sizeof(Elf64_Chdr) : sizeof(Elf32_Chdr);
	off_t end = lseek(fd, 0, SEEK_END);
	uint64_t offset, flags = 0, size = chdr->ch_size;
	AUTO_FREE char *bytes = NULL;

	if (size > UNPACKED_MAX)
		return error_set(err, ERR_FORMAT, "a section is too large");
	bytes = try_calloc(size ? size : 1, 1, "a debug section", err);
	if (!bytes)
		return -1;
	if (chdr->ch_type == ELFCOMPRESS_ZLIB
		    ? unpack_zlib(scn, bytes, size, err)
		    : unpack_zstd(data, head, bytes, size, err))
		return -1;
	offset = (uint64_t)(end + 15) & ~UINT64_C(15);
	if (!put(fd, bytes, size, (off_t)offset) ||
	    !put(fd, &flags, place->word, place->flags) ||
	    !put(fd, &offset, place->word, place->offset) ||
	    !put(fd, &size, place->word, place->size) ||
	    !put(fd, &chdr->ch_addralign, place->word, place->align))
		return error_sys(err, "no room to unpack its sections");
	return 0;
}

int elf_unpack_zstd(const struct elf *elf, int *fd, struct error *err)
{
	Elf_Scn *scn = NULL;
	GElf_Ehdr ehdr;
	GElf_Shdr shdr;
	int ret = 0;

	*fd = -1;
	if (elf->image || !gelf_getehdr(elf->handle, &ehdr))
		return 0;
	while (!ret && (scn = elf_nextscn(elf->handle, scn))) {
		struct place place =
			place_of(elf, ehdr.e_shoff, elf_ndxscn(scn));
		GElf_Chdr chdr;
		Elf_Data *data;

		if (!gelf_getshdr(scn, &shdr) ||
		    !is_packed(elf, &shdr, &chdr, &data))
			continue;
		if (*fd < 0)
			ret = copy_file(elf, fd, err);
		if (!ret)
			ret = unpack(elf, *fd, &place, scn, &chdr, data, err);
	}
	if (ret && *fd >= 0) {
		close(*fd);
		*fd = -1;
	}
	return ret;
}

#include "symbols/elf.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "symbols/elf_impl.h"

enum { MAX_SEGMENTS = 4096 };

void elf_close(struct elf *elf)
{
	if (!elf)
		return;
	if (elf->handle)
		elf_end(elf->handle);
	if (elf->fd >= 0)
		close(elf->fd);
	free(elf->image);
	free(elf->segment);
	free(elf->soname);
	free(elf->build_id);
	if (elf->lazy) {
		elf_free_bytes(elf->lazy);
		free(elf->lazy->debuglink);
	}
	free(elf->lazy);
	free(elf);
}

static int malformed(struct error *err, const char *what)
{
	return error_set(err, ERR_FORMAT, "%s", what);
}

static int load_header(struct elf *elf, struct error *err)
{
	GElf_Ehdr h;

	if (!elf->handle)
		return malformed(err, elf_errmsg(-1));
	if (elf_kind(elf->handle) != ELF_K_ELF ||
	    !gelf_getehdr(elf->handle, &h))
		return malformed(err, "not an ELF file");
	if (h.e_ident[EI_DATA] != ELFDATA2LSB)
		return error_set(err, ERR_UNSUPPORTED, "big-endian ELF file");
	elf->word = h.e_ident[EI_CLASS] == ELFCLASS64 ? 8 : 4;
	elf->machine = h.e_machine;
	elf->type = h.e_type;
	elf->entry = h.e_entry;
	return 0;
}

/* A loaded image lies in memory by address, not by file offset. */
static void place_in_image(const struct elf *elf, struct elf_segment *s)
{
	uint64_t skip, end = elf->base + elf->size;

	skip = s->vaddr - elf->base;
	s->filesz = 0;
	if (s->vaddr < elf->base || s->vaddr >= end)
		return;
	s->offset = skip;
	s->filesz = end - s->vaddr < s->memsz ? end - s->vaddr : s->memsz;
}

static int load_segments(struct elf *elf, struct error *err)
{
	size_t count;

	if (elf_getphdrnum(elf->handle, &count) < 0)
		return malformed(err, "the program headers cannot be read");
	if (count > MAX_SEGMENTS)
		return malformed(err, "too many program headers");
	elf->segment = xcalloc(count, sizeof *elf->segment);
	for (size_t i = 0; i < count; i++) {
		struct elf_segment *s = &elf->segment[i];
		GElf_Phdr p;

		if (!gelf_getphdr(elf->handle, (int)i, &p))
			return malformed(err, "program header out of file");
		*s = (struct elf_segment){p.p_type,   p.p_flags,  p.p_vaddr,
					  p.p_offset, p.p_filesz, p.p_memsz,
					  p.p_align};
		if (s->vaddr + s->memsz < s->vaddr ||
		    s->offset + s->filesz < s->offset)
			return malformed(err, "a segment wraps around");
		if (elf->image)
			place_in_image(elf, s);
		if (s->type == PT_LOAD && s->filesz > s->memsz)
			s->filesz = s->memsz;
		elf->has_interp |= s->type == PT_INTERP;
	}
	elf->segments = count;
	return 0;
}

/* fd or image is already elf's, so that closing it is all the undoing. */
static int load(struct elf *elf, struct elf **out, struct error *err)
{
	elf->lazy = xcalloc(1, sizeof *elf->lazy);
	if (load_header(elf, err) || load_segments(elf, err)) {
		elf_close(elf);
		return -1;
	}
	elf_load_dynamic(elf);
	elf_load_notes(elf);
	*out = elf;
	return 0;
}

int elf_open(int fd, struct elf **out, struct error *err)
{
	struct elf *elf = xcalloc(1, sizeof *elf);
	struct stat st;

	elf->fd = fd;
	if (fstat(fd, &st)) {
		error_sys(err, "cannot stat the file");
		elf_close(elf);
		return -1;
	}
	if (!S_ISREG(st.st_mode)) { /* a read could block or never end */
		malformed(err, "not a regular file");
		elf_close(elf);
		return -1;
	}
	elf->size = (uint64_t)st.st_size;
	elf_version(EV_CURRENT);
	elf->handle = elf_begin(fd, ELF_C_READ, NULL);
	return load(elf, out, err);
}

int elf_open_memory(void *image, size_t size, uint64_t vaddr, uint64_t bias,
		    struct elf **out, struct error *err)
{
	struct elf *elf = xcalloc(1, sizeof *elf);

	elf->fd = -1;
	elf->image = image;
	elf->size = size;
	elf->base = vaddr;
	elf->bias = bias;
	elf_version(EV_CURRENT);
	elf->handle = size < EI_NIDENT ? NULL : elf_memory(image, size);
	if (vaddr + size < vaddr || !elf->handle) {
		elf_close(elf);
		return malformed(err, "no ELF image");
	}
	return load(elf, out, err);
}

bool elf_is_memory(const struct elf *elf)
{
	return elf->image != NULL;
}

int elf_fd(const struct elf *elf)
{
	return elf->fd;
}

unsigned elf_machine(const struct elf *elf)
{
	return elf->machine;
}

uint64_t elf_got(const struct elf *elf)
{
	return elf->dynamic.pltgot;
}

unsigned elf_word(const struct elf *elf)
{
	return elf->word;
}

bool elf_is_pic(const struct elf *elf)
{
	return elf->type == ET_DYN;
}

bool elf_is_static(const struct elf *elf)
{
	return !elf->has_interp && !elf->dynamic.needed;
}

uint64_t elf_entry(const struct elf *elf)
{
	return elf->entry;
}

const char *elf_soname(const struct elf *elf)
{
	return elf->soname ? elf->soname : "";
}

const char *elf_build_id(const struct elf *elf)
{
	return elf->build_id ? elf->build_id : "";
}

size_t elf_segments(const struct elf *elf, const struct elf_segment **out)
{
	*out = elf->segment;
	return elf->segments;
}

/* The PT_LOAD segment that holds vaddr. */
static const struct elf_segment *segment_at(const struct elf *elf,
					    uint64_t vaddr)
{
	for (size_t i = 0; i < elf->segments; i++) {
		const struct elf_segment *s = &elf->segment[i];

		if (s->type == PT_LOAD && vaddr >= s->vaddr &&
		    vaddr - s->vaddr < s->memsz)
			return s;
	}
	return NULL;
}

uint64_t elf_content(const struct elf *elf, uint64_t vaddr)
{
	const struct elf_segment *s = segment_at(elf, vaddr);

	if (!s || vaddr - s->vaddr >= s->filesz)
		return 0;
	return s->filesz - (vaddr - s->vaddr);
}

bool elf_offset(const struct elf *elf, uint64_t vaddr, uint64_t len,
		uint64_t *out)
{
	const struct elf_segment *s = segment_at(elf, vaddr);

	if (!s || elf_content(elf, vaddr) < len)
		return false;
	*out = s->offset + (vaddr - s->vaddr);
	return true;
}

Elf_Data *elf_chunk(const struct elf *elf, uint64_t vaddr, uint64_t len,
		    Elf_Type type)
{
	uint64_t off;

	if (!len || !elf_offset(elf, vaddr, len, &off) || off > INT64_MAX)
		return NULL;
	return elf_getdata_rawchunk(elf->handle, (int64_t)off, len, type);
}

static int read_file(const struct elf *elf, uint64_t off, char *buf, size_t len,
		     struct error *err)
{
	if (elf->image) {
		if (off > elf->size || len > elf->size - off)
			return malformed(err, "segment beyond the image");
		memcpy(buf, elf->image + off, len);
		return 0;
	}
	while (len) {
		ssize_t n = pread(elf->fd, buf, len, (off_t)off);

		if (n < 0)
			return error_sys(err, "cannot read the file");
		if (!n)
			return malformed(err, "the file ends in a segment");
		buf += n;
		off += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

int elf_read(const struct elf *elf, uint64_t vaddr, void *buf, size_t len,
	     struct error *err)
{
	char *to = buf;

	while (len) {
		const struct elf_segment *s = segment_at(elf, vaddr);

		if (!s)
			return error_at(err, ERR_FAULT, vaddr,
					"0x%lx is in no segment",
					(unsigned long)vaddr);
		uint64_t at = vaddr - s->vaddr;
		bool zeros = at >= s->filesz;
		uint64_t n = (zeros ? s->memsz : s->filesz) - at;

		if (n > len)
			n = len;
		if (zeros)
			memset(to, 0, n);
		else if (read_file(elf, s->offset + at, to, n, err))
			return -1;
		to += n;
		vaddr += n;
		len -= n;
	}
	return 0;
}

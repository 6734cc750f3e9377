#include "symbols/elf_unpack.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "base/alloc.h"
#include "base/progress.h"
#include "symbols/elf_bytes.h"

enum { PIECE = 256 << 10 }; /* unpacked at a time, bytes */

/* DWARF's own offsets have 32 bits; a hostile header says anything. */
static const uint64_t section_max = UINT64_C(4) << 30;

static size_t in_memory; /* bytes, over all files */

struct unpacking {
	const char *name, *by;
	const uint8_t *packed;
	size_t packed_size;
	uint64_t size, done;
	uint8_t *memory; /* or a file */
	int fd;
	uint8_t *piece;
};

static int damaged(const struct unpacking *u, struct error *err)
{
	return error_set(err, ERR_FORMAT, "it is compressed by %s and damaged",
			 u->by);
}

/* What has been unpacked into u->piece. */
static int put(struct unpacking *u, size_t len, struct error *err)
{
	if (len > u->size - u->done)
		return damaged(u, err);
	if (u->memory)
		memcpy(u->memory + u->done, u->piece, len);
	else if (file_map_write(u->fd, u->piece, len, err))
		return -1;
	u->done += len;
	return progress_tick("unpacking debug information", u->done, u->size,
			     err);
}

static int by_zlib(struct unpacking *u, struct error *err)
{
	z_stream z = {0};
	size_t left = u->packed_size;
	int ret, failed = 0;

	if (inflateInit(&z) != Z_OK)
		return error_set(err, ERR_NO_MEMORY, "no memory to unpack it");
	z.next_in = (Bytef *)(uintptr_t)u->packed;
	do {
		if (!z.avail_in) {
			z.avail_in = left < 1 << 30 ? (uInt)left : 1 << 30;
			left -= z.avail_in;
		}
		z.next_out = u->piece;
		z.avail_out = PIECE;
		ret = inflate(&z, Z_NO_FLUSH);
		if (ret == Z_OK || ret == Z_STREAM_END)
			failed = put(u, PIECE - z.avail_out, err);
	} while (!failed && ret == Z_OK);
	inflateEnd(&z);
	if (failed)
		return -1;
	return ret == Z_STREAM_END ? 0 : damaged(u, err);
}

static int by_zstd(struct unpacking *u, struct error *err)
{
	ZSTD_inBuffer in = {u->packed, u->packed_size, 0};
	ZSTD_DStream *z = ZSTD_createDStream();
	size_t ret, before;
	int failed = 0;

	if (!z)
		return error_set(err, ERR_NO_MEMORY, "no memory to unpack it");
	do {
		ZSTD_outBuffer out = {u->piece, PIECE, 0};

		before = in.pos;
		ret = ZSTD_decompressStream(z, &out, &in);
		if (!ZSTD_isError(ret))
			failed = put(u, out.pos, err);
		if (ZSTD_isError(ret) || (!out.pos && in.pos == before))
			break;
	} while (!failed && ret);
	ZSTD_freeDStream(z);
	if (failed)
		return -1;
	return ret ? damaged(u, err) : 0;
}

static int unpack(struct unpacking *u, enum elf_packing packing,
		  struct error *err)
{
	AUTO_FREE uint8_t *piece = try_calloc(PIECE, 1, "a debug section", err);

	u->piece = piece;
	if (!piece || (packing == ELF_ZLIB ? by_zlib(u, err) : by_zstd(u, err)))
		return -1;
	return u->done == u->size ? 0 : damaged(u, err);
}

static int into_memory(struct unpacking *u, enum elf_packing packing,
		       struct elf_unpacked *out, struct error *err)
{
	u->memory =
		try_calloc(u->size ? u->size : 1, 1, "a debug section", err);
	if (!u->memory || unpack(u, packing, err)) {
		free(u->memory);
		return -1;
	}
	in_memory += u->size;
	out->data = out->memory = u->memory;
	out->size = u->size;
	return 0;
}

static int into_file(struct unpacking *u, enum elf_packing packing,
		     struct elf_unpacked *out, struct error *err)
{
	AUTO_CLOSE int fd = -1;

	if (file_map_scratch(&fd, err))
		return error_wrap(err,
				  "%llu MiB unpacked, and not more than %d MiB "
				  "are kept in memory",
				  (unsigned long long)u->size >> 20,
				  ELF_UNPACKED_IN_MEMORY >> 20);
	u->fd = fd;
	if (unpack(u, packing, err) ||
	    file_map_open(&out->map, fd, 0, u->size, err))
		return -1;
	out->data = out->map.data;
	out->size = out->map.size;
	return 0;
}

int elf_unpack(enum elf_packing packing, const char *name, const void *packed,
	       size_t packed_size, uint64_t size, struct elf_unpacked *out,
	       struct error *err)
{
	struct unpacking u = {.name = name,
			      .by = packing == ELF_ZLIB ? "zlib" : "zstd",
			      .packed = packed,
			      .packed_size = packed_size,
			      .size = size,
			      .fd = -1};

	*out = (struct elf_unpacked){0};
	if (packing != ELF_ZLIB && packing != ELF_ZSTD)
		return error_set(err, ERR_UNSUPPORTED,
				 "it is compressed in a way that is not known");
	if (size > section_max)
		return error_set(err, ERR_UNSUPPORTED,
				 "%llu GiB unpacked: too large",
				 (unsigned long long)size >> 30);
	return size <= ELF_UNPACKED_IN_MEMORY - in_memory
		       ? into_memory(&u, packing, out, err)
		       : into_file(&u, packing, out, err);
}

void elf_unpacked_free(struct elf_unpacked *u)
{
	if (u->memory)
		in_memory -= u->size;
	free(u->memory);
	file_map_close(&u->map);
	*u = (struct elf_unpacked){0};
}

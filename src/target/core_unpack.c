/*
 * A core that was packed: zstd is unpacked into a file without a name, zeros
 * left out.  Others are named, so that one knows what to do.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "base/alloc.h"
#include "base/progress.h"
#include "target/core_impl.h"

struct unpack {
	int in, out;
	uint64_t size, taken; /* packed bytes */
	uint64_t done;	      /* unpacked ones */
	ZSTD_DStream *stream; /* owned */
	uint8_t *from, *to;   /* owned */
	size_t from_size, to_size;
};

static const struct {
	const char *magic, *with;
	size_t len;
} packers[] = {
	{"\x28\xb5\x2f\xfd", NULL, 4}, /* zstd: ours */
	{"\x1f\x8b", "gzip", 2},
	{"\xfd"
	 "7zXZ",
	 "xz", 5},
	{"\x04\x22\x4d\x18", "lz4", 4},
	{"BZh", "bzip2", 3},
};

static int temporary(struct error *err)
{
	const char *dir = getenv("TMPDIR");
	AUTO_FREE char *path = NULL;
	int fd;

	dir = dir && *dir ? dir : "/var/tmp";
	fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0)
		return fd;
	path = xasprintf("%s/heapscope.XXXXXX", dir);
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		return error_sys(err,
				 "no room to unpack the core: cannot make a "
				 "file in %s (TMPDIR names another place)",
				 dir);
	unlink(path);
	return fd;
}

static bool all_zeros(const uint8_t *p, size_t n)
{
	return !n || (!*p && !memcmp(p, p + 1, n - 1));
}

static int put(struct unpack *u, size_t len, struct error *err)
{
	size_t at = 0;

	while (at < len && !all_zeros(u->to + at, len - at)) {
		ssize_t n = pwrite(u->out, u->to + at, len - at,
				   (off_t)(u->done + at));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_sys(err,
					 "cannot unpack the core (TMPDIR names "
					 "another place)");
		at += (size_t)n;
	}
	u->done += len;
	return 0;
}

static int bad(struct error *err, const char *why)
{
	return error_set(err, ERR_FORMAT,
			 "the packed core cannot be unpacked: %s", why);
}

/* What was read goes through; *whole: no frame is open at its end. */
static int through(struct unpack *u, ZSTD_inBuffer *in, bool *whole,
		   struct error *err)
{
	ZSTD_outBuffer out;

	do {
		size_t left;

		out = (ZSTD_outBuffer){u->to, u->to_size, 0};
		left = ZSTD_decompressStream(u->stream, &out, in);
		if (ZSTD_isError(left))
			return bad(err, ZSTD_getErrorName(left));
		*whole = left == 0;
		if (put(u, out.pos, err))
			return -1;
	} while (in->pos < in->size || out.pos == out.size);
	return 0;
}

static int unpack(struct unpack *u, struct error *err)
{
	bool whole = false;

	for (;;) {
		ssize_t n =
			pread(u->in, u->from, u->from_size, (off_t)u->taken);
		ZSTD_inBuffer in = {u->from, (size_t)n, 0};

		if (n < 0)
			return error_sys(err, "cannot read the packed core");
		if (!n)
			break;
		u->taken += (uint64_t)n;
		if (progress_tick("unpacking the core", u->taken, u->size,
				  err) ||
		    through(u, &in, &whole, err))
			return -1;
	}
	/* What there is of it may still do: the core says what it lacks. */
	if (!whole && !u->done)
		return bad(err, "it is cut short");
	if (ftruncate(u->out, (off_t)u->done))
		return error_sys(err, "cannot unpack the core");
	return 0;
}

static int unpack_zstd(int fd, uint64_t size, int *out, struct error *err)
{
	struct unpack u = {
		.in = fd,
		.out = temporary(err),
		.size = size,
		.stream = ZSTD_createDStream(),
		.from_size = ZSTD_DStreamInSize(),
		.to_size = ZSTD_DStreamOutSize(),
	};
	int ret = -1;

	u.from = xmalloc(u.from_size);
	u.to = xmalloc(u.to_size);
	if (!u.stream)
		error_set(err, ERR_NO_MEMORY, "no memory to unpack the core");
	else if (u.out >= 0)
		ret = unpack(&u, err);
	ZSTD_freeDStream(u.stream);
	free(u.from);
	free(u.to);
	if (ret && u.out >= 0)
		close(u.out);
	*out = u.out;
	return ret;
}

int core_unpack(int fd, int *out, struct error *err)
{
	char magic[8] = {0};
	struct stat st;
	int ret;

	*out = fd;
	if (fstat(fd, &st) || pread(fd, magic, sizeof magic, 0) < 0) {
		error_set(err, ERR_FORMAT,
			  "not a core file: it cannot be "
			  "read");
		close(fd);
		return -1;
	}
	for (size_t i = 0; i < sizeof packers / sizeof *packers; i++) {
		if (memcmp(magic, packers[i].magic, packers[i].len))
			continue;
		if (!packers[i].with) {
			ret = unpack_zstd(fd, (uint64_t)st.st_size, out, err);
			close(fd);
			return ret;
		}
		close(fd);
		return error_set(err, ERR_FORMAT,
				 "packed with %s: unpack it first (zstd is "
				 "understood as it is)",
				 packers[i].with);
	}
	return 0;
}

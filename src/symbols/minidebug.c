#include "symbols/minidebug.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#ifdef HAVE_LZMA
#include <lzma.h>
#endif

#include "base/alloc.h"

/* What symbols may take; a hostile section says anything in a few bytes. */
enum { UNPACKED_MAX = 256 << 20, DECODER_MAX = 128 << 20 };

#ifdef HAVE_LZMA
static const char *why(lzma_ret ret)
{
	switch (ret) {
	case LZMA_MEM_ERROR:
	case LZMA_MEMLIMIT_ERROR:
		return "unpacking it takes too much memory";
	case LZMA_FORMAT_ERROR:
		return "it is not compressed by xz";
	case LZMA_OPTIONS_ERROR:
	case LZMA_UNSUPPORTED_CHECK:
		return "it is compressed in a way that liblzma does not know";
	default:
		return "it is damaged";
	}
}

/* NULL, or why it could not be unpacked into fd. */
static const char *unpack(const void *data, size_t size, int fd)
{
	lzma_stream stream = LZMA_STREAM_INIT;
	uint8_t buf[65536];
	const char *failed = NULL;
	size_t total = 0;
	lzma_ret ret = lzma_stream_decoder(&stream, DECODER_MAX, 0);

	stream.next_in = data;
	stream.avail_in = size;
	while (ret == LZMA_OK && !failed) {
		size_t n;

		stream.next_out = buf;
		stream.avail_out = sizeof buf;
		ret = lzma_code(&stream, LZMA_FINISH);
		n = sizeof buf - stream.avail_out;
		total += n;
		if (total > UNPACKED_MAX)
			failed = "it is too large";
		else if (write(fd, buf, n) != (ssize_t)n)
			failed = "there is no room to unpack it";
	}
	lzma_end(&stream);
	if (!failed && ret != LZMA_STREAM_END)
		failed = why(ret);
	return failed;
}
#else
static const char *unpack(const void *data, size_t size, int fd)
{
	(void)data, (void)size, (void)fd;
	return "heapscope was built without liblzma";
}
#endif

static const char *mismatch(const struct elf *elf, const struct elf *mini)
{
	if (elf_machine(elf) != elf_machine(mini))
		return "it is for another machine";
	if (*elf_build_id(elf) && *elf_build_id(mini) &&
	    strcmp(elf_build_id(elf), elf_build_id(mini)))
		return "it is of another build";
	return NULL;
}

struct elf *minidebug_open(const struct elf *elf, struct strbuf *note)
{
	const char *failed;
	struct elf *mini = NULL;
	struct error err;
	const void *data;
	size_t size;
	int fd;

	if (!elf_section(elf, ".gnu_debugdata", &data, &size))
		return NULL;
	/* A file without a name: all that reads files reads it. */
	fd = memfd_create("gnu_debugdata", MFD_CLOEXEC);
	if (fd < 0) {
		failed = "there is no room to unpack it";
	} else {
		failed = unpack(data, size, fd);
		if (failed)
			close(fd);
		else if (elf_open(fd, &mini, &err))
			failed = err.msg;
		else
			failed = mismatch(elf, mini);
	}
	if (!failed)
		return mini;
	elf_close(mini);
	strbuf_addf(note, "%sits .gnu_debugdata is not used: %s",
		    note->len ? "; " : "", failed);
	return NULL;
}

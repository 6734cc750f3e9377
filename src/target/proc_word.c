/* How wide a program's addresses are. */
#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "target/proc.h"

enum { AUXV_BYTES = 1024 };

static uint64_t word_of(const void *words, size_t i, unsigned word)
{
	uint64_t value = 0;

	memcpy(&value, (const char *)words + i * word, word);
	return value;
}

/* A list of type and value whose entry AT_PHENT is the program header's size
 * says how wide its words are: 56 bytes or 32. */
static bool auxv_says(const void *auxv, size_t len, unsigned word)
{
	uint64_t header = word == 8 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
	size_t count = len / word;

	for (size_t i = 0; i + 1 < count; i += 2) {
		uint64_t type = word_of(auxv, i, word);

		if (type == AT_PHENT)
			return word_of(auxv, i + 1, word) == header;
		if (type == AT_NULL || type > 1024)
			break;
	}
	return false;
}

int program_word(const void *auxv, size_t auxv_len, const void *file,
		 size_t file_len, unsigned *out, struct error *err)
{
	Elf32_Ehdr h; /* up to e_machine it is the same for both classes */
	bool is32;

	*out = auxv_says(auxv, auxv_len, 8)   ? 8
	       : auxv_says(auxv, auxv_len, 4) ? 4
					      : 0;
	if (file_len >= sizeof h) {
		memcpy(&h, file, sizeof h);
		is32 = h.e_ident[EI_CLASS] == ELFCLASS32;
		if (memcmp(h.e_ident, ELFMAG, SELFMAG) == 0 &&
		    h.e_machine == EM_X86_64 && is32)
			return error_set(err, ERR_UNSUPPORTED,
					 "an x32 program (64-bit code with "
					 "32-bit addresses): not supported");
		if (memcmp(h.e_ident, ELFMAG, SELFMAG) == 0 &&
		    h.e_machine != EM_X86_64 && h.e_machine != EM_386)
			return error_set(err, ERR_UNSUPPORTED,
					 "a program for another machine (ELF "
					 "machine %u)",
					 h.e_machine);
		if (!*out)
			*out = is32 ? 4 : 8;
	}
	if (!*out)
		*out = 8;
	return 0;
}

static size_t read_some(pid_t tid, const char *name, void *buf, size_t len)
{
	char path[64];
	ssize_t n;

	snprintf(path, sizeof path, "/proc/%d/%s", tid, name);
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? 0 : read(fd, buf, len);
	return n > 0 ? (size_t)n : 0;
}

int proc_word(pid_t pid, unsigned *out, struct error *err)
{
	pid_t tid = proc_live_tid(pid);
	char auxv[AUXV_BYTES], file[sizeof(Elf32_Ehdr)];
	size_t auxv_len = read_some(tid ? tid : pid, "auxv", auxv, sizeof auxv);
	size_t len = read_some(tid ? tid : pid, "exe", file, sizeof file);

	if (program_word(auxv, auxv_len, file, len, out, err) < 0)
		return error_wrap(err, "process %d", pid);
	return 0;
}

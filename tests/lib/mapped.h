/*
 * A target of ELF files that no process has: maps as the kernel would make
 * them from the program headers, bytes from the files, nothing to run.
 */
#ifndef TESTS_LIB_MAPPED_H
#define TESTS_LIB_MAPPED_H

#include "base/strbuf.h"
#include "target/target.h"

struct mapped {
	struct target target; /* hand this out; never target_close it */
	struct strbuf text;   /* the maps so far */
	bool no_files;	      /* open_map fails, memory still reads */
	bool no_memory;	      /* reads fail */
	uint64_t reads;	      /* so far, of memory and of files opened */
	uint64_t fail_read;   /* the one with this number fails; 0: none */
};

void mapped_init(struct mapped *m);
void mapped_deinit(struct mapped *m);
/* Loads path at base (page-aligned), above all that is loaded. */
void mapped_load(struct mapped *m, const char *path, uint64_t base);
/* Maps the whole file readable, as a program that only looks at it. */
void mapped_look(struct mapped *m, const char *path, uint64_t base);
/* As munmap of everything; then load anew. */
void mapped_reset(struct mapped *m);

#endif

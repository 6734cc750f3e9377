/*
 * An ELF core file as a target: a process at the moment it was dumped, by the
 * kernel or by gdb's gcore.  ELF64 of x86-64 and ELF32 of i386.
 *
 * Memory is read where it lies in the file, which is mapped and not copied; a
 * core compressed by zstd is unpacked into an unlinked temporary file first.
 * What was not dumped is unreadable, but for pages that cannot have changed:
 * those of a file's read-only segments, if a file of the same build-id is here.
 */
#ifndef TARGET_CORE_H
#define TARGET_CORE_H

#include "base/error.h"
#include "target/target.h"

struct core_opts {
	const char *exe;     /* the program, instead of its name in the core */
	const char *sysroot; /* files are below it, and nowhere else; or NULL */
};

/*
 * ERR_FORMAT: not a core file, or too little of one; ERR_NOT_FOUND,
 * ERR_PERMISSION: it cannot be opened; ERR_UNSUPPORTED: of another machine.
 * What is missing from it does not keep it from being opened: target->partial
 * and target->notes tell.
 */
int target_open_core(const char *path, const struct core_opts *opts,
		     struct target **out, struct error *err) MUST_CHECK;

#endif

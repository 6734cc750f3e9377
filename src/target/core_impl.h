/* Inside of a core target.  Nobody else includes it. */
#ifndef TARGET_CORE_IMPL_H
#define TARGET_CORE_IMPL_H

#include "base/strbuf.h"
#include "target/core.h"

/* A PT_LOAD, as far as its bytes are in the file. */
struct core_segment {
	uint64_t start, end;
	uint64_t dumped;      /* bytes from start on that the file has */
	const uint8_t *bytes; /* borrowed: the mapped file */
	unsigned prot;	      /* enum map_prot bits */
};

/* A line of NT_FILE. */
struct core_file {
	uint64_t start, end, offset;
	const char *path; /* borrowed from file_note */
};

/* What a program header of a mapped ELF file says. */
struct core_load {
	uint64_t start, end; /* in the target, whole pages */
	unsigned prot;
};

enum core_search { CORE_UNTRIED, CORE_FOUND, CORE_MISSING };

/* An ELF file whose first page is in the core. */
struct core_module {
	const char *path;  /* borrowed from file_note */
	uint64_t base;	   /* where its offset 0 lies */
	char build_id[80]; /* hex; "" if it has none, or none dumped */
	struct core_load load[16];
	size_t loads;
	bool is_exe;
	enum core_search search;
	int fd;		  /* owned; -1 */
	char why[200];	  /* it is missing */
	bool other_build; /* there is one, of another build */
};

struct core {
	const uint8_t *bytes; /* owned: a mapping of the whole file */
	uint64_t size;
	struct core_segment *segment; /* owned; sorted, none overlaps */
	size_t segments, segment_cap;
	struct core_file *file; /* owned; sorted, none overlaps */
	size_t files, file_cap;
	void *file_note;	    /* owned: what the paths point into */
	struct core_module *module; /* owned; sorted by base */
	size_t modules, module_cap;
	uint64_t phdr, entry, execfn, sysinfo, random; /* of NT_AUXV; or 0 */
	pid_t dumper;	   /* the thread whose note came first */
	int signal;	   /* it was dumped for; 0: none */
	char args[81];	   /* the command line's beginning: NT_PRPSINFO */
	unsigned selector; /* gs of the i386 thread whose note came last */
	size_t thread_cap;
	size_t xsaved;	  /* threads when an area with a header came last */
	unsigned strange; /* notes that were not what they should be */
	bool by_gdb;
	uint64_t missing; /* bytes that the file should have and has not */
	unsigned overlaps, wrapped;
	bool headers_cut, notes_cut;
	char *exe, *sysroot; /* owned, or NULL */
	struct strbuf notes;
};

/* core_elf.c: headers, segments and notes. */
int core_load_elf(struct target *target, struct error *err) MUST_CHECK;
/* len bytes at addr where they lie in the file, or NULL. */
const uint8_t *core_at(const struct core *core, uint64_t addr, uint64_t *len);

/* core_notes.c: one note. */
int core_take_note(struct target *target, uint32_t type, const char *name,
		   const uint8_t *desc, uint64_t size,
		   struct error *err) MUST_CHECK;

/*
 * core_vectors.c: the vector registers of the thread whose status came last;
 * then, when threads have their places, of all.
 */
int core_take_vectors(struct target *target, const uint8_t *area, size_t size,
		      struct error *err) MUST_CHECK;
int core_order_vectors(struct target *target, struct error *err) MUST_CHECK;

/* core_files.c: the files that were mapped. */
int core_list_modules(struct target *target, struct error *err) MUST_CHECK;
struct core_module *core_module_of(const struct core *core, const char *path,
				   uint64_t addr);
/* A descriptor that stays the module's; -1: why says. */
int core_module_fd(struct core *core, struct core_module *module);
bool core_is_exe(const struct target *target, const char *path);

/* core_maps.c */
int core_build_maps(struct target *target, struct error *err) MUST_CHECK;

/* core_tls.c: what no note tells. */
int core_find_tls(struct target *target, struct error *err) MUST_CHECK;

/* core_tell.c: notes, and whether something is missing. */
void core_tell(struct target *target);

/*
 * core_unpack.c: a descriptor on what fd holds, unpacked if it is packed.
 * Takes fd over.
 */
int core_unpack(int fd, int *out, struct error *err) MUST_CHECK;

#endif

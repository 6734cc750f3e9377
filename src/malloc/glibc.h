/*
 * What the glibc_*.c files share: what probe() learnt about the libc of a
 * target.  It holds no pointer into the target, its files or its symbols, so
 * a walk may read another target: a copy of the first one's memory.
 */
#ifndef MALLOC_GLIBC_H
#define MALLOC_GLIBC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "malloc/allocator.h"
#include "malloc/glibc_layout.h"

struct module;

/* What one method says about where one thing is. */
struct finding {
	enum check_result result;
	uint64_t addr; /* run time; 0: nothing found */
	const struct state_layout *state;
	const struct params_layout *params;
	char text[160];
};

/* What a libc's writable data is, run-time addresses. */
struct glibc_data {
	uint64_t start, end; /* writable segments */
	uint64_t relro_start, relro_end;
};

struct glibc_tls {
	bool known;	/* else why is in the text of its check */
	int64_t offset; /* of libc's block from the thread pointer */
	uint64_t size;	/* bytes */
	/* Of the tcache pointer in the block, as malloc's code says; or -1. */
	int64_t tcache;
};

enum { GLIBC_CHECKS = 16, GLIBC_FUNCTIONS = 20 };

/* An exported function of malloc's, run-time addresses. */
struct glibc_function {
	const char *name; /* static */
	uint64_t start, end;
};

/* One copy of malloc; the first is the program's own. */
struct glibc {
	char module[256]; /* its path */
	char version[16], summary[256];
	int ns; /* link-map namespace, 0 the program's; -1 unknown */
	uint64_t bias;
	const struct state_layout *state;
	const struct params_layout *params;
	uint64_t main_arena, mp; /* run-time addresses */
	struct glibc_data data;
	struct glibc_tls tls;
	uint64_t text_start, text_end;	 /* malloc's code; 0: not known */
	uint64_t abort_start, abort_end; /* of abort(); 0: not known */
	struct glibc_function function[GLIBC_FUNCTIONS];
	unsigned functions;
	uint64_t ahead_bytes; /* longer heaps: see glibc_ahead.c */
	struct check check[GLIBC_CHECKS];
	unsigned checks;
	struct glibc *next; /* owned: another copy in the process, or NULL */
	/* Copies that are there and could not be located; of the first alone.
	 */
	unsigned lost;
	char lost_why[160];
};

void finding_set(struct finding *f, enum check_result result, uint64_t addr,
		 const char *fmt, ...) PRINTF(4, 5);
/* One more row; has_numbers is left to the caller. */
void glibc_add_check(struct glibc *g, enum check_result result,
		     const char *name, const char *fmt, ...) PRINTF(4, 5);

/* Where libc's writable data lies; false if it has none. */
bool glibc_data_find(const struct module *module, struct glibc_data *out);
__attribute__((unused)) static inline bool
glibc_in_data(const struct glibc_data *d, uint64_t addr)
{
	return addr >= d->start && addr < d->end &&
	       !(addr >= d->relro_start && addr < d->relro_end);
}

/* GLIBC.md 8.1: the initial data of the file. */
void glibc_locate_file(struct target *target, const struct module *module,
		       struct finding *arena, struct finding *params);
/*
 * GLIBC.md 8.3: which writable data the code of function takes the address
 * of.  params says where mp_ is thought to be: *params is whether the code
 * reads its counters.
 */
void glibc_locate_code(const struct module *module,
		       const struct glibc_data *data, const char *function,
		       struct finding *arena);
void glibc_check_params_code(const struct module *module,
			     const struct finding *by_file,
			     struct finding *params);
/* GLIBC.md 8.3: what the memory looks like now. */
void glibc_locate_memory(struct target *target, const struct glibc_data *data,
			 struct finding *arena, struct finding *params);
/* The same for an mp_ whose limits were set; the code must read it, too. */
void glibc_locate_set_params(struct target *target, const struct module *module,
			     const struct glibc_data *data,
			     struct finding *params);
/* What holds of an mp_ whatever was set. */
bool glibc_params_hold(struct target *target, const uint8_t *bytes,
		       const struct params_layout *layout);
/* Is a malloc_state of this layout at addr, as far as memory can tell? */
bool glibc_state_at(struct target *target, uint64_t addr,
		    const struct state_layout *layout);
/* The one row that fits there, or NULL; *fits is how many do. */
const struct state_layout *glibc_state_row(struct target *target, uint64_t addr,
					   unsigned *fits);
/* Does malloc_par at addr look as it can look at run time? */
bool glibc_params_at(struct target *target, uint64_t addr,
		     const struct params_layout *layout);

/* GLIBC.md 8.4: libc's TLS block, and what malloc's code reads in it. */
void glibc_tls_probe(struct target *target, const struct module *module,
		     struct glibc_tls *out, struct finding *block,
		     struct finding *tcache);
/* GLIBC.md 11.4: malloc's code and what is exported of it, into g. */
void glibc_text_probe(const struct module *module, struct glibc *g);
/* allocator->at_work of glibc. */
bool glibc_at_work(const struct target *target, const void *state);

/* allocator->walk of glibc. */
int glibc_walk(struct target *target, void *state, struct malloc_sink *sink,
	       struct error *err) MUST_CHECK;

#endif

/*
 * main_arena and mp_ from the initial data of libc's file (GLIBC.md 8.1): the
 * arena is all zeros but for a pointer to itself, mp_ begins with numbers that
 * have not changed in twenty years.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "malloc/glibc.h"
#include "malloc/reader.h"
#include "symbols/elf.h"
#include "symbols/symbols.h"

enum { MAX_DATA = 64 << 20, MAX_ROWS = 8, ELF_LOAD = 1, ELF_WRITE = 2 };

struct search {
	struct target *target;
	const struct module *module;
	unsigned word;
	unsigned matches, rows; /* places; rows that fit the last one */
	uint64_t addr;		/* file address */
	const struct state_layout *state;
	const struct params_layout *params;
};

static bool all_zero(const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (p[i])
			return false;
	return true;
}

static bool state_fits(const struct elf *elf, uint64_t addr,
		       const struct state_layout *layout)
{
	uint8_t image[2400];
	struct error err;
	uint64_t after;

	if (addr % layout->word ||
	    elf_read(elf, addr, image, layout->size, &err) < 0)
		return false;
	after = load_word(image + layout->next + 2 * layout->word,
			  layout->word);
	return all_zero(image, layout->next) &&
	       all_zero(image + layout->system_mem,
			layout->size - layout->system_mem) &&
	       (layout->attached ? after == 1 : after == 0);
}

/* The word at offset would hold value. */
static void consider(struct search *s, uint64_t offset, uint64_t value)
{
	unsigned rows = 0;

	for (const struct state_layout *l = state_layouts; l->word; l++)
		if (l->word == s->word && offset - value == l->next &&
		    state_fits(s->module->elf, value, l) && !rows++)
			s->state = l;
	if (!rows)
		return;
	s->matches++;
	s->rows = rows;
	s->addr = value;
}

static int consider_reloc(void *ctx, const struct elf_reloc *reloc)
{
	if (reloc->kind == ELF_RELOC_RELATIVE)
		consider(ctx, reloc->offset,
			 ((struct search *)ctx)->word == 8
				 ? (uint64_t)reloc->addend
				 : (uint32_t)reloc->addend);
	return 0;
}

typedef void segment_fn(struct search *s, uint64_t vaddr, const uint8_t *bytes,
			uint64_t len);

/* The initial bytes of every writable segment that has any. */
static void each_data(struct search *s, segment_fn *fn)
{
	const struct elf_segment *seg;
	size_t n = elf_segments(s->module->elf, &seg);

	for (size_t i = 0; i < n; i++) {
		uint64_t len = seg[i].filesz;
		struct error err;

		if (seg[i].type != ELF_LOAD || !(seg[i].flags & ELF_WRITE) ||
		    !len || len > MAX_DATA)
			continue;
		AUTO_FREE uint8_t *bytes = malloc(len);

		if (bytes &&
		    !elf_read(s->module->elf, seg[i].vaddr, bytes, len, &err))
			fn(s, seg[i].vaddr, bytes, len);
	}
}

/* A fixed-address file needs no relocation: the word is there. */
static void consider_words(struct search *s, uint64_t vaddr,
			   const uint8_t *bytes, uint64_t len)
{
	unsigned word = s->word;

	for (uint64_t i = -vaddr & (word - 1); i + word <= len; i += word)
		consider(s, vaddr + i, load_word(bytes + i, word));
}

static bool params_fit(const uint8_t *p, const struct params_layout *l)
{
	unsigned w = l->word;
	uint64_t zero = load32(p + l->n_mmaps) | load32(p + l->max_n_mmaps) |
			load32(p + l->no_dyn_threshold) |
			load_word(p + l->mmapped_mem, w) |
			load_word(p + l->max_mmapped_mem, w) |
			load_word(p + l->sbrk_base, w);

	if (zero || load32(p + l->n_mmaps_max) != 65536)
		return false;
	if (!l->tcache_bins)
		return true;

	uint64_t count = load_word(p + l->tcache_bins + 2 * w, w);

	return load_word(p + l->tcache_bins, w) == 64 &&
	       (count == 7 || count == 16);
}

/*
 * Of rows that fit the initial bytes alike: what is there now decides, since
 * only the right one finds an address of memory in sbrk_base (GLIBC.md 8.1).
 * NULL if that leaves more than one.
 */
static const struct params_layout *
params_now(struct search *s, const struct params_layout *const *row, unsigned n)
{
	const struct params_layout *found = NULL;
	uint64_t at = s->module->bias + s->addr, base;
	unsigned fits = 0;
	struct error err;

	for (unsigned i = 0; i < n; i++)
		if (glibc_params_at(s->target, at, row[i]) &&
		    !target_read_word(s->target, at + row[i]->sbrk_base, &base,
				      &err) &&
		    base) {
			found = row[i];
			fits++;
		}
	/* Nobody has allocated: all rows find the same, nothing. */
	return !fits ? row[0] : fits == 1 ? found : NULL;
}

/* The rows for an mp_ with these initial bytes; one with a tcache if any has.
 */
static unsigned params_rows(const uint8_t *p, uint64_t len, unsigned word,
			    const struct params_layout **row)
{
	unsigned n = 0;

	for (const struct params_layout *l = params_layouts; l->word; l++)
		if (l->word == word && l->size <= len && params_fit(p, l) &&
		    (!n || !row[0]->tcache_bins == !l->tcache_bins) &&
		    n < MAX_ROWS)
			row[n++] = l;
	return n;
}

static void consider_params(struct search *s, uint64_t vaddr,
			    const uint8_t *bytes, uint64_t len)
{
	unsigned w = s->word;

	for (uint64_t i = -vaddr & (w - 1); i + 5 * w <= len; i += w) {
		const uint8_t *p = bytes + i;

		if (load_word(p, w) != 131072 ||
		    load_word(p + w, w) != 131072 ||
		    load_word(p + 2 * w, w) != 131072 ||
		    load_word(p + 3 * w, w) != (w == 8 ? 8 : 2) ||
		    load_word(p + 4 * w, w) != 0)
			continue;
		/* Rows with a tcache come first. */
		const struct params_layout *row[MAX_ROWS];
		unsigned n = params_rows(p, len - i, w, row);

		if (!n)
			continue;
		s->matches++;
		s->addr = vaddr + i;
		s->rows = n;
		s->params = n == 1 ? row[0] : params_now(s, row, n);
	}
}

/* releases: of the row that was chosen, or NULL. */
static void conclude(const struct search *s, const char *releases,
		     struct finding *out)
{
	uint64_t addr = s->module->bias + s->addr;

	if (s->matches == 1 && !releases)
		finding_set(out, CHECK_FAILED, 0,
			    "0x%" PRIx64 " fits %u layouts, which nothing in "
			    "it tells apart",
			    addr, s->rows);
	else if (s->matches == 1)
		finding_set(out, CHECK_OK, addr,
			    "0x%" PRIx64 ", unique, layout of %s", addr,
			    releases);
	else if (s->matches)
		finding_set(out, CHECK_FAILED, 0, "%u places fit in %s",
			    s->matches, s->module->name);
	else
		finding_set(out, CHECK_FAILED, 0, "no place fits in %s",
			    s->module->name);
}

void glibc_locate_file(struct target *target, const struct module *module,
		       struct finding *arena, struct finding *params)
{
	struct search a = {.target = target,
			   .module = module,
			   .word = elf_word(module->elf)},
		      p = a;

	if (elf_is_memory(module->elf)) {
		finding_set(arena, CHECK_SKIPPED, 0,
			    "the file of %s cannot be read: %.90s",
			    module->name, module->why);
		finding_set(params, CHECK_SKIPPED, 0, "%s", arena->text);
		return;
	}
	if (elf_is_pic(module->elf))
		elf_each_reloc(module->elf, consider_reloc, &a);
	else
		each_data(&a, consider_words);
	/* The initial bytes fit more than one row: those of now may not. */
	if (a.rows > 1)
		a.state =
			glibc_state_row(target, module->bias + a.addr, &a.rows);
	conclude(&a, a.state ? a.state->releases : NULL, arena);
	arena->state = a.matches == 1 ? a.state : NULL;
	each_data(&p, consider_params);
	conclude(&p, p.params ? p.params->releases : NULL, params);
	params->params = p.matches == 1 ? p.params : NULL;
}

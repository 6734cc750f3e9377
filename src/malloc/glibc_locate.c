/*
 * main_arena and mp_ from the initial data of libc's file (GLIBC.md 8.1): the
 * arena is all zeros but for a pointer to itself, mp_ begins with numbers that
 * have not changed in twenty years.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "malloc/glibc.h"
#include "malloc/reader.h"
#include "symbols/elf.h"
#include "symbols/symbols.h"

enum {
	MAX_DATA = 64 << 20,
	ELF_LOAD = 1,
	ELF_WRITE = 2,
	ELF_RELRO = 0x6474e552
};

struct search {
	struct target *target;
	const struct module *module;
	unsigned word;
	unsigned matches;
	uint64_t addr; /* file address */
	const struct state_layout *state;
	const struct params_layout *params;
};

void finding_set(struct finding *f, enum check_result result, uint64_t addr,
		 const char *fmt, ...)
{
	va_list ap;

	f->result = result;
	f->addr = addr;
	va_start(ap, fmt);
	vsnprintf(f->text, sizeof f->text, fmt, ap);
	va_end(ap);
}

void glibc_add_check(struct glibc *g, enum check_result result,
		     const char *name, const char *fmt, ...)
{
	struct check *c = &g->check[g->checks];
	va_list ap;

	if (g->checks == GLIBC_CHECKS)
		return;
	g->checks++;
	*c = (struct check){.result = result};
	snprintf(c->name, sizeof c->name, "%s", name);
	va_start(ap, fmt);
	vsnprintf(c->text, sizeof c->text, fmt, ap);
	va_end(ap);
}

bool glibc_data_find(const struct module *module, struct glibc_data *out)
{
	const struct elf_segment *seg;
	size_t n = elf_segments(module->elf, &seg);

	*out = (struct glibc_data){.start = UINT64_MAX};
	for (size_t i = 0; i < n; i++) {
		uint64_t start = module->bias + seg[i].vaddr;
		uint64_t end = start + seg[i].memsz;

		if (seg[i].type == ELF_RELRO) {
			out->relro_start = start;
			out->relro_end = end;
		}
		if (seg[i].type != ELF_LOAD || !(seg[i].flags & ELF_WRITE))
			continue;
		if (start < out->start)
			out->start = start;
		if (end > out->end)
			out->end = end;
	}
	return out->start < out->end;
}

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
	for (const struct state_layout *l = state_layouts; l->word; l++) {
		if (l->word != s->word || offset - value != l->next ||
		    !state_fits(s->module->elf, value, l))
			continue;
		s->matches++;
		s->addr = value;
		s->state = l;
		return;
	}
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
 * Two rows differ only in where sbrk_base is: what it holds now decides
 * (GLIBC.md 8.1).
 */
static const struct params_layout *
params_by_sbrk(struct search *s, uint64_t addr, const struct params_layout *a)
{
	for (const struct params_layout *l = a; l->word; l++) {
		uint64_t base;
		struct error err;

		if (l->word == s->word && !l->tcache_bins &&
		    !target_read_word(s->target,
				      s->module->bias + addr + l->sbrk_base,
				      &base, &err) &&
		    maps_find(&s->target->maps, base))
			return l;
	}
	return a;
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
		for (const struct params_layout *l = params_layouts; l->word;
		     l++) {
			if (l->word != w || i + l->size > len ||
			    !params_fit(p, l))
				continue;
			s->matches++;
			s->addr = vaddr + i;
			s->params = l->tcache_bins
					    ? l
					    : params_by_sbrk(s, s->addr, l);
			break;
		}
	}
}

static void conclude(const struct search *s, const char *releases,
		     struct finding *out)
{
	uint64_t addr = s->module->bias + s->addr;

	if (s->matches == 1)
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
	conclude(&a, a.state ? a.state->releases : "", arena);
	arena->state = a.matches == 1 ? a.state : NULL;
	each_data(&p, consider_params);
	conclude(&p, p.params ? p.params->releases : "", params);
	params->params = p.matches == 1 ? p.params : NULL;
}

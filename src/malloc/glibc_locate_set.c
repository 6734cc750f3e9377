/*
 * mp_ at run time when mallopt() or a tunable has set the very numbers that it
 * is known by, and its file cannot be read.  What is left is what nobody sets,
 * and that the code reads its counters there.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "malloc/glibc.h"
#include "malloc/glibc_chunk.h"
#include "malloc/reader.h"

enum { MAX_DATA = 16 << 20, MAX_TEST = 1024, MAX_FITS = 64 };

/* Does memory of malloc's begin where it says that brk did? */
static bool begins_brk(struct target *target, uint64_t sbrk, unsigned word)
{
	struct chunk_form form = {word, 2 * word, 2 * word, 4 * word};
	struct chunk_head head = {0};
	struct error err;

	return sbrk &&
	       !target_read_word(target, chunk_first(&form, sbrk) + word,
				 &head.size, &err) &&
	       head.size & CHUNK_PREV_INUSE &&
	       !(head.size & (CHUNK_IS_MMAPPED | CHUNK_NON_MAIN)) &&
	       chunk_bytes(&head) >= form.min;
}

static bool may_be_params(struct target *target, const uint8_t *p,
			  const struct params_layout *l)
{
	unsigned w = l->word;

	return l->tcache_bins &&
	       load_word(p + l->tcache_bins, w) >= TCACHE_SMALL_BINS &&
	       glibc_params_hold(target, p, l) &&
	       !load32(p + l->n_mmaps) == !load_word(p + l->mmapped_mem, w) &&
	       /* Arenas there and bytes here, or it is a neighbour's row. */
	       load_word(p + l->arena_test, w) <= MAX_TEST &&
	       load_word(p + l->mmap_threshold, w) > MAX_TEST &&
	       begins_brk(target, load_word(p + l->sbrk_base, w), w);
}

/*
 * Rows differ in what lies between, so several may fit, each a bit further on:
 * only one has the counters where the code reads them.
 */
static bool is_read(const struct module *module, uint64_t addr,
		    const struct params_layout *l)
{
	struct finding place = {.addr = addr, .params = l}, code = {0};

	glibc_check_params_code(module, &place, &code);
	return code.result == CHECK_OK;
}

void glibc_locate_set_params(struct target *target, const struct module *module,
			     const struct glibc_data *data,
			     struct finding *params)
{
	uint64_t len = data->end - data->start;
	AUTO_FREE uint8_t *bytes = len <= MAX_DATA ? malloc(len) : NULL;
	unsigned word = target->word, fits = 0, matches = 0;

	if (!bytes || target_read_some(target, data->start, bytes, len) != len)
		return;
	for (uint64_t i = -data->start & (word - 1); i < len; i += word)
		for (const struct params_layout *l = params_layouts; l->word;
		     l++) {
			if (l->word != word || i + l->size > len ||
			    !may_be_params(target, bytes + i, l) ||
			    fits++ == MAX_FITS ||
			    !is_read(module, data->start + i, l))
				continue;
			matches++;
			params->addr = data->start + i;
			params->params = l;
		}
	if (matches == 1 && fits <= MAX_FITS)
		finding_set(params, CHECK_OK, params->addr,
			    "0x%" PRIx64 ", its limits were set, its counters "
			    "fit those of %s",
			    params->addr, params->params->releases);
	else
		finding_set(params, CHECK_SKIPPED, 0,
			    "%u places look like an mp_ whose limits were set",
			    matches);
}

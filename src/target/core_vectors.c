/* The vector registers that the notes of a core file have. */
#include <stddef.h>
#include <string.h>

#include "base/sort.h"
#include "target/core_impl.h"

int core_take_vectors(struct target *target, const uint8_t *area, size_t size,
		      struct error *err)
{
	struct core *core = target->impl;
	struct vectors *v = &target->vectors;
	struct vector_layout layout = vector_layout_by_size(size);
	uint32_t last = (uint32_t)target->thread_count - 1;

	if (!target->thread_count || size < VECTORS_FXSAVE)
		return 0;
	/* Both kinds of notes come; the one with a header has more. */
	if (core->xsaved == target->thread_count)
		return 0;
	if (size > VECTORS_FXSAVE)
		core->xsaved = target->thread_count;
	while (v->count && v->word[v->count - 1].thread == last)
		v->count--;
	target->thread[last].has_vectors = true;
	return vectors_add(v, area, size, &layout, last, target->word == 4,
			   err);
}

/* The threads were sorted since: until here a word has the thread's number. */
int core_order_vectors(struct target *target, struct error *err)
{
	struct vectors *v = &target->vectors;

	for (size_t i = 0; i < v->count; i++) {
		uint32_t low = 0, high = (uint32_t)target->thread_count;

		while (low < high) {
			uint32_t mid = low + (high - low) / 2;

			if ((uint32_t)target->thread[mid].tid <
			    v->word[i].thread)
				low = mid + 1;
			else
				high = mid;
		}
		v->word[i].thread = low;
	}
	return sort_by_bits(v->word, v->count, sizeof *v->word,
			    offsetof(struct vector_word, thread), 32, err);
}

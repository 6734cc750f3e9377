#include "analysis/identity.h"

#include "snapshot/prints.h"

enum identity identity_of(const struct snapshot *before, uint32_t i,
			  const struct snapshot *after, uint32_t j)
{
	uint32_t old_rest, new_rest;
	uint64_t old, new;

	if (!print_word(before, i, &old) || !print_word(after, j, &new) ||
	    !print_rest(before, i, &old_rest) ||
	    !print_rest(after, j, &new_rest))
		return IDENTITY_UNKNOWN;
	if (old == new &&old_rest == new_rest)
		return IDENTITY_SAME;
	if (old != new &&old &&new &&old_rest != new_rest &&
	    (span_in_module(before, old) || span_in_module(after, new)))
		return IDENTITY_REUSED;
	return IDENTITY_UNSURE;
}

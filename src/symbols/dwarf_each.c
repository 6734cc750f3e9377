/* Every type that debug information has a name for. */
#include "base/progress.h"
#include "symbols/dwarf_impl.h"
#include "symbols/dwarf_module.h"

int dwarf_each_type(struct dwarf *d, symbols_type_fn *fn, void *ctx,
		    struct error *err)
{
	const uint64_t mask = (UINT64_C(1) << KEY_CLASS_SHIFT) - 1;
	uint64_t done = 0;
	bool any = false;

	if (dwarf_prepare(d, err))
		return -1;
	for (size_t i = 0; i < d->names; i++) {
		struct type *type;

		if (d->name[i].value >> KEY_CLASS_SHIFT != NAME_TYPE ||
		    (any && d->name[i].key == done))
			continue;
		if (i % 1024 == 0 &&
		    progress_tick("reading types", i, d->names, err))
			return -1;
		type = dwarf_type(d, d->name[i].value & mask);
		/* The next of that name may be its definition. */
		if (!type || type->is_declaration)
			continue;
		any = true;
		done = d->name[i].key;
		if (fn(ctx, type, err))
			return -1;
	}
	return 0;
}

/* Names of owners that are several places'. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/owners.h"
#include "analysis/typing_follow.h"
#include "analysis/typing_holder.h"
#include "analysis/typing_holder_impl.h"
#include "base/alloc.h"
#include "symbols/symbols_types.h"

/* By text, then by place. */
static int by_text(const void *pa, const void *pb, void *ctx)
{
	const struct typing *t = ctx;
	const struct typed_name *a = &t->name[*(const uint32_t *)pa];
	const struct typed_name *b = &t->name[*(const uint32_t *)pb];
	int order = strcmp(a->text, b->text);

	if (order)
		return order;
	return a->place < b->place ? -1 : a->place > b->place;
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* The source of what is there, or else its module, or NULL. */
static const char *file_of(const struct typing *t, uint64_t place)
{
	uint64_t addr = place & ((UINT64_C(1) << PLACE_KIND_BIT) - 1);
	unsigned kind = place >> PLACE_KIND_BIT & 0x7f;
	const struct module *m;
	const char *file = NULL;
	struct global global;

	if (!(place & PLACE_OUTSIDE))
		return place & 1
			       ? NULL
			       : type_file(
					 t->paths->nodes.node[place >> 1].type);
	if (!t->symbols || (kind != PLACE_OF_SYMBOL && kind != OWNER_VARIABLE))
		return NULL;
	if (symbols_global_at(t->symbols, addr, &global))
		file = symbols_global_file(t->symbols, &global);
	m = symbols_module_at(t->symbols, addr);
	return file ? file : m ? m->name : NULL;
}

/* precise: the file alone does not tell it from others. */
static void tell_one(struct typing *t, uint32_t number, bool precise)
{
	struct typed_name *name = &t->name[number];
	const char *file = file_of(t, name->place);
	struct strbuf sb = {0};

	if (!name->plain)
		name->plain = xstrdup(name->text);
	strbuf_addf(&sb, "%s (", name->plain);
	if (file)
		strbuf_add(&sb, precise ? file : last_part(file));
	if (precise || !file) {
		strbuf_add(&sb, file ? ", " : "");
		if (name->place & PLACE_OUTSIDE)
			strbuf_addf(
				&sb, "0x%" PRIx64,
				name->place &
					((UINT64_C(1) << PLACE_KIND_BIT) - 1));
		else
			strbuf_addf(&sb, "type %" PRIu64, name->place >> 1);
	}
	strbuf_add(&sb, ")");
	free(name->text);
	name->text = strbuf_take(&sb);
}

static void tell_apart(struct typing *t, uint32_t *number, size_t n,
		       bool precise)
{
	size_t end;

	qsort_r(number, n, sizeof(*number), by_text, t);
	for (size_t i = 0; i < n; i = end) {
		for (end = i + 1; end < n; end++)
			if (strcmp(t->name[number[i]].text,
				   t->name[number[end]].text) != 0)
				break;
		for (size_t k = i; k < end && end - i > 1; k++)
			tell_one(t, number[k], precise);
	}
}

int holder_tell_apart(struct typing *t, size_t first, struct error *err)
{
	size_t n = t->names - first;
	uint32_t *number = try_calloc(n, sizeof(*number), "names", err);

	if (!number)
		return -1;
	for (size_t i = 0; i < n; i++)
		number[i] = (uint32_t)(first + i);
	tell_apart(t, number, n, false);
	tell_apart(t, number, n, true);
	free(number);
	return 0;
}

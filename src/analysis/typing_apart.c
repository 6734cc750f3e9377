/* Names of owners that are several places'. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/owners.h"
#include "analysis/typing_follow.h"
#include "analysis/typing_holder.h"
#include "analysis/typing_holder_impl.h"
#include "analysis/typing_impl.h"
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

/* "a.c:12" of what is declared there; nothing where that is not known. */
static void add_source(const struct type *type, bool whole, struct strbuf *out)
{
	const char *file = type_file(type);
	uint64_t line = type_line(type);

	if (file)
		strbuf_add(out, whole ? file : last_part(file));
	if (line)
		strbuf_addf(out, "%s%" PRIu64, file ? ":" : "line ", line);
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
	if (file && precise && !(name->place & PLACE_OUTSIDE))
		add_source(t->paths->nodes.node[name->place >> 1].type, true,
			   &sb);
	else if (file)
		strbuf_add(&sb, precise ? file : last_part(file));
	if ((precise && name->place & PLACE_OUTSIDE) || !file) {
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

static bool has_own_name(const struct typing *t, uint32_t chunk)
{
	const struct paths *p = t->paths;
	uint32_t node = p->node[chunk];

	return node && t->by[chunk] >= TYPED_SIZE &&
	       t->by[chunk] != TYPED_VTABLE &&
	       p->nodes.node[node].kind >= NODE_STRUCT &&
	       p->nodes.node[node].kind != NODE_OPAQUE;
}

/* Nodes of chunks, of names that two of them have: node -> 1. */
static int find_alike(const struct typing *t, struct u64map *alike,
		      struct error *err)
{
	const struct nodes *nodes = &t->paths->nodes;
	struct u64map first = {0};
	int ret = 0;

	for (uint32_t i = 0; i < t->snap->chunk_count && !ret; i++) {
		uint32_t node = t->paths->node[i];
		uint64_t *have;

		if (!has_own_name(t, i))
			continue;
		have = u64map_at(&first,
				 node_mix_text(0, nodes->node[node].name), err);
		if (have && !*have)
			*have = node;
		else if (have && *have != node)
			ret = u64map_put(alike, *have, 1, err) ||
			      u64map_put(alike, node, 1, err);
		ret = ret || !have ? -1 : 0;
	}
	u64map_deinit(&first);
	return ret;
}

/* What a chunk is called, with the place of its type behind the type's name. */
static char *name_apart(const struct typing *t, uint32_t chunk)
{
	const struct node *node = &t->paths->nodes.node[t->paths->node[chunk]];
	const char *name = typing_name(t, chunk);
	size_t len = strlen(node->name);
	struct strbuf sb = {0};

	if (strncmp(name, node->name, len) != 0)
		return NULL;
	strbuf_addf(&sb, "%s (", node->name);
	add_source(node->type, false, &sb);
	strbuf_addf(&sb, ")%s", name + len);
	return strbuf_take(&sb);
}

int types_tell_apart(struct typing *t, struct error *err)
{
	struct u64map alike = {0};
	int ret = find_alike(t, &alike, err);

	for (uint32_t i = 0; alike.count && i < t->snap->chunk_count && !ret;
	     i++) {
		char *name;

		if (!has_own_name(t, i) ||
		    !u64map_get(&alike, t->paths->node[i], NULL))
			continue;
		name = name_apart(t, i);
		if (name)
			t->type[i] = typing_number(t, name, err);
		ret = t->type[i] ? 0 : -1;
		free(name);
	}
	u64map_deinit(&alike);
	return ret;
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

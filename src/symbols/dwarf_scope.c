/*
 * The namespace or class that a type of C++ is in.  A DIE does not lead to its
 * parent: the scan for names notes it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "symbols/dwarf_impl.h"

enum { SCOPES_MAX = 32 };

int dwarf_scope_add(struct dwarf *d, const struct die *die,
		    const struct die *parent, struct error *err)
{
	if (GROW(d->inside, d->inside_cap, d->insides + 1, "index of scopes",
		 err))
		return -1;
	d->inside[d->insides++] =
		(struct sort_pair){die_key(die), die_key(parent)};
	return 0;
}

/* 0: at the top of its unit, in a function, or not known. */
static uint64_t parent_of(const struct dwarf *d, uint64_t key)
{
	size_t i = sort_lower(d->inside, d->insides, key);

	return i < d->insides && d->inside[i].key == key ? d->inside[i].value
							 : 0;
}

/* What is defined behind its class is declared in it. */
static uint64_t place_of(const struct die *die)
{
	uint64_t declared = die_ref(die, DW_AT_specification);

	return declared ? declared : die_key(die);
}

static void add_scopes(struct dwarf *d, uint64_t key, int depth,
		       struct strbuf *out)
{
	uint64_t parent = parent_of(d, key);
	struct die die;
	const char *name;

	if (!parent || depth > SCOPES_MAX || !die_open(d, parent, &die))
		return;
	add_scopes(d, place_of(&die), depth + 1, out);
	name = die_any_name(&die);
	if (!name && die_tag(&die) == DW_TAG_namespace)
		name = ANONYMOUS_NAMESPACE;
	if (name)
		strbuf_addf(out, "%s::", name);
	die_close(&die);
}

char *dwarf_scope_of(struct dwarf *d, const struct die *die)
{
	struct strbuf out = {0};

	add_scopes(d, place_of(die), 0, &out);
	return out.len ? strbuf_take(&out) : NULL;
}

const char *name_bare(const char *name)
{
	const char *bare = name;
	int depth = 0;

	for (const char *at = name; *at; at++) {
		if (*at == '<' || *at == '(')
			depth++;
		else if (*at == '>' || *at == ')')
			depth--;
		else if (!depth && at[0] == ':' && at[1] == ':')
			bare = at + 2;
	}
	return bare;
}

char *type_qualified(const struct type *t)
{
	return xasprintf("%s%s", t->scope ? t->scope : "", t->name);
}

char *type_enumerator_scope(const struct type *t)
{
	if (!t->is_class || (!t->scope && !t->is_scoped))
		return NULL;
	return xasprintf("%s%s%s", t->scope ? t->scope : "",
			 t->is_scoped && t->name ? t->name : "",
			 t->is_scoped && t->name ? "::" : "");
}

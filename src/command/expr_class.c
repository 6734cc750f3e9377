/* What C++ adds to values: references, base classes, static members. */
#include <string.h>

#include "base/alloc.h"
#include "command/expr_impl.h"

enum { NESTED_MAX = 32 };

int datum_refer(struct expr *x, struct datum *d, struct error *err)
{
	struct type *t = type_strip(d->type);
	struct typed_value v;
	int64_t addr;

	if (t->kind != TYPE_REFERENCE || d->is_type)
		return 0;
	if (datum_read(x, d, &v, err))
		return -1;
	if (!typed_integer(&v, &addr))
		return error_set(err, ERR_NOT_FOUND,
				 "where the reference leads is not known");
	*d = datum_at(type_target(t), (uint64_t)addr);
	return 0;
}

/* d is an object, and becomes its part m. */
static int to_part(struct expr *x, struct datum *d, const struct member *m,
		   struct error *err)
{
	struct typed_source source = expr_source(x);
	uint64_t addr = d->addr;

	if (m->is_virtual && !x->unread &&
	    (!d->in_memory ||
	     !type_virtual_base(d->type, m, d->addr, source.read, source.ctx,
				&addr)))
		return error_set(err, ERR_NOT_FOUND,
				 "where a virtual base of it lies cannot be "
				 "read");
	d->type = m->type;
	d->bit_offset = m->bit_offset;
	d->bit_size = m->bit_size;
	if (d->in_memory) {
		d->addr = m->is_virtual ? addr : d->addr + m->offset;
		d->bytes = NULL;
	} else if (m->offset <= d->len) {
		d->bytes += m->offset;
		d->len -= m->offset;
	}
	return 0;
}

/* A static member; 1: there it is, 0: none of that name. */
static int take_static(struct expr *x, struct type *class, const char *name,
		       struct datum *out, struct error *err)
{
	const struct static_member *m;
	size_t n = type_statics(class, &m);
	AUTO_FREE char *qualified = NULL, *full = NULL;
	struct global g;

	while (n && strcmp(m->name, name)) {
		m++;
		n--;
	}
	if (!n)
		return 0;
	if (m->is_constant) {
		uint64_t len = type_size(m->type);
		uint8_t *bytes = expr_alloc(x, sizeof m->value);

		memcpy(bytes, m->value, sizeof m->value);
		*out = (struct datum){
			.type = m->type,
			.bytes = bytes,
			.len = len < sizeof m->value ? len : sizeof m->value};
		return 1;
	}
	qualified = class->name ? type_qualified(class) : xstrdup("");
	full = xasprintf("%s::%s", qualified, name);
	if (!symbols_global_find(x->session->symbols, full, &g) ||
	    g.thread_local) {
		error_set(err, ERR_NOT_FOUND,
			  "the static member %s has no place in memory: "
			  "optimized out, or thread-local",
			  full);
		return -1;
	}
	*out = datum_at(g.type, g.addr);
	return 1;
}

int datum_static(struct expr *x, struct type *class, const char *name,
		 struct datum *out, struct error *err)
{
	const struct member *m;
	size_t n = type_members(class, &m);
	int ret = take_static(x, type_strip(class), name, out, err);

	for (size_t i = 0; !ret && i < n; i++)
		if (m[i].is_base)
			ret = datum_static(x, m[i].type, name, out, err);
	return ret;
}

/* Is it the class "scope", or is any good enough (NULL)? */
static bool is_scope(struct type *class, const char *scope)
{
	AUTO_FREE char *full = NULL;

	if (!scope)
		return true;
	if (!class->name)
		return false;
	full = type_qualified(class);
	return !strcmp(full, scope) || !strcmp(class->name, scope);
}

/* 1: *d has become its member; 0: it has none of that name. */
static int find_member(struct expr *x, struct datum *d, const char *scope,
		       const char *name, unsigned depth, struct error *err)
{
	struct type *t = type_strip(d->type);
	const struct member *m;
	size_t n = type_members(t, &m);
	int ret = 0;

	if (depth > NESTED_MAX ||
	    (t->kind != TYPE_STRUCT && t->kind != TYPE_UNION))
		return 0;
	for (size_t i = 0; is_scope(t, scope) && i < n; i++)
		if (m[i].name && !m[i].is_base && !strcmp(m[i].name, name))
			return to_part(x, d, &m[i], err) ? -1 : 1;
	if (is_scope(t, scope))
		ret = take_static(x, t, name, d, err);
	for (size_t i = 0; !ret && i < n; i++) {
		struct datum part = *d;

		if (m[i].name && !m[i].is_base)
			continue;
		if (to_part(x, &part, &m[i], err))
			return -1;
		ret = find_member(x, &part, scope, name, depth + 1, err);
		if (ret > 0)
			*d = part;
	}
	return ret;
}

int datum_find_member(struct expr *x, struct datum *d, const char *name,
		      struct error *err)
{
	const char *bare = name_bare(name);
	AUTO_FREE char *scope =
		bare > name ? xstrndup(name, (size_t)(bare - 2 - name)) : NULL;

	return find_member(x, d, scope, bare, 0, err);
}

/* 1: *d has become its base of that class; 0: it has none. */
static int find_base(struct expr *x, struct datum *d, struct type *base,
		     unsigned depth, struct error *err)
{
	const struct member *m;
	size_t n = type_members(d->type, &m);
	int ret = 0;

	if (type_same(d->type, base))
		return 1;
	for (size_t i = 0; depth < NESTED_MAX && !ret && i < n; i++) {
		struct datum part = *d;

		if (!m[i].is_base)
			continue;
		if (to_part(x, &part, &m[i], err))
			return -1;
		ret = find_base(x, &part, base, depth + 1, err);
		if (ret > 0)
			*d = part;
	}
	return ret;
}

/* How far a base lies in a class without looking at an object: 1; 0: it is
 * none; -1: a virtual one, or in one. */
static int fixed_base(struct type *class, struct type *base, unsigned depth,
		      uint64_t *offset)
{
	const struct member *m;
	size_t n = type_members(class, &m);

	*offset = 0;
	if (type_same(class, base))
		return 1;
	for (size_t i = 0; depth < NESTED_MAX && i < n; i++) {
		int ret = m[i].is_base ? fixed_base(m[i].type, base, depth + 1,
						    offset)
				       : 0;

		if (ret && m[i].is_virtual)
			return -1;
		*offset += m[i].offset;
		if (ret)
			return ret;
	}
	return 0;
}

int datum_cast_class(struct expr *x, struct type *from, struct type *to,
		     int64_t *addr, struct error *err)
{
	struct datum d = datum_at(from, (uint64_t)*addr);
	uint64_t offset;
	int ret;

	if (!*addr || type_strip(from)->kind != TYPE_STRUCT ||
	    type_strip(to)->kind != TYPE_STRUCT || type_same(from, to))
		return 0;
	ret = find_base(x, &d, to, 0, err);
	if (ret < 0)
		return -1;
	if (ret) {
		*addr = (int64_t)d.addr;
		return 0;
	}
	ret = fixed_base(to, from, 0, &offset);
	if (ret < 0)
		return error_set(err, ERR_UNSUPPORTED,
				 "a cast down from a virtual base: where the "
				 "whole object begins is not known here");
	if (ret)
		*addr -= (int64_t)offset;
	return 0;
}

/* What a type consists of, as gdb's ptype prints it. */
#include <string.h>

#include "base/alloc.h"
#include "symbols/dwarf_types.h"

enum { DEEP = 16 };

static void define(struct type *type, const char *name, int show, int level,
		   struct strbuf *out);

static void indent(struct strbuf *out, int level)
{
	for (int i = 0; i < level; i++)
		strbuf_addc(out, ' ');
}

static void define_members(struct type *t, int show, int level,
			   struct strbuf *out)
{
	const struct member *m;
	size_t n = type_members(t, &m);

	if (!n) {
		indent(out, level + 4);
		strbuf_add(out, t->is_declaration ? "<incomplete type>\n"
						  : "<no data fields>\n");
	}
	for (size_t i = 0; i < n; i++) {
		if (m[i].is_base)
			continue;
		indent(out, level + 4);
		define(m[i].type, m[i].name, show - 1, level + 4, out);
		if (m[i].bit_size)
			strbuf_addf(out, " : %u", m[i].bit_size);
		strbuf_add(out, ";\n");
	}
}

static void define_enum(struct type *t, struct strbuf *out)
{
	AUTO_FREE char *scope = type_enumerator_scope(t);
	const struct enumerator *e;
	size_t n = type_enumerators(t, &e);
	int64_t next = 0;

	for (size_t i = 0; i < n; i++) {
		strbuf_addf(out, "%s%s%s", i ? ", " : "", scope ? scope : "",
			    e[i].name);
		if (e[i].value != next)
			strbuf_addf(out, " = %lld", (long long)e[i].value);
		next = e[i].value + 1;
	}
}

/* " : public app::A, public virtual app::B" */
static void define_bases(struct type *t, struct strbuf *out)
{
	const struct member *m;
	size_t n = type_members(t, &m);
	const char *before = " : ";

	for (size_t i = 0; i < n; i++) {
		if (!m[i].is_base)
			continue;
		strbuf_addf(out, "%s%s", before, m[i].inherited);
		type_name(m[i].type, out);
		before = ", ";
	}
}

static void define_body(struct type *t, int show, int level, struct strbuf *out)
{
	if (t->kind == TYPE_ENUM) {
		strbuf_add(out, "{");
		define_enum(t, out);
		strbuf_add(out, "}");
		return;
	}
	strbuf_add(out, "{\n");
	define_members(t, show, level, out);
	indent(out, level);
	strbuf_add(out, "}");
}

/* Its name with the body in it, where the body is to be shown. */
static void define(struct type *type, const char *name, int show, int level,
		   struct strbuf *out)
{
	struct strbuf text = {0}, body = {0};
	struct type *base = type_base(type), *whole;
	bool aggregate;
	const char *at;

	whole = show > 0 ? type_strip(base) : type_unqualified(base);
	aggregate = whole->kind == TYPE_STRUCT || whole->kind == TYPE_UNION ||
		    whole->kind == TYPE_ENUM;
	if (show > 0)
		type_declare_based(type, type_strip_typedefs(base), name,
				   &text);
	else
		type_declare(type, name, &text);
	if (!aggregate || level > 4 * DEEP ||
	    (show <= 0 && (whole->name || show < 0))) {
		strbuf_add(out, strbuf_str(&text));
		strbuf_deinit(&text);
		return;
	}
	define_body(whole, show, level, &body);
	/* behind "struct node", or in the place of {...} */
	at = strstr(strbuf_str(&text), "{...}");
	if (!whole->name && at) {
		strbuf_addn(out, text.s, (size_t)(at - text.s));
		strbuf_add(out, strbuf_str(&body));
		strbuf_add(out, at + 5);
	} else {
		struct strbuf head = {0};

		type_name(type_strip_typedefs(base), &head);
		strbuf_add(out, strbuf_str(&head));
		define_bases(whole, out);
		strbuf_addf(out, " %s%s", strbuf_str(&body),
			    strbuf_str(&text) + head.len);
		strbuf_deinit(&head);
	}
	strbuf_deinit(&text);
	strbuf_deinit(&body);
}

void type_define(struct type *type, struct strbuf *out)
{
	define(type_strip_typedefs(type), NULL, 1, 0, out);
}

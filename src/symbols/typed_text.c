#include "symbols/typed_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "symbols/symbols.h"
#include "symbols/symbols_functions.h"
#include "symbols/symbols_types.h"
#include "symbols/typed_impl.h"

enum {
	SHOWN = 200,
	REPEATS = 10,
	DEEP = 40,
	VIRTUAL_MAX = 32,
	INLINED_MAX = 8,
	REFERRED_MAX = 1 << 20,
	STATIC_MAX = 4096
};

struct text {
	const struct typed_source *source;
	char format;
	struct strbuf *out;
	unsigned depth;
	/* Virtual bases of this object that are printed: each is once. */
	uint64_t shown[VIRTUAL_MAX];
	unsigned showns;
};

static void add(struct text *t, const struct typed_value *value);

/*
 * Has the source another name for it?  "f.lto_priv.0", "f.constprop.1" are
 * copies of f that the compiler made; of C's functions that have several
 * symbols one is the source's.  "f.cold" is no function, and what C++ mangles
 * says it all.
 */
static bool may_differ(const struct symbol *s)
{
	const char *suffix = *s->raw ? strchr(s->raw + 1, '.') : NULL;

	return s->is_code && (suffix ? !strstr(suffix, ".cold")
				     : strncmp(s->raw, "_Z", 2) != 0);
}

static bool source_name(struct symbols *symbols, const struct symbol *s,
			struct function *out)
{
	struct function all[INLINED_MAX];
	size_t count = may_differ(s) ? symbols_functions(symbols, s->addr, all,
							 INLINED_MAX)
				     : 0;

	if (count)
		*out = all[count - 1];
	return count && !out->inlined;
}

void typed_symbol(const struct typed_source *source, uint64_t addr,
		  struct strbuf *out)
{
	struct function function;
	struct symbol s;

	/* Data without a size: a mark of the linker's, or of a unit. */
	if (!source->symbols || !symbols_at(source->symbols, addr, &s) ||
	    (!s.size && !s.is_code))
		return;
	if (source_name(source->symbols, &s, &function))
		s.name = function.name;
	if (s.offset)
		strbuf_addf(out, " <%s+%" PRIu64 ">", s.name, s.offset);
	else
		strbuf_addf(out, " <%s>", s.name);
}

static void add_pointer(struct text *t, struct type *type, uint64_t addr)
{
	const char *quotes = typed_quotes(type_target(type));

	strbuf_addf(t->out, "0x%" PRIx64, addr);
	typed_symbol(t->source, addr, t->out);
	if (addr && quotes) {
		strbuf_addc(t->out, ' ');
		typed_string_at(t->source, addr,
				(unsigned)type_size(type_target(type)), quotes,
				t->out);
	}
}

/* All named values are single bits or nothing: a set of flags. */
static bool is_flags(const struct enumerator *e, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (e[i].value < 0 ||
		    __builtin_popcountll((uint64_t)e[i].value) > 1)
			return false;
	return n > 0;
}

static void add_flags(struct text *t, const char *scope,
		      const struct enumerator *e, size_t n, uint64_t value)
{
	const char *sep = "(";

	if (!value) {
		strbuf_addc(t->out, '0');
		return;
	}
	for (size_t i = 0; i < n; i++) {
		uint64_t bits = (uint64_t)e[i].value;

		if (bits && (value & bits) == bits) {
			strbuf_addf(t->out, "%s%s%s", sep, scope, e[i].name);
			value &= ~bits;
			sep = " | ";
		}
	}
	if (value)
		strbuf_addf(t->out, "%sunknown: 0x%" PRIx64, sep, value);
	strbuf_addc(t->out, ')');
}

static void add_enum(struct text *t, struct type *type, int64_t value)
{
	AUTO_FREE char *scope = type_enumerator_scope(type);
	const struct enumerator *e;
	size_t n = type_enumerators(type, &e);

	for (size_t i = 0; i < n; i++) {
		if (e[i].value == value) {
			strbuf_addf(t->out, "%s%s", scope ? scope : "",
				    e[i].name);
			return;
		}
	}
	if (is_flags(e, n))
		add_flags(t, scope ? scope : "", e, n, (uint64_t)value);
	else
		strbuf_addf(t->out, "%" PRId64, value);
}

/* "@0x7ffc01a4: 5"; inside of something without what it refers to. */
static void add_reference(struct text *t, struct type *type, uint64_t addr)
{
	struct typed_value to = {.type = type_target(type), .addr = addr};
	AUTO_FREE void *bytes = NULL;

	to.len = type_size(to.type);
	strbuf_addf(t->out, "@0x%" PRIx64, addr);
	if (t->depth > 1)
		return;
	strbuf_add(t->out, ": ");
	if (to.len <= REFERRED_MAX) {
		bytes = xcalloc(to.len + 1, 1);
		to.bytes = bytes;
	}
	t->depth--;
	if (bytes && t->source->read &&
	    t->source->read(t->source->ctx, addr, bytes, to.len))
		add(t, &to);
	else
		strbuf_addf(t->out,
			    "<error: Cannot access memory at address 0x%" PRIx64
			    ">",
			    addr);
	t->depth++;
}

static void add_plain_integer(struct text *t, struct type *type,
			      const char *quotes, __int128 i)
{
	unsigned size = (unsigned)type->size;

	switch (type->kind) {
	case TYPE_BOOL:
		if (i == 0 || i == 1)
			strbuf_add(t->out, i ? "true" : "false");
		else
			strbuf_addf(t->out, "%d", (int)i);
		return;
	case TYPE_ENUM:
		add_enum(t, type, (int64_t)i);
		return;
	case TYPE_POINTER:
		add_pointer(t, type, (uint64_t)i);
		return;
	case TYPE_REFERENCE:
		add_reference(t, type, (uint64_t)i);
		return;
	default:
		break;
	}
	typed_add_integer(t->source, i, size, false,
			  type->is_signed ? 'd' : 'u', t->out);
	if (quotes) {
		strbuf_addc(t->out, ' ');
		typed_char(size == 1 ? (uint8_t)i : (uint64_t)i, size, quotes,
			   t->out);
	}
}

/* Of the processor's flags those that are set. */
static void add_eflags(struct text *t, uint64_t value)
{
	static const char *const name[] = {
		[0] = "CF",  [2] = "PF",   [4] = "AF",	 [6] = "ZF",
		[7] = "SF",  [8] = "TF",   [9] = "IF",	 [10] = "DF",
		[11] = "OF", [14] = "NT",  [16] = "RF",	 [17] = "VM",
		[18] = "AC", [19] = "VIF", [20] = "VIP", [21] = "ID",
	};

	strbuf_add(t->out, "[ ");
	for (size_t i = 0; i < sizeof name / sizeof *name; i++)
		if (value >> i & 1 && name[i])
			strbuf_addf(t->out, "%s ", name[i]);
	strbuf_addc(t->out, ']');
}

static void add_integer(struct text *t, struct type *type,
			const struct typed_value *v)
{
	__int128 i;

	if (!typed_bits(v, &i)) {
		strbuf_add(t->out, "<unavailable>");
		return;
	}
	if (t->format && t->format != 's')
		typed_add_integer(t->source, i, (unsigned)type->size,
				  !type->is_signed, t->format, t->out);
	else if (type_is_eflags(type))
		add_eflags(t, (uint64_t)i);
	else
		add_plain_integer(t, type, typed_quotes(v->type), i);
}

/* Of a kind that we only know the size of. */
static void add_wide(struct text *t, struct type *type,
		     const struct typed_value *v)
{
	const uint8_t *b = v->bytes;

	if (type->to_member) {
		typed_add_member(t->source, type, v, t->out);
		return;
	}
	strbuf_add(t->out, "0x");
	for (size_t i = v->len; i; i--)
		strbuf_addf(t->out, "%02x", b[i - 1]);
}

/* print/x of a floating-point number is its bits, print/c and /a its whole
 * part. */
static void add_float_bits(struct text *t, struct type *type,
			   const struct typed_value *v)
{
	bool x87 = type->kind == TYPE_FLOAT && type->size > 8;
	unsigned size = x87 ? 10 : (unsigned)type->size;
	unsigned __int128 bits = 0;
	long double whole;

	if (v->len < type->size || size > sizeof bits) {
		strbuf_add(t->out, "<unavailable>");
		return;
	}
	memcpy(&bits, v->bytes, size);
	if ((t->format == 'c' || t->format == 'a') && typed_float(v, &whole) &&
	    whole > -0x1p63L && whole < 0x1p63L)
		bits = (unsigned __int128)(int64_t)whole;
	typed_add_integer(t->source, (__int128)bits, (unsigned)type->size,
			  false, t->format, t->out);
}

static struct typed_value part(const struct typed_value *v, struct type *type,
			       uint64_t offset, uint64_t len)
{
	struct typed_value p = {.type = type};

	if (offset <= v->len) {
		p.bytes = (const uint8_t *)v->bytes + offset;
		p.len = v->len - offset < len ? v->len - offset : len;
	}
	p.addr = v->addr ? v->addr + offset : 0;
	return p;
}

/* An array of unknown length is where it begins. */
static void add_flexible(struct text *t, struct type *type, uint64_t addr)
{
	struct type *one = type_target(type);
	const char *quotes = typed_quotes(one);

	strbuf_addf(t->out, "0x%" PRIx64, addr);
	typed_symbol(t->source, addr, t->out);
	if (quotes && !t->format) {
		strbuf_addc(t->out, ' ');
		typed_string_at(t->source, addr, (unsigned)type_size(one),
				quotes, t->out);
	}
}

static uint64_t repeats(const struct typed_value *v, uint64_t i, uint64_t count,
			uint64_t size)
{
	const uint8_t *b = v->bytes;
	uint64_t n = 1;

	while (i + n < count && !memcmp(b + i * size, b + (i + n) * size, size))
		n++;
	return n;
}

static void add_elements(struct text *t, struct type *type, uint64_t count,
			 const struct typed_value *v)
{
	struct type *one = type_target(type);
	uint64_t size = type_size(one), shown = 0, i = 0;

	strbuf_addc(t->out, '{');
	while (i < count && shown < SHOWN) {
		uint64_t n = repeats(v, i, count, size);
		struct typed_value e = part(v, one, i * size, size);

		if (i)
			strbuf_add(t->out, ", ");
		add(t, &e);
		if (n > REPEATS) {
			strbuf_addf(t->out, " <repeats %" PRIu64 " times>", n);
			shown += REPEATS;
			i += n;
		} else {
			shown++;
			i++;
		}
	}
	strbuf_add(t->out, i < count ? "...}" : "}");
}

static void add_array(struct text *t, struct type *type,
		      const struct typed_value *v)
{
	struct type *one = type_target(type);
	uint64_t size = type_size(one), count = type->count;
	const char *quotes = typed_quotes(one);

	if (!type->has_count || !size) {
		if (type->variable)
			strbuf_add(t->out, "<variable length>");
		else if (type->has_count || !v->addr)
			strbuf_add(t->out, "{}");
		else
			add_flexible(t, type, v->addr);
		return;
	}
	if (!count && v->addr) {
		add_flexible(t, type, v->addr);
		return;
	}
	if (count > v->len / size)
		count = v->len / size;
	if (quotes && size <= 4 && (!t->format || t->format == 's')) {
		uint64_t last = 0;

		if (count)
			memcpy(&last,
			       (const uint8_t *)v->bytes + (count - 1) * size,
			       size);
		/* a string's end is not shown */
		if (count && !last)
			count--;
		typed_string(v->bytes, count, (unsigned)size, quotes, false,
			     t->out);
		return;
	}
	add_elements(t, type, count, v);
}

/* Bytes of a static member: constant, or where its definition is; false: it has
 * none. */
static bool static_value(struct text *t, struct type *class,
			 const struct static_member *m, struct typed_value *out,
			 void *buf, size_t cap)
{
	AUTO_FREE char *name = NULL;
	struct global g;

	*out = (struct typed_value){
		.type = m->type, .bytes = m->value, .len = type_size(m->type)};
	if (m->is_constant)
		return out->len <= sizeof m->value;
	if (!class->name || !t->source->symbols || !t->source->read)
		return false;
	name = xasprintf("%s%s::%s", class->scope ? class->scope : "",
			 class->name, m->name);
	if (!symbols_global_find(t->source->symbols, name, &g) ||
	    g.thread_local)
		return false;
	out->type = g.type;
	out->len = type_size(g.type);
	out->addr = g.addr;
	out->bytes = buf;
	return out->len <= cap &&
	       t->source->read(t->source->ctx, g.addr, buf, out->len);
}

static void add_static(struct text *t, struct type *class,
		       const struct static_member *m, const char *sep)
{
	uint8_t buf[STATIC_MAX];
	struct typed_value v;

	strbuf_addf(t->out, "%sstatic %s = ", sep, m->name);
	if (!static_value(t, class, m, &v, buf, sizeof buf))
		strbuf_add(t->out, "<optimized out>");
	else if (type_strip(v.type)->kind == TYPE_STRUCT && t->depth > 2)
		strbuf_add(t->out, "{...}"); /* may be of its own class */
	else
		add(t, &v);
}

/* A virtual base is elsewhere in the whole object.  False: it was shown. */
static bool add_virtual_base(struct text *t, struct type *class,
			     const struct member *m, uint64_t object,
			     const char *sep)
{
	struct typed_value v = {.type = m->type, .len = type_size(m->type)};
	AUTO_FREE void *bytes = NULL;
	bool found = type_virtual_base(class, m, object, t->source->read,
				       t->source->ctx, &v.addr);

	for (unsigned i = 0; found && i < t->showns; i++)
		if (t->shown[i] == v.addr)
			return false;
	strbuf_addf(t->out, "%s<", sep);
	type_name(m->type, t->out);
	strbuf_add(t->out, "> = ");
	bytes = xcalloc(v.len + 1, 1);
	v.bytes = bytes;
	if (!found || !t->source->read(t->source->ctx, v.addr, bytes, v.len)) {
		strbuf_add(t->out, "<invalid address>");
		return true;
	}
	if (t->showns < VIRTUAL_MAX)
		t->shown[t->showns++] = v.addr;
	add(t, &v);
	return true;
}

static void add_member(struct text *t, const struct typed_value *v,
		       const struct member *m, const char *sep)
{
	uint64_t size = m->bit_size ? (m->bit_offset + m->bit_size + 7) / 8
				    : type_size(m->type);
	struct typed_value p = part(v, m->type, m->offset, size);

	p.bit_offset = m->bit_offset;
	p.bit_size = m->bit_size;
	strbuf_add(t->out, sep);
	if (m->is_base) {
		strbuf_addc(t->out, '<');
		type_name(m->type, t->out);
		strbuf_add(t->out, "> = ");
	} else if (m->name) {
		strbuf_addf(t->out, "%s = ", m->name);
	}
	add(t, &p);
}

/* What is in the braces. */
static void add_members(struct text *t, struct type *type,
			const struct typed_value *v)
{
	const struct member *m;
	const struct static_member *s;
	size_t n = type_members(type, &m), k = type_statics(type, &s), at = 0;
	const char *sep = "";
	bool any = k > 0;

	for (size_t i = 0; i <= n; i++) {
		for (; at < k && s[at].before <= i; at++, sep = ", ")
			add_static(t, type, &s[at], sep);
		if (i == n)
			break;
		any |= !m[i].is_base;
		if (!m[i].is_virtual)
			add_member(t, v, &m[i], sep);
		else if (!add_virtual_base(t, type, &m[i], v->addr, sep))
			continue;
		sep = ", ";
	}
	if (!any)
		strbuf_addf(t->out, "%s<No data fields>", sep);
}

static void add_struct(struct text *t, struct type *type,
		       const struct typed_value *v)
{
	unsigned showns = t->showns;

	if (type->is_declaration) {
		strbuf_add(t->out, "<incomplete type>");
		return;
	}
	strbuf_addc(t->out, '{');
	add_members(t, type, v);
	strbuf_addc(t->out, '}');
	if (t->depth == 1)
		t->showns = showns;
}

static void add_function(struct text *t, struct type *type, uint64_t addr)
{
	strbuf_addc(t->out, '{');
	type_name(type, t->out);
	strbuf_addf(t->out, "} 0x%" PRIx64, addr);
	typed_symbol(t->source, addr, t->out);
}

static void add(struct text *t, const struct typed_value *v)
{
	struct type *type = type_strip(v->type);

	if (++t->depth > DEEP) {
		strbuf_add(t->out, "...");
		t->depth--;
		return;
	}
	switch (type->kind) {
	case TYPE_VOID:
		strbuf_add(t->out, "void");
		break;
	case TYPE_FLOAT:
		if (t->format && t->format != 'f' && t->format != 's')
			add_float_bits(t, type, v);
		else
			typed_add_float(v, t->out);
		break;
	case TYPE_COMPLEX:
		if (t->format && t->format != 'f' && t->format != 's')
			add_float_bits(t, type, v);
		else
			typed_add_complex(v, t->out);
		break;
	case TYPE_ARRAY:
		add_array(t, type, v);
		break;
	case TYPE_STRUCT:
	case TYPE_UNION:
		add_struct(t, type, v);
		break;
	case TYPE_FUNCTION:
		add_function(t, type, v->addr);
		break;
	case TYPE_OTHER:
		add_wide(t, type, v);
		break;
	default:
		add_integer(t, type, v);
	}
	t->depth--;
}

void typed_text_inner(const struct typed_source *source,
		      const struct typed_value *value, char format,
		      struct strbuf *out)
{
	struct text t = {.source = source, .format = format, .out = out};

	add(&t, value);
}

/* gdb leaves the type away for char * and wchar_t *, which its string tells. */
static bool is_plain_string(struct type *type)
{
	struct type *target;
	const char *quotes;

	type = type_unqualified(type);
	if (type->kind != TYPE_POINTER)
		return false;
	target = type_unqualified(type_target(type));
	quotes = typed_quotes(target);
	return quotes && target->name &&
	       (*quotes || !strcmp(target->name, "char"));
}

void typed_text(const struct typed_source *source,
		const struct typed_value *value, char format,
		struct strbuf *out)
{
	struct type *type = type_strip(value->type);

	if ((!format || format == 's') &&
	    (type->kind == TYPE_POINTER || type->kind == TYPE_REFERENCE) &&
	    !is_plain_string(value->type)) {
		strbuf_addc(out, '(');
		type_name(value->type, out);
		strbuf_add(out, ") ");
	}
	typed_text_inner(source, value, format, out);
}

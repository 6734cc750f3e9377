/* Registers in expressions, and parts of them: $rax, $eax, $ax, $al, $ah. */
#include <stdio.h>
#include <string.h>

#include "command/expr_impl.h"

#define BYTE "<int8_t, no character>"

struct part {
	char whole[8];
	const char *type;
	unsigned shift;
};

static void set_part(struct part *out, const char *whole, const char *type,
		     unsigned shift)
{
	*out = (struct part){.type = type, .shift = shift};
	snprintf(out->whole, sizeof out->whole, "r%.4s", whole);
}

/* "r8d", "r12w", "r15l" */
static bool find_new(const char *name, struct part *out)
{
	size_t digits = strspn(name + 1, "0123456789");
	const char *end = name + 1 + digits;
	char whole[4] = "";

	if (*name != 'r' || !digits || digits > 2 || !*end || end[1] ||
	    !strchr("dwl", *end))
		return false;
	memcpy(whole, name + 1, digits);
	set_part(out, whole,
		 *end == 'd'   ? "int"
		 : *end == 'w' ? "int16_t"
			       : BYTE,
		 0);
	return true;
}

/* Is it "ax", "si"?  Of sp gdb has the whole. */
static bool is_word(const char *name)
{
	return strlen(name) == 2 &&
	       ((strchr("abcd", *name) && name[1] == 'x') ||
		!strcmp(name, "si") || !strcmp(name, "di") ||
		!strcmp(name, "bp") || !strcmp(name, "sp"));
}

/* "al", "ah", "sil" */
static bool find_byte(const char *name, struct part *out)
{
	size_t len = strlen(name);
	char whole[3] = "";

	if (len == 2 && strchr("abcd", *name) && strchr("lh", name[1])) {
		whole[0] = *name;
		whole[1] = 'x';
		set_part(out, whole, BYTE, name[1] == 'h' ? 8 : 0);
		return true;
	}
	if (len != 3 || name[2] != 'l')
		return false;
	memcpy(whole, name, 2);
	if (!is_word(whole) || whole[1] == 'x')
		return false;
	set_part(out, whole, BYTE, 0);
	return true;
}

static bool find_part(const char *name, struct part *out)
{
	if (*name == 'e' && is_word(name + 1)) {
		set_part(out, name + 1, "int", 0);
		return true;
	}
	if (is_word(name) && strcmp(name, "sp")) {
		set_part(out, name, "int16_t", 0);
		return true;
	}
	return find_byte(name, out) || find_new(name, out);
}

int expr_register(struct expr *x, const char *name, struct datum *out,
		  struct error *err)
{
	static const char *const data[] = {"rsp", "rbp", "esp", "ebp",
					   "sp",  "fp",	 "_"};
	struct type *type = expr_builtin(x, "int64_t");
	struct part part;
	uint64_t value;

	/* of i386 code $eax is a whole one */
	if (find_part(name, &part) &&
	    (*name != 'e' || type_pointer_to(type)->size == 8)) {
		if (session_register(x->session, part.whole, &value, err))
			return -1;
		*out = datum_integer(x, expr_builtin(x, part.type),
				     value >> part.shift);
		out->is_register = true;
		return 0;
	}
	if (session_register(x->session, name, &value, err))
		return -1;
	if (!strcmp(name, "rip") || !strcmp(name, "pc") || !strcmp(name, "eip"))
		type = type_pointer_to(
			type_function_of(expr_builtin(x, "void"), NULL, 0));
	if (!strcmp(name, "eflags"))
		type = expr_builtin(x, "i386_eflags");
	for (size_t i = 0; i < sizeof data / sizeof *data; i++)
		if (!strcmp(name, data[i]))
			type = type_pointer_to(expr_builtin(x, "void"));
	*out = datum_integer(x, type, value);
	out->is_register = true;
	return 0;
}

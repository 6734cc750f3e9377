/* C's own types, for casts and literals where no debug information has them. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "symbols/dwarf_impl.h"
#include "symbols/dwarf_module.h"

struct builtin {
	const char *name;
	enum type_kind kind;
	unsigned size; /* 0: that of a pointer */
	bool is_signed;
};

static const char eflags[] = "i386_eflags"; /* as gdb calls it */

static const struct builtin builtins[] = {
	{"void", TYPE_VOID, 0, false},
	{"char", TYPE_CHAR, 1, true},
	{"signed char", TYPE_CHAR, 1, true},
	{"unsigned char", TYPE_CHAR, 1, false},
	{"short", TYPE_INT, 2, true},
	{"unsigned short", TYPE_INT, 2, false},
	{"int", TYPE_INT, 4, true},
	{"unsigned int", TYPE_INT, 4, false},
	{"long", TYPE_INT, 0, true},
	{"unsigned long", TYPE_INT, 0, false},
	{"long long", TYPE_INT, 8, true},
	{"unsigned long long", TYPE_INT, 8, false},
	{"__int128", TYPE_INT, 16, true},
	{"unsigned __int128", TYPE_INT, 16, false},
	{"wchar_t", TYPE_INT, 4, true},
	{"char16_t", TYPE_CHAR, 2, false},
	{"char32_t", TYPE_CHAR, 4, false},
	{"_Bool", TYPE_BOOL, 1, false},
	{"bool", TYPE_BOOL, 1, false},
	{"float", TYPE_FLOAT, 4, true},
	{"double", TYPE_FLOAT, 8, true},
	{"long double", TYPE_FLOAT, 16, true},
	/* what only a symbol table tells of, in gdb's words */
	{"<text variable, no debug info>", TYPE_FUNCTION, 1, false},
	{"<data variable, no debug info>", TYPE_OTHER, 0, false},
	/* gdb's, by their sizes */
	{"int8_t", TYPE_CHAR, 1, true},
	{"uint8_t", TYPE_CHAR, 1, false},
	{"<int8_t, no character>", TYPE_INT, 1, true},
	{"int16_t", TYPE_INT, 2, true},
	{"uint16_t", TYPE_INT, 2, false},
	{"int32_t", TYPE_INT, 4, true},
	{"uint32_t", TYPE_INT, 4, false},
	{"int64_t", TYPE_INT, 8, true},
	{"uint64_t", TYPE_INT, 8, false},
	{eflags, TYPE_INT, 4, false},
};

bool type_is_eflags(const struct type *type)
{
	return type->name == eflags;
}

struct type_set *type_set_create(unsigned word)
{
	struct type_set *set = xcalloc(1, sizeof *set);

	type_set_init(set, word, NULL);
	return set;
}

void type_set_destroy(struct type_set *set)
{
	if (set)
		type_set_deinit(set);
	free(set);
}

static struct type *made(struct type_set *set, const char *name)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->type[i]->name && !strcmp(set->type[i]->name, name))
			return set->type[i];
	return NULL;
}

static struct type *exact(struct type_set *set, const char *name)
{
	struct type *t = made(set, name);

	for (size_t i = 0; !t && i < sizeof builtins / sizeof *builtins; i++) {
		const struct builtin *b = &builtins[i];

		if (strcmp(b->name, name))
			continue;
		t = type_make(set, b->kind);
		t->name = b->name;
		t->is_signed = b->is_signed;
		t->is_declaration = b->name[0] == '<';
		t->size = b->kind == TYPE_VOID || b->kind == TYPE_OTHER ? 0
			  : b->size ? b->size
				    : set->word;
		if (set->word == 4 && b->size == 16 && b->kind == TYPE_FLOAT)
			t->size = 12; /* x87's ten bytes, as i386 aligns them */
	}
	return t;
}

/* The words of a C type in any order: how often each was there. */
struct words {
	unsigned is_unsigned, is_signed, is_short, is_long, is_int, is_char,
		is_double, is_int128;
};

static bool count_word(struct words *w, const char *at, size_t len)
{
	static const char *const names[] = {"unsigned", "signed",  "short",
					    "long",	"int",	   "char",
					    "double",	"__int128"};
	unsigned *const slot[] = {&w->is_unsigned, &w->is_signed, &w->is_short,
				  &w->is_long,	   &w->is_int,	  &w->is_char,
				  &w->is_double,   &w->is_int128};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (strlen(names[i]) == len && !strncmp(names[i], at, len)) {
			++*slot[i];
			return true;
		}
	}
	return false;
}

static const char *base_of(const struct words *w)
{
	if (w->is_double)
		return w->is_long ? "long double" : "double";
	if (w->is_char)
		return w->is_signed ? "signed char" : "char";
	if (w->is_int128)
		return "__int128";
	if (w->is_short)
		return "short";
	if (w->is_long)
		return w->is_long > 1 ? "long long" : "long";
	return "int";
}

static bool count_words(struct words *w, const char *name)
{
	if (!*name)
		return false;
	for (const char *at = name; *at;) {
		size_t len = strcspn(at, " ");

		if (len && !count_word(w, at, len))
			return false;
		at += len + (at[len] == ' ');
	}
	return true;
}

const char *builtin_name(const char *name)
{
	struct words w = {0};
	char full[40];

	for (size_t i = 0; i < sizeof builtins / sizeof *builtins; i++)
		if (!strcmp(builtins[i].name, name))
			return name;
	if (!count_words(&w, name))
		return name;
	strcpy(full, w.is_unsigned ? "unsigned " : "");
	strcat(full, base_of(&w));
	for (size_t i = 0; i < sizeof builtins / sizeof *builtins; i++)
		if (!strcmp(builtins[i].name, full))
			return builtins[i].name;
	return name;
}

struct type *type_set_builtin(struct type_set *set, const char *name)
{
	return exact(set, builtin_name(name));
}

/* Addresses for names. */
#include "symbols/symbols_name.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fmt.h"

/* "libc" and "libc.so.6" both mean libc.so.6. */
static bool is_named(const struct module *m, const char *name)
{
	size_t len = strlen(name);

	return !strncmp(m->name, name, len) &&
	       (!m->name[len] || m->name[len] == '.' || m->name[len] == '-');
}

/* Cuts "module:" off the front; "::" is C++'s. */
static char *cut_module(char *text, char **name)
{
	char *colon = strchr(text, ':');

	*name = text;
	if (!colon || colon[1] == ':' || colon == text)
		return NULL;
	*colon = '\0';
	*name = colon + 1;
	return text;
}

/* Cuts "+0x10" off the end; operator+ is a name. */
static void cut_offset(char *name, uint64_t *offset)
{
	char *plus = strrchr(name, '+');
	struct error err;

	*offset = 0;
	if (plus && plus != name && !parse_u64(plus + 1, offset, &err))
		*plus = '\0';
}

static bool find_in(struct symbols *s, size_t i, const char *name,
		    bool demangled, struct symbol *out)
{
	struct sym *sym = symtab_find(symbols_table(s, i), name, demangled);

	if (sym)
		symbols_fill(s, i, sym, out);
	return sym != NULL;
}

static bool find_any(struct symbols *s, const char *module, const char *name,
		     bool demangled, struct symbol *out)
{
	const struct module *exe = symbols_exe(s);
	size_t count = symbols_module_count(s);

	/* first the program itself, then the others in order of address */
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < count; i++) {
			const struct module *m = symbols_module(s, i);

			if ((m == exe) != (pass == 0) ||
			    (module && !is_named(m, module)))
				continue;
			if (find_in(s, i, name, demangled, out))
				return true;
		}
	return false;
}

int symbols_find(struct symbols *s, const char *text, struct symbol *out,
		 struct error *err)
{
	AUTO_FREE char *copy = xstrdup(text);
	char *name, *module = cut_module(copy, &name);
	uint64_t offset;

	cut_offset(name, &offset);
	if (!*name || (!find_any(s, module, name, false, out) &&
		       !find_any(s, module, name, true, out)))
		return error_set(err, ERR_NOT_FOUND, "no symbol \"%s\"%s%s",
				 name, module ? " in " : "",
				 module ? module : "");
	out->offset = offset;
	return 0;
}

size_t symbols_complete(struct symbols *s, const char *prefix, const char **out,
			size_t cap)
{
	size_t count = 0, len = strlen(prefix);
	/* demangling every name is work: only when the prefix asks for it */
	bool demangled = strchr(prefix, ':') || strchr(prefix, ' ');

	for (size_t i = 0; i < symbols_module_count(s); i++) {
		struct symtab *tab = symbols_table(s, i);

		for (size_t k = 0; k < tab->count; k++) {
			struct sym *sym = &tab->sym[k];
			const char *name = demangled ? sym_name(sym) : sym->raw;

			if (count == cap)
				return count;
			if (!strncmp(name, prefix, len))
				out[count++] = name;
		}
	}
	return count;
}

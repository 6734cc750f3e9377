/* C++ names without their namespaces and classes: "Node" for app::Node. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "symbols/dwarf_impl.h"
#include "symbols/symbols_name.h"
#include "symbols/symbols_types.h"

enum { CANDIDATES = 16 };

struct candidate {
	char *name;	  /* owned: "app::Node" */
	const char *file; /* borrowed; NULL: not known */
};

struct search {
	struct dwarf *dwarf;
	enum name_class class;
	const char *bare;
	struct candidate found[CANDIDATES];
	size_t count, all;
};

static void search_end(struct search *s)
{
	for (size_t i = 0; i < s->count; i++)
		free(s->found[i].name);
}

static bool take(void *ctx, uint64_t key)
{
	struct search *s = ctx;
	char *scope, *name;
	struct die die;

	if (!die_open(s->dwarf, key, &die))
		return false;
	/* what is declared is defined somewhere, or is nothing to look at */
	if (s->class == NAME_TYPE && die_flag(&die, DW_AT_declaration)) {
		die_close(&die);
		return false;
	}
	scope = dwarf_scope_of(s->dwarf, &die);
	name = xasprintf("%s%s", scope ? scope : "", s->bare);
	free(scope);
	die_close(&die);
	for (size_t i = 0; i < s->count; i++) {
		if (!strcmp(s->found[i].name, name)) {
			free(name);
			return false;
		}
	}
	s->all++;
	if (s->count == CANDIDATES) {
		free(name);
		return false;
	}
	s->found[s->count].name = name;
	s->found[s->count++].file = dwarf_unit_name(s->dwarf, key);
	return false;
}

static int tell_several(const struct search *s, struct error *err)
{
	struct strbuf list = {0};

	for (size_t i = 0; i < s->count; i++)
		strbuf_addf(&list, "%s%s (%s)", i ? ", " : "", s->found[i].name,
			    s->found[i].file ? s->found[i].file : "?");
	error_set(err, ERR_USAGE,
		  "%s may be one of %zu: %s%s; say which with its scope",
		  s->bare, s->all, strbuf_str(&list),
		  s->all > s->count ? " ..." : "");
	strbuf_deinit(&list);
	return -1;
}

static int find(struct symbols *symbols, enum name_class class,
		const char *bare, char **out, struct error *err)
{
	struct search s = {.class = class, .bare = bare};
	int ret = 0;

	*out = NULL;
	if (strstr(bare, "::") || strchr(bare, ' '))
		return 0;
	for (size_t i = 0; !s.count && i < symbols_module_count(symbols); i++) {
		s.dwarf = symbols_dwarf(symbols, symbols_nth(symbols, i));
		if (s.dwarf && dwarf_has_units(s.dwarf))
			dwarf_each_bare(s.dwarf, class, bare, take, &s);
	}
	if (s.all > 1) {
		ret = tell_several(&s, err);
	} else if (s.count) {
		*out = s.found[0].name;
		s.count = 0;
		ret = 1;
	}
	search_end(&s);
	return ret;
}

int symbols_bare_type(struct symbols *symbols, const char *bare, char **out,
		      struct error *err)
{
	return find(symbols, NAME_TYPE, bare, out, err);
}

int symbols_bare_variable(struct symbols *symbols, const char *bare, char **out,
			  struct error *err)
{
	return find(symbols, NAME_VARIABLE, bare, out, err);
}

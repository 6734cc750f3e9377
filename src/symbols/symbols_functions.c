#include "symbols/symbols_functions.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/u64map.h"
#include "symbols/demangle.h"
#include "symbols/dwarf_lines.h"
#include "symbols/dwarf_module.h"
#include "symbols/symbols_name.h"

enum { INLINED_MAX = 64 };

static void set_name(struct dwarf *dwarf, struct function *f,
		     const struct inlined *in)
{
	const char *linkage = in->linkage_name;
	char *name = linkage ? demangle(linkage) : NULL;

	AUTO_FREE char *scope = NULL;

	if (!linkage) /* static in a namespace */
		scope = dwarf_function_scope(dwarf, in->die);
	/* one that is not mangled is the name that the program uses: C's */
	snprintf(f->name, sizeof f->name, "%s%s", scope ? scope : "",
		 name	    ? name
		 : linkage  ? linkage
		 : in->name ? in->name
			    : "??");
	free(name);
}

size_t symbols_functions(struct symbols *s, uint64_t addr, struct function *out,
			 size_t cap)
{
	const struct module *m = symbols_module_at(s, addr);
	struct inlined in[INLINED_MAX];
	struct dwarf_lines *lines = NULL;
	struct dwarf *dwarf = m ? symbols_module_dwarf(s, m, &lines) : NULL;
	uint64_t unit = 0;
	struct line line = {0};
	size_t count = 0;

	if (dwarf)
		count = dwarf_inlined_at(dwarf, addr - m->bias, in, INLINED_MAX,
					 &unit);
	symbols_line(s, addr, &line);
	for (size_t i = 0; i < count && i < cap; i++) {
		const struct inlined *from = &in[count - 1 - i];

		out[i].file = line.file;
		out[i].line = line.line;
		out[i].inlined = i + 1 < count;
		set_name(dwarf, &out[i], from);
		line.line = from->call_line;
		line.file =
			lines ? dwarf_lines_file(lines, unit, from->call_file)
			      : NULL;
	}
	return count < cap ? count : cap;
}

uint32_t symbols_inlined(struct symbols *s, uint64_t addr)
{
	const struct module *m = symbols_module_at(s, addr);
	struct inlined in[INLINED_MAX];
	struct dwarf *dwarf;
	struct dwarf_lines *lines;
	uint64_t unit, count;
	struct error err;

	if (!m || u64map_get(symbols_inlined_map(s), addr, &count))
		return m ? (uint32_t)count : 0;
	dwarf = symbols_module_dwarf(s, m, &lines);
	count = dwarf ? dwarf_inlined_at(dwarf, addr - m->bias, in, INLINED_MAX,
					 &unit)
		      : 0;
	count -= count > 0;
	/* Without memory for it the next one asks again: no harm. */
	if (u64map_put(symbols_inlined_map(s), addr, count, &err))
		log_info("inlined functions: %s", err.msg);
	return (uint32_t)count;
}

#include "symbols/symbols_functions.h"

#include <stdio.h>
#include <stdlib.h>

#include "symbols/demangle.h"
#include "symbols/dwarf_lines.h"
#include "symbols/dwarf_module.h"
#include "symbols/symbols_name.h"

enum { INLINED_MAX = 64 };

static void set_name(struct function *f, const struct inlined *in)
{
	char *name = in->linkage_name ? demangle(in->linkage_name) : NULL;
	const char *plain = in->name ? in->name : "??";

	snprintf(f->name, sizeof f->name, "%s", name ? name : plain);
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
		set_name(&out[i], from);
		line.line = from->call_line;
		line.file =
			lines ? dwarf_lines_file(lines, unit, from->call_file)
			      : NULL;
	}
	return count < cap ? count : cap;
}

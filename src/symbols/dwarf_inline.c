/* Functions inlined at an address, one in the other. */
#include "symbols/dwarf_impl.h"

enum { BLOCKS = 64, ORIGINS = 8 };

struct chain {
	struct inlined *out;
	size_t count, cap;
	uint64_t pc;
};

static const char *linkage_name(const struct die *die, int depth)
{
	const char *name = die_text(die, DW_AT_linkage_name);
	struct die origin;

	if (!name)
		name = die_text(die, DW_AT_MIPS_linkage_name);
	if (name || depth > 3 || !die_origin(die, &origin))
		return name;
	name = linkage_name(&origin, depth + 1); /* lives in the section */
	die_close(&origin);
	return name;
}

const char *die_linkage_name(const struct die *die)
{
	return linkage_name(die, 0);
}

static void take(struct chain *c, const struct die *die)
{
	struct inlined *in = &c->out[c->count];
	uint64_t file = 0, line = 0;

	if (c->count == c->cap)
		return;
	die_unsigned(die, DW_AT_call_file, &file);
	die_unsigned(die, DW_AT_call_line, &line);
	*in = (struct inlined){.name = die_any_name(die),
			       .linkage_name = die_linkage_name(die),
			       .die = die_key(die),
			       .call_file = (unsigned)file,
			       .call_line = (unsigned)line};
	c->count++;
}

/* Down from a function to the innermost block at the pc. */
static void walk(struct chain *c, const struct die *block, int depth)
{
	struct die die;

	for (bool ok = die_child(block, &die); ok; ok = die_next(&die)) {
		unsigned tag = die_tag(&die);

		if ((tag != DW_TAG_lexical_block &&
		     tag != DW_TAG_inlined_subroutine &&
		     tag != DW_TAG_try_block && tag != DW_TAG_catch_block) ||
		    !die_covers(&die, c->pc))
			continue;
		if (tag == DW_TAG_inlined_subroutine)
			take(c, &die);
		if (depth < BLOCKS)
			walk(c, &die, depth + 1);
		die_close(&die);
		return;
	}
}

size_t dwarf_inlined_at(struct dwarf *d, uint64_t pc, struct inlined *out,
			size_t cap, uint64_t *unit_die)
{
	struct dwarf_unit *unit = dwarf_unit_at(d, pc);
	struct chain c = {.out = out, .cap = cap, .pc = pc};
	struct die function;

	if (!cap || !unit || !dwarf_function_at(d, unit, pc, &function))
		return 0;
	*unit_die = key_offset(unit->die);
	take(&c, &function);
	walk(&c, &function, 0);
	die_close(&function);
	return c.count;
}

char *dwarf_function_scope(struct dwarf *d, uint64_t key)
{
	struct die die, origin;
	struct error err;
	char *scope = NULL;

	if (!dwarf_unit_cplus(d, key) || dwarf_index_names(d, &err) ||
	    !die_open(d, key, &die))
		return NULL;
	/* what an inlined copy is of; a damaged file leads in a circle */
	for (int i = 0; i < ORIGINS && die_origin(&die, &origin); i++) {
		die_close(&die);
		die = origin;
	}
	scope = dwarf_scope_of(d, &die);
	die_close(&die);
	return scope;
}

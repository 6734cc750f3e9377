#include "symbols/dwarf_scan.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/interrupt.h"
#include "base/parallel.h"

enum {
	PART = 1 << 20,	 /* bytes of units that one thread takes at a time */
	LISTENING = 4096 /* DIEs between two looks for ^C */
};

/* What a part has found, its units one after the other. */
struct part {
	size_t first, end;		 /* indices of units */
	struct sort_pair *name, *inside; /* owned */
	struct dwarf_scope *var;
	size_t names, name_cap, insides, inside_cap, vars, var_cap;
};

struct counts {
	uint32_t names, insides, vars;
	bool by_libdwarf, damaged;
};

struct scan {
	struct dwarf *dwarf;
	enum scan_what what;
	struct raw_file own, alt;
	struct part *part; /* owned */
	size_t parts, part_cap;
	struct counts *unit; /* owned, by unit */
	/* Where scan_take() is. */
	size_t at, names, insides, vars;
};

/* One unit. */
struct reading {
	struct part *out;
	size_t key_file;
	const struct raw_file *file;
	const struct raw_unit *unit;
	bool cplus;
	unsigned dies;
	enum raw_result result;
	struct error *err;
};

/* The class or namespace that is read. */
struct place {
	uint64_t key, hash;
	unsigned tag, depth;
};

static int read_children(struct reading *r, const struct place *in,
			 uint64_t *at);

static uint64_t key_of(const struct reading *r, const struct raw_die *die)
{
	return key_make(r->key_file, false, die->offset);
}

static int add_pair(struct sort_pair **pair, size_t *count, size_t *cap,
		    uint64_t key, uint64_t value, struct error *err)
{
	if (grow(pair, cap, *count + 1, sizeof **pair, "index of names", err))
		return -1;
	(*pair)[(*count)++] = (struct sort_pair){key, value};
	return 0;
}

static int add_name(struct reading *r, uint64_t hash, uint64_t key,
		    enum name_class class)
{
	struct part *p = r->out;

	return add_pair(&p->name, &p->names, &p->name_cap, hash,
			key | (uint64_t) class << KEY_CLASS_SHIFT, r->err);
}

static int add_var(struct reading *r, uint64_t key, uint64_t function)
{
	struct part *p = r->out;

	if (GROW(p->var, p->var_cap, p->vars + 1, "index of variables", r->err))
		return -1;
	p->var[p->vars++] = (struct dwarf_scope){key, function};
	return 0;
}

/* false: what is wrong is in r->result. */
static bool is_fine(struct reading *r, enum raw_result result)
{
	if (result != RAW_OK)
		r->result = result;
	return result == RAW_OK;
}

static bool name_of(struct reading *r, const struct raw_die *die,
		    const char **name)
{
	return is_fine(r, raw_any_name(die, name));
}

/* The next DIE at *at; false at the end of the list, or r->result says why. */
static bool next_die(struct reading *r, uint64_t *at, struct raw_die *die)
{
	if (*at >= r->unit->end ||
	    !is_fine(r, raw_die(r->file, r->unit, *at, die)))
		return false;
	*at = (uint64_t)(die->after - r->file->info.data);
	return die->abbrev != NULL;
}

static bool skip(struct reading *r, const struct raw_die *die, uint64_t *at)
{
	return is_fine(r, raw_skip(r->file, r->unit, die, at));
}

/* What was read of it ends where it says that the next one is. */
static void check_end(struct reading *r, const struct raw_die *die, uint64_t at)
{
	if (die->sibling && die->sibling != at && r->result == RAW_OK)
		r->result = RAW_DAMAGED;
}

static int read_enum(struct reading *r, const struct raw_die *type,
		     uint64_t hash, uint64_t *at)
{
	const char *its = NULL;
	struct raw_die die;

	if (type->enum_class && !type->has_specification &&
	    !name_of(r, type, &its))
		return 0;
	if (its)
		hash = name_hash_more(name_hash_more(hash, its), "::");
	if (!type->abbrev->children)
		return 0;
	while (next_die(r, at, &die)) {
		if (die.name && add_name(r, name_hash_more(hash, die.name),
					 key_of(r, type), NAME_ENUMERATOR))
			return -1;
		if (!skip(r, &die, at))
			break;
	}
	check_end(r, type, *at);
	return 0;
}

static int add_die(struct reading *r, const struct raw_die *die,
		   const struct place *in, enum name_class class)
{
	bool nested = is_class_tag(in->tag);
	bool later;
	const char *name;

	if (nested)
		class = NAME_NESTED;
	/* What is defined behind its class: see dwarf_index.c. */
	later = class == NAME_TYPE && die->has_specification;
	if (!name_of(r, die, &name) || !name)
		return 0;
	return add_name(r, later ? HASH_LATER : name_hash_more(in->hash, name),
			key_of(r, die), class);
}

static int add_inside(struct reading *r, const struct raw_die *die,
		      const struct place *in)
{
	struct part *p = r->out;

	return add_pair(&p->inside, &p->insides, &p->inside_cap, key_of(r, die),
			in->key, r->err);
}

/* *at is behind its attributes, then behind its children. */
static int read_inner(struct reading *r, const struct raw_die *die,
		      const struct place *in, uint64_t *at)
{
	struct place place = {.key = key_of(r, die),
			      .hash = in->hash,
			      .tag = die->abbrev->tag,
			      .depth = in->depth + 1};
	const char *name;

	if (place.depth > SCAN_DEPTH) {
		r->result = RAW_DAMAGED;
		return 0;
	}
	if (!name_of(r, die, &name))
		return 0;
	if (name)
		place.hash =
			name_hash_more(name_hash_more(in->hash, name), "::");
	if (!die->abbrev->children)
		return 0;
	if (read_children(r, &place, at))
		return -1;
	check_end(r, die, *at);
	return 0;
}

/* As scan_name() of dwarf_index.c has it. */
static int read_one(struct reading *r, const struct raw_die *die,
		    const struct place *in, uint64_t *at)
{
	unsigned tag = die->abbrev->tag;
	enum name_class class = name_class_of(tag);
	bool nested = is_class_tag(in->tag);

	if (nested && class != NAME_TYPE) {
		skip(r, die, at);
		return 0;
	}
	if (r->cplus && (nested || in->tag == DW_TAG_namespace) &&
	    (class || tag == DW_TAG_namespace) && add_inside(r, die, in))
		return -1;
	if (class && add_die(r, die, in, class))
		return -1;
	if (class == NAME_VARIABLE && die->has_location &&
	    add_var(r, key_of(r, die), 0))
		return -1;
	if (r->result != RAW_OK)
		return 0;
	if (tag == DW_TAG_enumeration_type)
		return read_enum(r, die, in->hash, at);
	if (tag == DW_TAG_namespace || (r->cplus && is_class_tag(tag)))
		return read_inner(r, die, in, at);
	skip(r, die, at);
	return 0;
}

static int read_children(struct reading *r, const struct place *in,
			 uint64_t *at)
{
	struct raw_die die;

	while (r->result == RAW_OK && next_die(r, at, &die)) {
		if (++r->dies % LISTENING == 0 && interrupt_check(r->err))
			return -1;
		if (read_one(r, &die, in, at))
			return -1;
	}
	return 0;
}

/* As scan_block() of dwarf_index.c has it. */
static int read_block(struct reading *r, uint64_t function, unsigned depth,
		      uint64_t *at)
{
	struct raw_die die;

	if (depth > SCAN_DEPTH)
		r->result = RAW_DAMAGED;
	while (r->result == RAW_OK && next_die(r, at, &die)) {
		if (++r->dies % LISTENING == 0 && interrupt_check(r->err))
			return -1;
		if (die.abbrev->tag == DW_TAG_lexical_block &&
		    die.abbrev->children) {
			if (read_block(r, function, depth + 1, at))
				return -1;
			check_end(r, &die, *at);
			continue;
		}
		if (die.abbrev->tag == DW_TAG_variable &&
		    is_fixed_operation(die.operation) &&
		    add_var(r, key_of(r, &die), function))
			return -1;
		skip(r, &die, at);
	}
	return 0;
}

/* As scan_functions() has it. */
static int read_functions(struct reading *r, unsigned depth, uint64_t *at)
{
	struct raw_die die;

	if (depth > SCAN_DEPTH)
		r->result = RAW_DAMAGED;
	while (r->result == RAW_OK && next_die(r, at, &die)) {
		unsigned tag = die.abbrev->tag;
		int ret = 0;

		if (++r->dies % LISTENING == 0 && interrupt_check(r->err))
			return -1;
		if ((tag != DW_TAG_namespace && tag != DW_TAG_subprogram) ||
		    !die.abbrev->children) {
			skip(r, &die, at);
			continue;
		}
		if (tag == DW_TAG_namespace)
			ret = read_functions(r, depth + 1, at);
		else
			ret = read_block(r, key_of(r, &die), 0, at);
		if (ret)
			return ret;
		check_end(r, &die, *at);
	}
	return 0;
}

static int read_unit(struct reading *r, enum scan_what what)
{
	uint64_t at = r->unit->die;
	struct raw_die die;
	struct place top;

	if (!next_die(r, &at, &die) || !die.abbrev->children)
		return 0;
	top = (struct place){.key = key_of(r, &die),
			     .hash = name_hash_start(),
			     .tag = die.abbrev->tag};
	return what == SCAN_NAMES ? read_children(r, &top, &at)
				  : read_functions(r, 0, &at);
}

static bool no_raw;

void scan_by_libdwarf(bool on)
{
	no_raw = on;
}

/* The same unit, if it is an ordinary one; NULL. */
static const struct raw_unit *raw_of(const struct scan *s,
				     const struct dwarf_unit *u,
				     const struct raw_file **file)
{
	size_t number = key_file(u->whole);
	const struct raw_unit *raw;

	*file = !number ? &s->own : number == s->dwarf->alt ? &s->alt : NULL;
	if (!u->whole || !*file || key_types(u->whole) || no_raw)
		return NULL;
	raw = raw_unit_at(*file, key_offset(u->whole));
	return raw && !raw->odd && raw->die == key_offset(u->whole) ? raw
								    : NULL;
}

static int scan_one(struct scan *s, struct part *p, size_t index,
		    struct error *err)
{
	const struct dwarf_unit *u = &s->dwarf->unit[index];
	struct counts *counts = &s->unit[index];
	size_t names = p->names, insides = p->insides, vars = p->vars;
	struct reading r = {.out = p,
			    .key_file = key_file(u->whole),
			    .cplus = u->cplus,
			    .err = err};

	r.unit = raw_of(s, u, &r.file);
	if (r.unit && read_unit(&r, s->what))
		return -1;
	if (!r.unit || r.result == RAW_ODD) {
		p->names = names;
		p->insides = insides;
		p->vars = vars;
	}
	*counts = (struct counts){.names = (uint32_t)(p->names - names),
				  .insides = (uint32_t)(p->insides - insides),
				  .vars = (uint32_t)(p->vars - vars),
				  .by_libdwarf = !r.unit || r.result == RAW_ODD,
				  .damaged = r.result == RAW_DAMAGED};
	return 0;
}

static int scan_part(void *ctx, uint64_t part, struct error *err)
{
	struct scan *s = ctx;
	struct part *p = &s->part[part];

	for (size_t i = p->first; i < p->end; i++)
		if (interrupt_check(err) || scan_one(s, p, i, err))
			return -1;
	return 0;
}

static int plan(struct scan *s, struct error *err)
{
	struct dwarf *d = s->dwarf;
	const struct raw_file *file;
	uint64_t bytes = PART;

	for (size_t i = 0; i < d->units; i++) {
		const struct raw_unit *u = raw_of(s, &d->unit[i], &file);

		if (bytes >= PART) {
			if (GROW(s->part, s->part_cap, s->parts + 1,
				 "parts of debug information", err))
				return -1;
			s->part[s->parts++] = (struct part){.first = i};
			bytes = 0;
		}
		s->part[s->parts - 1].end = i + 1;
		bytes += u ? u->end - u->offset : 1;
	}
	return 0;
}

int scan_open(struct dwarf *d, enum scan_what what, struct scan **out,
	      struct error *err)
{
	struct scan *s = xcalloc(1, sizeof *s);
	const struct elf *alt = d->alt ? d->file[d->alt].elf : NULL;

	s->dwarf = d;
	s->what = what;
	s->unit = try_calloc(d->units, sizeof *s->unit, "debug units", err);
	if (!s->unit || (alt && raw_open(&s->alt, alt, NULL, err)) ||
	    raw_open(&s->own, d->file[0].elf, alt ? &s->alt : NULL, err) ||
	    plan(s, err) ||
	    parallel_each(what == SCAN_NAMES
				  ? "reading names of debug information"
				  : "reading variables of functions",
			  s->parts, scan_part, s, err)) {
		scan_close(s);
		return -1;
	}
	*out = s;
	return 0;
}

static void free_part(struct part *p)
{
	free(p->name);
	free(p->inside);
	free(p->var);
	p->name = p->inside = NULL;
	p->var = NULL;
}

void scan_take(struct scan *s, size_t unit, struct scanned *out)
{
	const struct counts *c = &s->unit[unit];
	struct part *p;

	while (s->part[s->at].end <= unit) {
		free_part(&s->part[s->at++]);
		s->names = s->insides = s->vars = 0;
	}
	p = &s->part[s->at];
	*out = (struct scanned){.name = c->names ? p->name + s->names : NULL,
				.inside = c->insides ? p->inside + s->insides
						     : NULL,
				.var = c->vars ? p->var + s->vars : NULL,
				.names = c->names,
				.insides = c->insides,
				.vars = c->vars,
				.by_libdwarf = c->by_libdwarf,
				.damaged = c->damaged};
	s->names += c->names;
	s->insides += c->insides;
	s->vars += c->vars;
}

void scan_close(struct scan *s)
{
	for (size_t i = 0; i < s->parts; i++)
		free_part(&s->part[i]);
	free(s->part);
	free(s->unit);
	raw_close(&s->own);
	raw_close(&s->alt);
	free(s);
}

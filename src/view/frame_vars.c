#include "view/frame_vars.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "symbols/symbols_calls.h"
#include "symbols/typed_text.h"

enum { VALUE_MAX = 64 << 10, CALLERS = 64, ASKED = 20000 };

struct taking {
	struct frame_vars *vars;
	const struct frame_place *place;
	struct frame_state state;
	unsigned which;
	bool brief;
	struct error *err;
	int failed;
};

/* DWARF numbers the registers of i386 in another order: eax, ecx, edx, ebx,
 * esp, ebp, esi, edi, eip. */
static void number_as_i386(struct frame_state *state)
{
	static const uint8_t from[] = {REG_RAX_, REG_RCX_, REG_RDX_,
				       REG_RBX_, REG_RSP_, REG_RBP_,
				       REG_RSI_, REG_RDI_, REG_RIP_};
	struct frame_state was = *state;

	state->has_reg = 0;
	for (unsigned i = 0; i < sizeof from; i++) {
		state->reg[i] = was.reg[from[i]];
		state->has_reg |= (was.has_reg >> from[i] & 1) << i;
	}
}

/*
 * What a function had when its tail call was made: by then it has given back
 * the registers that its caller wants to have again, and where the address to
 * return to lies nothing has changed since.
 */
static void set_registers(const struct frame_place *p, struct frame_state *out)
{
	const struct frame *f = &p->thread->frame[p->at.frame];
	const struct frame *from = p->at.tail ? f + 1 : f;

	out->has_reg = from->has_reg;
	memcpy(out->reg, from->reg, sizeof out->reg);
	if (p->at.tail) {
		out->reg[REG_RIP_] = p->at.pc;
		out->reg[REG_RSP_] = f->cfa - p->snap->word;
	}
}

/* By the frame that called it; that one's own variables may be such, too. */
static bool entry_of(void *ctx, const struct entry_place *at, uint64_t *value)
{
	struct frame_place *callee = ctx;
	struct frame_place *inner = callee->inner ? callee->inner : callee;
	const struct frame *f = &callee->thread->frame[callee->at.frame];
	struct frame_place caller = *callee;
	struct frame_state state;
	uint64_t ret;

	caller.depth++;
	caller.at.tail++;
	if (!frame_tail(caller.thread, caller.source->symbols, &caller.at)) {
		caller.at =
			(struct numbered_frame){.frame = callee->at.frame + 1};
		if (caller.at.frame >= caller.thread->frame_count ||
		    f[1].exact || f->guess || f[1].guess)
			return false;
		caller.at.pc = f[1].pc;
	}
	caller.inner = inner;
	/* each may ask for several, and so may theirs */
	if (caller.depth > CALLERS || inner->asked++ == ASKED)
		return false;
	ret = caller.at.pc;
	frame_state_of(&caller, &state);
	return symbols_entry_value(callee->source->symbols, &state, ret,
				   numbered_lookup(callee->thread, &callee->at),
				   at, value);
}

void frame_state_of(struct frame_place *p, struct frame_state *out)
{
	*out = (struct frame_state){
		.pc = numbered_lookup(p->thread, &p->at),
		.read = p->source->read,
		.ctx = p->source->ctx,
		.entry = p->source->symbols ? entry_of : NULL,
		.entry_ctx = p,
	};
	set_registers(p, out);
	/* Of the last one it is the stack's end. */
	if (p->at.frame + 1 < p->thread->frame_count)
		out->cfa = p->thread->frame[p->at.frame].cfa;
	if (p->snap->word == 4)
		number_as_i386(out);
}

/* Itself, or what a reference refers to. */
static bool is_aggregate(struct type *type)
{
	enum type_kind kind;

	type = type_strip(type);
	if (type->kind == TYPE_REFERENCE)
		type = type_strip(type_target(type));
	kind = type->kind;
	return kind == TYPE_STRUCT || kind == TYPE_UNION || kind == TYPE_ARRAY;
}

static void add_value(const struct taking *t, const struct typed_value *value,
		      struct strbuf *out)
{
	const struct frame_source *from = t->place->source;
	struct typed_source source = {.symbols = from->symbols,
				      .read = from->read,
				      .ctx = from->ctx,
				      .word = t->place->snap->word};

	typed_text_inner(&source, value, 0, out);
}

/* Its value as text; false: it has none, and the text says why. */
static bool value_text_of(struct taking *t, const struct local *local,
			  struct strbuf *out)
{
	uint64_t size = type_size(local->type);
	struct typed_value value = {.type = local->type, .len = size};
	AUTO_FREE void *bytes = NULL;
	const char *why = NULL;

	if (local->where.kind == LOCATION_NONE)
		why = local->where.why;
	else if (type_strip(local->type)->variable)
		why = "its length is known at run time alone";
	else if (!size || size > VALUE_MAX)
		why = size ? "too large" : "its type is not known";
	if (!why) {
		bytes = xcalloc(size, 1);
		value.bytes = bytes;
		if (!location_read(&local->where, &t->state, bytes, size))
			why = location_lacks(&local->where, size);
	}
	if (t->brief && is_aggregate(local->type)) {
		strbuf_add(out, "...");
		return !why;
	}
	if (why) {
		/* As gdb says it. */
		strbuf_addf(out, "<%s>",
			    strncmp(why, "optimized out:", 14) != 0
				    ? why
				    : "optimized out");
		return false;
	}
	if (local->where.kind == LOCATION_MEMORY)
		value.addr = local->where.addr;
	add_value(t, &value, out);
	return true;
}

/* What it was given as, beside what it is. */
static void set_entry(struct taking *t, const struct local *local,
		      struct frame_var *var)
{
	struct typed_value value = {.type = local->type,
				    .bytes = &local->entry,
				    .len = type_size(local->type)};
	uint8_t now[sizeof local->entry];
	struct strbuf text = {0};

	if (t->brief && is_aggregate(local->type))
		return;
	if (!local->has_entry || !value.len || value.len > sizeof now)
		return;
	var->same = var->known &&
		    location_read(&local->where, &t->state, now, value.len) &&
		    !memcmp(now, value.bytes, value.len);
	add_value(t, &value, &text);
	var->entry = strbuf_take(&text);
}

static int take(void *ctx, const struct local *local)
{
	struct taking *t = ctx;
	struct frame_vars *vars = t->vars;
	struct strbuf type = {0}, value = {0};
	struct frame_var *var;

	if ((t->place->at.level != FRAME_LEVELS &&
	     local->level != t->place->at.level) ||
	    !(t->which & (local->is_parameter ? FRAME_ARGS : FRAME_LOCALS)))
		return 0;
	t->failed = GROW(vars->var, vars->cap, vars->count + 1, "variables",
			 t->err);
	if (t->failed)
		return -1;
	var = &vars->var[vars->count++];
	type_name(local->type, &type);
	*var = (struct frame_var){.name = xstrdup(local->name),
				  .level = local->level,
				  .is_parameter = local->is_parameter,
				  .known = value_text_of(t, local, &value)};
	if (local->where.kind == LOCATION_MEMORY)
		var->addr = local->where.addr;
	set_entry(t, local, var);
	var->type = strbuf_take(&type);
	var->value = strbuf_take(&value);
	return 0;
}

int frame_vars_take(struct frame_vars *vars, struct frame_place *place,
		    unsigned which, bool brief, struct error *err)
{
	struct taking t = {.vars = vars,
			   .place = place,
			   .which = which,
			   .brief = brief,
			   .err = err};

	*vars = (struct frame_vars){0};
	frame_state_of(place, &t.state);
	if (place->source->symbols)
		symbols_local_each(place->source->symbols, &t.state, take, &t);
	if (t.failed)
		frame_vars_deinit(vars);
	return t.failed;
}

void frame_vars_deinit(struct frame_vars *vars)
{
	for (size_t i = 0; i < vars->count; i++) {
		free(vars->var[i].name);
		free(vars->var[i].type);
		free(vars->var[i].value);
		free(vars->var[i].entry);
	}
	free(vars->var);
	*vars = (struct frame_vars){0};
}

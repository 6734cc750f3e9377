#include "view/frame_vars.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "symbols/symbols_types.h"
#include "symbols/typed_text.h"

enum { VALUE_MAX = 64 << 10, CALLERS = 64 };

struct taking {
	struct frame_vars *vars;
	const struct frame_source *source;
	const struct snapshot *snap;
	struct frame_state state;
	unsigned level, which;
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

void frame_state_of(const struct snapshot *snap,
		    const struct snapshot_thread *thread, uint32_t number,
		    struct frame_state *out)
{
	const struct frame *f = &thread->frame[number];

	*out = (struct frame_state){.pc = frame_lookup(f),
				    .has_reg = f->has_reg};
	memcpy(out->reg, f->reg, sizeof out->reg);
	/* Of the last one it is the stack's end. */
	if (number + 1 < thread->frame_count)
		out->cfa = f->cfa;
	if (snap->word == 4)
		number_as_i386(out);
}

static void set_state(const struct taking *t,
		      const struct snapshot_thread *thread, uint32_t number,
		      struct frame_state *out)
{
	frame_state_of(t->snap, thread, number, out);
	out->read = t->source->read;
	out->ctx = t->source->ctx;
}

/* A frame whose callee's registers are asked for, and how far out. */
struct outer {
	const struct taking *taking;
	const struct snapshot_thread *thread;
	uint32_t number;
	unsigned depth;
};

/* By the frame that called it; that one's own variables may be such, too. */
static bool entry_of(void *ctx, unsigned reg, uint64_t *value)
{
	const struct outer *inner = ctx;
	struct outer caller = *inner;
	const struct frame *f = &inner->thread->frame[inner->number];
	struct frame_state state;

	caller.number++;
	caller.depth++;
	if (caller.number >= inner->thread->frame_count ||
	    caller.depth > CALLERS || f[1].exact || f->guess || f[1].guess)
		return false;
	set_state(inner->taking, inner->thread, caller.number, &state);
	state.entry = entry_of;
	state.entry_ctx = &caller;
	return symbols_entry_value(inner->taking->source->symbols, &state,
				   f[1].pc, frame_lookup(f), reg, value);
}

static bool is_aggregate(struct type *type)
{
	enum type_kind kind = type_strip(type)->kind;

	return kind == TYPE_STRUCT || kind == TYPE_UNION || kind == TYPE_ARRAY;
}

/* Its value as text; false: it has none, and the text says why. */
static bool value_text_of(struct taking *t, const struct local *local,
			  struct strbuf *out)
{
	uint64_t size = type_size(local->type);
	struct typed_source source = {.symbols = t->source->symbols,
				      .read = t->source->read,
				      .ctx = t->source->ctx,
				      .word = t->snap->word};
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
			why = "its bytes were not kept";
	}
	if (why) {
		strbuf_addf(out, "<%s>",
			    strncmp(why, "optimized out", 13)
				    ? why
				    : "optimized out");
		return false;
	}
	if (local->where.kind == LOCATION_MEMORY)
		value.addr = local->where.addr;
	if (t->brief && is_aggregate(local->type))
		strbuf_add(out, "...");
	else
		typed_text_inner(&source, &value, 0, out);
	return true;
}

static int take(void *ctx, const struct local *local)
{
	struct taking *t = ctx;
	struct frame_vars *vars = t->vars;
	struct strbuf type = {0}, value = {0};
	struct frame_var *var;

	if ((t->level != FRAME_LEVELS && local->level != t->level) ||
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
	var->type = strbuf_take(&type);
	var->value = strbuf_take(&value);
	return 0;
}

int frame_vars_take(struct frame_vars *vars, const struct frame_source *source,
		    const struct snapshot *snap,
		    const struct snapshot_thread *thread, uint32_t frame,
		    unsigned level, unsigned which, bool brief,
		    struct error *err)
{
	struct taking t = {.vars = vars,
			   .source = source,
			   .snap = snap,
			   .level = level,
			   .which = which,
			   .brief = brief,
			   .err = err};

	struct outer self = {&t, thread, frame, 0};

	*vars = (struct frame_vars){0};
	set_state(&t, thread, frame, &t.state);
	t.state.entry = entry_of;
	t.state.entry_ctx = &self;
	if (source->symbols)
		symbols_local_each(source->symbols, &t.state, take, &t);
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
	}
	free(vars->var);
	*vars = (struct frame_vars){0};
}

/*
 * Where a variable is: DW_OP expressions (DWARF 5, 2.5 and 2.6; the GNU ones of
 * DWARF 4), alone or by pc in a location list.
 */
#include <string.h>

#include "symbols/dwarf_impl.h"
#include "symbols/dwarf_lists.h"
#include "symbols/dwarf_number.h"
#include "symbols/dwarf_ops.h"
#include "symbols/dwarf_vars.h"

#define NO_REGISTER "in a register that is not known"
#define TOO_SHORT   "larger than what its location has"

enum { STACK = 64, STEPS = 10000, NESTED = 3, REGS = 17 };

struct machine {
	struct dwarf_where *where;
	const struct die *die;
	struct location *out;
	struct number stack[STACK];
	unsigned depth;
	const char *why; /* it failed */
	int nested;
	bool in_base;	/* a frame base: a register is its value */
	bool is_value;	/* DW_OP_stack_value came */
	bool is_reg;	/* DW_OP_reg came */
	bool has_bytes; /* DW_OP_implicit_value came */
	unsigned reg;
};

static void locate(const struct die *die, unsigned attr,
		   struct dwarf_where *where, int nested, bool in_base,
		   struct location *out);

static void fail(struct machine *m, const char *why)
{
	if (!m->why)
		m->why = why;
}

/* Text is static: an operation's name goes into no buffer. */
static void not_understood(struct machine *m, unsigned atom)
{
	static const char *const name[256] = {
#define OPERATION(name) [name] = "location not understood: " #name
		OPERATION(DW_OP_xderef),
		OPERATION(DW_OP_xderef_size),
		OPERATION(DW_OP_push_object_address),
		OPERATION(DW_OP_call2),
		OPERATION(DW_OP_call4),
		OPERATION(DW_OP_call_ref),
		OPERATION(DW_OP_bit_piece),
		OPERATION(DW_OP_entry_value),
		OPERATION(DW_OP_xderef_type),
		OPERATION(DW_OP_GNU_uninit),
		OPERATION(DW_OP_GNU_encoded_addr),
		OPERATION(DW_OP_GNU_entry_value),
		OPERATION(DW_OP_GNU_variable_value),
#undef OPERATION
	};

	fail(m, name[atom & 0xff] ? name[atom & 0xff]
				  : "location not understood: an operation "
				    "that DWARF 5 does not have");
}

static void push_number(struct machine *m, struct number n)
{
	if (m->depth == STACK)
		fail(m, "its location is damaged");
	else
		m->stack[m->depth++] = n;
}

static void push(struct machine *m, uint64_t value)
{
	push_number(m, (struct number){.bits = value});
}

static struct number pop_number(struct machine *m)
{
	if (!m->depth) {
		fail(m, "its location is damaged");
		return (struct number){0};
	}
	return m->stack[--m->depth];
}

static uint64_t pop(struct machine *m)
{
	return pop_number(m).bits;
}

static uint64_t reg_value(struct machine *m, uint64_t reg)
{
	const struct frame_state *f = m->where->frame;

	if (!f || reg >= REGS || !(f->has_reg >> reg & 1)) {
		fail(m, reg >= REGS ? "in a vector register" : NO_REGISTER);
		return 0;
	}
	return f->reg[reg];
}

static void deref(struct machine *m, uint64_t size)
{
	const struct frame_state *f = m->where->frame;
	uint64_t value = 0, addr = pop(m);

	if (!f || !f->read || size > 8 || !f->read(f->ctx, addr, &value, size))
		fail(m, "memory of its location cannot be read");
	push(m, value);
}

static void frame_base(struct machine *m, int64_t offset)
{
	struct location base = {0};

	if (!m->where->function || m->nested >= NESTED) {
		fail(m, "there is no frame");
		return;
	}
	locate(m->where->function, DW_AT_frame_base, m->where, m->nested + 1,
	       true, &base);
	if (base.kind == LOCATION_NONE)
		fail(m, base.why);
	push(m, base.addr + (uint64_t)offset);
}

static void address_index(struct machine *m, uint64_t index, uint64_t bias)
{
	uint64_t addr = 0;

	if (!die_indexed_address(m->die, index, &addr))
		fail(m, "its address is missing from .debug_addr");
	push(m, addr + bias);
}

static bool calculate(struct machine *m, const struct op *op)
{
	struct number a, b, out = {0};
	bool done;

	if (number_is_binary(op->atom)) {
		b = pop_number(m);
		a = pop_number(m);
		done = number_binary(op->atom, a, b, &out);
	} else if (op->atom == DW_OP_neg || op->atom == DW_OP_not ||
		   op->atom == DW_OP_abs) {
		done = number_unary(op->atom, pop_number(m), &out);
	} else if (op->atom == DW_OP_plus_uconst) {
		a = pop_number(m);
		b = number_of(a.type, op->a);
		done = a.type.kind != NUMBER_FLOAT &&
		       number_binary(DW_OP_plus, a, b, &out);
	} else {
		return false;
	}
	if (!done)
		fail(m, "its location is damaged");
	push_number(m, out);
	return true;
}

/* The type an operation names, or a failure. */
static struct number_type type_of(struct machine *m, uint64_t offset)
{
	struct number_type type;

	if (!number_type_at(m->die, offset, &type))
		fail(m, "location not understood: the type of a number in it");
	return type;
}

static void typed_constant(struct machine *m, const struct op *op)
{
	struct number_type type = type_of(m, op->a);
	uint64_t bits = 0;

	if (!type.size || op->b != type.size)
		fail(m, "its location is damaged");
	else
		memcpy(&bits, (const void *)(uintptr_t)op->c, type.size);
	push_number(m, number_of(type, bits));
}

/* Operations on numbers that have a type. */
static bool typed(struct machine *m, const struct op *op)
{
	unsigned word = m->where->dwarf->word;
	struct number_type type;
	struct number n;

	switch (op->atom) {
	case DW_OP_const_type:
	case DW_OP_GNU_const_type:
		typed_constant(m, op);
		return true;
	case DW_OP_regval_type:
	case DW_OP_GNU_regval_type:
		type = type_of(m, op->b);
		push_number(m, number_of(type, reg_value(m, op->a)));
		return true;
	case DW_OP_deref_type:
	case DW_OP_GNU_deref_type:
		type = type_of(m, op->b);
		if (op->a != type.size)
			fail(m, "its location is damaged");
		deref(m, op->a);
		push_number(m, number_of(type, pop(m)));
		return true;
	case DW_OP_convert:
	case DW_OP_GNU_convert:
	case DW_OP_reinterpret:
	case DW_OP_GNU_reinterpret:
		type = type_of(m, op->a);
		n = pop_number(m);
		if (!(op->atom == DW_OP_convert || op->atom == DW_OP_GNU_convert
			      ? number_convert
			      : number_reinterpret)(n, type, word, &n))
			fail(m, "its location is damaged");
		push_number(m, n);
		return true;
	default:
		return false;
	}
}

static bool shuffle(struct machine *m, const struct op *op)
{
	struct number a, b, c;
	uint64_t index;

	switch (op->atom) {
	case DW_OP_dup:
		a = pop_number(m);
		push_number(m, a);
		push_number(m, a);
		return true;
	case DW_OP_drop:
		pop(m);
		return true;
	case DW_OP_over:
	case DW_OP_pick:
		index = op->atom == DW_OP_over ? 1 : op->a;
		if (index >= m->depth)
			fail(m, "its location is damaged");
		else
			push_number(m, m->stack[m->depth - 1 - index]);
		return true;
	case DW_OP_swap:
		a = pop_number(m);
		b = pop_number(m);
		push_number(m, a);
		push_number(m, b);
		return true;
	case DW_OP_rot:
		a = pop_number(m);
		b = pop_number(m);
		c = pop_number(m);
		push_number(m, a);
		push_number(m, c);
		push_number(m, b);
		return true;
	default:
		return false;
	}
}

static bool constant(struct machine *m, const struct op *op)
{
	unsigned atom = op->atom;

	if (atom >= DW_OP_lit0 && atom <= DW_OP_lit31)
		push(m, atom - DW_OP_lit0);
	else if (atom >= DW_OP_const1u && atom <= DW_OP_consts)
		push(m, op->a); /* libdwarf has extended the signed ones */
	else if (atom == DW_OP_addr)
		push(m, op->a + m->where->bias);
	else if (atom == DW_OP_addrx || atom == DW_OP_GNU_addr_index)
		address_index(m, op->a, m->where->bias);
	else if (atom == DW_OP_constx || atom == DW_OP_GNU_const_index)
		address_index(m, op->a, 0);
	else if (atom >= DW_OP_breg0 && atom <= DW_OP_breg31)
		push(m, reg_value(m, atom - DW_OP_breg0) + op->a);
	else if (atom == DW_OP_bregx)
		push(m, reg_value(m, op->a) + op->b);
	else if (atom == DW_OP_fbreg)
		frame_base(m, (int64_t)op->a);
	else
		return false;
	return true;
}

/* A register, a value: the description of where, not a computation. */
static bool describe(struct machine *m, const struct op *op)
{
	unsigned atom = op->atom;

	if (atom >= DW_OP_reg0 && atom <= DW_OP_reg31) {
		m->is_reg = true;
		m->reg = atom - DW_OP_reg0;
	} else if (atom == DW_OP_regx) {
		m->is_reg = true;
		m->reg = (unsigned)op->a;
	} else if (atom == DW_OP_stack_value) {
		m->is_value = true;
	} else if (atom == DW_OP_implicit_value) {
		m->has_bytes = true;
		m->out->bytes = (const uint8_t *)(uintptr_t)op->b;
		m->out->byte_count = op->a;
	} else {
		return false;
	}
	return true;
}

/* What the machine holds now, as one piece. */
static struct location_piece piece_now(struct machine *m)
{
	struct location_piece p = {.kind = LOCATION_NONE,
				   .why = "optimized out in part"};

	if (m->is_reg) {
		const struct frame_state *f = m->where->frame;

		p.kind = LOCATION_REGISTER;
		p.reg = m->reg;
		if (f && m->reg < REGS && f->has_reg >> m->reg & 1)
			p.value = f->reg[m->reg];
		else
			p = (struct location_piece){.kind = LOCATION_NONE,
						    .why = NO_REGISTER};
	} else if (m->has_bytes) {
		uint64_t len = m->out->byte_count;

		p.kind = LOCATION_VALUE;
		memcpy(&p.value, m->out->bytes,
		       len < sizeof p.value ? len : sizeof p.value);
	} else if (m->depth) {
		p.kind = m->is_value ? LOCATION_VALUE : LOCATION_MEMORY;
		p.addr = p.value = m->stack[m->depth - 1].bits;
	}
	return p;
}

static void take_piece(struct machine *m, uint64_t size)
{
	struct location *out = m->out;
	struct location_piece p = piece_now(m);

	p.size = (uint32_t)size;
	if (out->pieces == LOCATION_PIECES_MAX)
		fail(m, "it is in too many pieces");
	else
		out->piece[out->pieces++] = p;
	m->depth = 0;
	m->is_reg = m->is_value = m->has_bytes = false;
}

/* What a register held when the function was entered. */
static void entry_value(struct machine *m, const struct op *op)
{
	const struct frame_state *f = m->where->frame;
	const uint8_t *inner = (const uint8_t *)(uintptr_t)op->b;
	unsigned atom = op->a == 1 && inner ? *inner : 0;
	struct entry_place at = {.at = (int64_t)atom - DW_OP_reg0};
	uint64_t value = 0;

	if (atom < DW_OP_reg0 || atom > DW_OP_reg31)
		not_understood(m, op->atom);
	else if (!f || !f->entry || !f->entry(f->entry_ctx, &at, &value))
		fail(m, "optimized out: only its value at the call was kept");
	push(m, value);
}

/* What a parameter was given as that the function no longer has: the compiler
 * found that it makes no difference. */
static void parameter_value(struct machine *m, uint64_t offset)
{
	const struct frame_state *f = m->where->frame;
	struct entry_place at = {.parameter = die_sibling_key(m->die, offset)};
	uint64_t value = 0;

	if (!at.parameter || !f || !f->entry ||
	    !f->entry(f->entry_ctx, &at, &value))
		fail(m, "optimized out: only its value at the call was kept");
	push(m, value);
}

static bool special(struct machine *m, const struct op *op)
{
	const struct frame_state *f = m->where->frame;

	switch (op->atom) {
	case DW_OP_nop:
		return true;
	case DW_OP_deref:
		deref(m, m->where->dwarf->word);
		return true;
	case DW_OP_deref_size:
		deref(m, op->a);
		return true;
	case DW_OP_call_frame_cfa:
		if (!f || !f->cfa)
			fail(m, "its frame is not known");
		push(m, f ? f->cfa : 0);
		return true;
	case DW_OP_piece:
		take_piece(m, op->a);
		return true;
	case DW_OP_form_tls_address:
	case DW_OP_GNU_push_tls_address:
		m->where->tls = true;
		return true;
	case DW_OP_entry_value:
	case DW_OP_GNU_entry_value:
		entry_value(m, op);
		return true;
	case DW_OP_GNU_parameter_ref:
		parameter_value(m, op->a);
		return true;
	case DW_OP_implicit_pointer:
	case DW_OP_GNU_implicit_pointer:
		fail(m, LOCATION_SYNTHETIC);
		return true;
	default:
		return shuffle(m, op) || calculate(m, op) || typed(m, op);
	}
}

static void run(struct machine *m, const uint8_t *bytes, size_t len)
{
	unsigned word = m->where->dwarf->word, steps = 0;
	size_t at = 0;
	struct op op;

	while (!m->why && at < len) {
		if (!op_decode(bytes, len, word, &at, &op))
			fail(m, "its location is damaged");
		else if (++steps == STEPS)
			fail(m, "its location has no end");
		else if (op.atom == DW_OP_skip ||
			 (op.atom == DW_OP_bra && pop(m)))
			/* before the start is past the end, too */
			at += (size_t)(int64_t)op.a;
		else if (op.atom != DW_OP_bra && !constant(m, &op) &&
			 !describe(m, &op) && !special(m, &op))
			not_understood(m, op.atom);
	}
	if (at > len)
		fail(m, "its location is damaged");
}

static void finish(struct machine *m)
{
	struct location *out = m->out;
	struct location_piece p;

	if (m->why) {
		out->kind = LOCATION_NONE;
		out->why = m->why;
		return;
	}
	if (out->pieces) {
		out->kind = LOCATION_PIECES;
		return;
	}
	if (m->is_reg && m->in_base) { /* DW_OP_reg6: the base is its value */
		out->kind = LOCATION_MEMORY;
		out->addr = reg_value(m, m->reg);
		if (!m->why)
			return;
	}
	p = piece_now(m);
	out->kind = p.kind;
	out->addr = p.addr;
	out->value = p.value;
	out->reg = m->reg;
	if (p.kind == LOCATION_NONE)
		out->why = m->is_reg ? p.why : "optimized out";
}

#define LOST_LIST "its list of locations is damaged or missing"

/* The expression of the list that is for pc.  NULL, or why there is none. */
static const char *find_in_list(const struct die *die, Dwarf_Attribute a,
				uint64_t pc, struct list_entry *found)
{
	Dwarf_Half form = 0, version = 0, size = 0;
	Dwarf_Unsigned value = 0;
	Dwarf_Off off = 0;
	Dwarf_Error e = NULL;
	struct list list;
	struct list_entry entry;
	enum list_kind kind;
	bool there, indexed;

	*found = (struct list_entry){0};
	dwarf_get_version_of_die(die->die, &version, &size);
	kind = version < 5 ? LIST_OLD_LOCATIONS : LIST_LOCATIONS;
	if (dwarf_whatform(a, &form, &e) != DW_DLV_OK) {
		dwarf_forget(die->dbg, e);
		return LOST_LIST;
	}
	indexed = form != DW_FORM_sec_offset;
	if ((indexed ? dwarf_formudata(a, &value, &e)
		     : dwarf_global_formref(a, &off, &e)) != DW_DLV_OK) {
		dwarf_forget(die->dbg, e);
		return LOST_LIST;
	}
	if (!list_open(die, kind, form, indexed ? value : off, &list, &there))
		return LOST_LIST;
	while (list_next(&list, kind, &entry)) {
		if (entry.everywhere)
			*found = entry;
		if (pc < entry.low || pc >= entry.high)
			continue;
		*found = entry;
		break;
	}
	if (list.failed)
		return LOST_LIST;
	return found->length > 0 ? NULL : "optimized out";
}

/* The bytes of a lone expression, borrowed. */
static const char *find_expression(const struct die *die, Dwarf_Attribute a,
				   struct list_entry *found)
{
	Dwarf_Unsigned len = 0;
	Dwarf_Ptr bytes = NULL;
	Dwarf_Block *block = NULL;
	Dwarf_Error e = NULL;

	*found = (struct list_entry){0};
	if (dwarf_formexprloc(a, &len, &bytes, &e) == DW_DLV_OK) {
		found->expression = bytes;
		found->length = len;
		return len > 0 ? NULL : "optimized out";
	}
	dwarf_forget(die->dbg, e);
	e = NULL;
	if (dwarf_formblock(a, &block, &e) == DW_DLV_OK) { /* DWARF 2, 3 */
		found->expression = block->bl_data;
		found->length = block->bl_len;
		dwarf_dealloc(die->dbg, block, DW_DLA_BLOCK);
		return found->length > 0 ? NULL : "optimized out";
	}
	dwarf_forget(die->dbg, e);
	return "its location is damaged";
}

static const char *expression_at(const struct die *die, Dwarf_Attribute a,
				 uint64_t pc, struct list_entry *found)
{
	return attr_is_expression(a) ? find_expression(die, a, found)
				     : find_in_list(die, a, pc, found);
}

static void locate(const struct die *die, unsigned attr,
		   struct dwarf_where *where, int nested, bool in_base,
		   struct location *out)
{
	Dwarf_Attribute a = die_attr(die, attr);
	struct machine m = {.where = where,
			    .die = die,
			    .out = out,
			    .nested = nested,
			    .in_base = in_base};
	uint64_t pc = where->frame ? where->frame->pc - where->bias : 0;
	struct list_entry found;

	if (where->object && !in_base)
		push(&m, where->object);
	*out = (struct location){.kind = LOCATION_NONE, .why = "optimized out"};
	if (!a)
		return;
	out->why = expression_at(die, a, pc, &found);
	if (!out->why) {
		out->why = "";
		run(&m, found.expression, found.length);
		finish(&m);
	}
	attr_free(die, a);
}

bool die_entry_place(const struct die *die, unsigned attr, uint64_t pc,
		     struct entry_place *out)
{
	Dwarf_Attribute a = die_attr(die, attr);
	struct list_entry found;
	size_t at = 0;
	struct op op;
	bool is = a && !expression_at(die, a, pc, &found) &&
		  op_decode(found.expression, found.length, die->dwarf->word,
			    &at, &op) &&
		  at == found.length;

	attr_free(die, a);
	if (!is)
		return false;
	*out = (struct entry_place){.at = (int64_t)op.a};
	if (op.atom >= DW_OP_reg0 && op.atom <= DW_OP_reg31)
		out->at = op.atom - DW_OP_reg0;
	else if (op.atom != DW_OP_regx)
		out->on_stack = true;
	/* In the function by its frame, at the call by the stack pointer. */
	return !out->on_stack || op.atom == DW_OP_fbreg ||
	       op.atom == (die->dwarf->word == 4 ? DW_OP_breg4 : DW_OP_breg7);
}

bool attr_is_expression(Dwarf_Attribute attr)
{
	Dwarf_Half form = 0;
	Dwarf_Error e = NULL;

	if (dwarf_whatform(attr, &form, &e) != DW_DLV_OK)
		return false;
	return form == DW_FORM_exprloc || form == DW_FORM_block ||
	       form == DW_FORM_block1 || form == DW_FORM_block2 ||
	       form == DW_FORM_block4;
}

void die_locate(const struct die *die, unsigned attr, struct dwarf_where *where,
		struct location *out)
{
	locate(die, attr, where, 0, false, out);
}

bool is_fixed_operation(unsigned first)
{
	return first == DW_OP_addr || first == DW_OP_addrx ||
	       first == DW_OP_GNU_addr_index || first == DW_OP_const8u ||
	       first == DW_OP_const4u || first == DW_OP_constx ||
	       first == DW_OP_GNU_const_index;
}

bool die_is_fixed(const struct die *die, unsigned attr)
{
	Dwarf_Attribute a = die_attr(die, attr);
	Dwarf_Unsigned len = 0;
	Dwarf_Ptr bytes = NULL;
	Dwarf_Block *block = NULL;
	Dwarf_Error e = NULL;
	uint8_t first = 0;

	if (a && attr_is_expression(a)) {
		if (dwarf_formexprloc(a, &len, &bytes, &e) == DW_DLV_OK) {
			first = len ? *(const uint8_t *)bytes : 0;
		} else {
			dwarf_forget(die->dbg, e);
			e = NULL;
			if (dwarf_formblock(a, &block, &e) == DW_DLV_OK) {
				first = block->bl_len
						? *(uint8_t *)block->bl_data
						: 0;
				dwarf_dealloc(die->dbg, block, DW_DLA_BLOCK);
			} else {
				dwarf_forget(die->dbg, e);
			}
		}
	}
	attr_free(die, a);
	return is_fixed_operation(first);
}

static bool read_piece(const struct location_piece *p,
		       const struct frame_state *frame, uint8_t *buf,
		       size_t len)
{
	switch (p->kind) {
	case LOCATION_MEMORY:
		return frame->read &&
		       frame->read(frame->ctx, p->addr, buf, len);
	case LOCATION_REGISTER:
	case LOCATION_VALUE:
		if (len > sizeof p->value)
			return false;
		memcpy(buf, &p->value, len);
		return true;
	default:
		return false;
	}
}

bool location_read(const struct location *where,
		   const struct frame_state *frame, void *buf, size_t len)
{
	struct location_piece whole = {.kind = where->kind,
				       .addr = where->addr,
				       .value = where->value};
	uint8_t *at = buf;

	if (where->kind == LOCATION_VALUE && where->bytes) {
		if (len > where->byte_count)
			return false;
		memcpy(buf, where->bytes, len);
		return true;
	}
	if (where->kind == LOCATION_VALUE && len == 16) {
		memcpy(at, &where->value, 8);
		memcpy(at + 8, &where->high, 8);
		return true;
	}
	if (where->kind != LOCATION_PIECES)
		return read_piece(&whole, frame, buf, len);
	for (unsigned i = 0; i < where->pieces && len; i++) {
		size_t n = where->piece[i].size;

		n = n < len ? n : len;
		if (!read_piece(&where->piece[i], frame, at, n))
			return false;
		at += n;
		len -= n;
	}
	return !len;
}

const char *location_lacks(const struct location *where, size_t len)
{
	switch (where->kind) {
	case LOCATION_MEMORY:
		return "its bytes were not kept";
	case LOCATION_NONE:
		return where->why;
	case LOCATION_PIECES:
		for (unsigned i = 0; i < where->pieces && len; i++) {
			const struct location_piece *p = &where->piece[i];

			if (p->kind == LOCATION_NONE)
				return p->why;
			if (p->kind != LOCATION_MEMORY &&
			    (p->size < len ? p->size : len) > sizeof p->value)
				break;
			len -= p->size < len ? p->size : len;
		}
		return len ? TOO_SHORT : "its bytes were not kept";
	default:
		return TOO_SHORT;
	}
}

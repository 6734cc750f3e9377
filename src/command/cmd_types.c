/* What chunks are: types, type. */
#include <inttypes.h>
#include <string.h>

#include "command/commands.h"
#include "command/select.h"
#include "command/session_typing.h"
#include "symbols/symbols_types.h"
#include "view/views.h"

/* Without debug information of the program little has a type: it is said. */
static void say_what_lacks(const struct session *session, struct view *view)
{
	for (size_t i = 0; session->target && session->symbols &&
			   i < symbols_module_count(session->symbols);
	     i++) {
		const struct module *m = symbols_module(session->symbols, i);
		const char *why;

		if (strcmp(m->path, session->target->exe) != 0 ||
		    symbols_has_types(session->symbols, m, &why))
			continue;
		view_warn(view,
			  "%s: %s; only C++ classes with virtual functions, "
			  "C++ containers, symbols and text are told; rows "
			  "by \"alike\" are no types by name but chunks that "
			  "look alike: one may be several types, a type "
			  "several rows",
			  m->name, why);
	}
}

static int types_run(struct session *session, const struct words *words,
		     struct view **out, struct error *err)
{
	const struct typing *typing;
	struct chunk_list list;
	struct selection s;

	if (selection_make(session, words->word + 1, words->count - 1, "used",
			   &s, err))
		return -1;
	if (s.snap != session->current) {
		error_set(err, ERR_USAGE,
			  "types are known of the current snapshot alone, %s; "
			  "these chunks are of %s",
			  session->current->name, s.snap->name);
		selection_deinit(&s);
		return -1;
	}
	if (session_typing(session, &typing, err)) {
		selection_deinit(&s);
		return -1;
	}
	list = (struct chunk_list){.snap = s.snap,
				   .index = selection_take(&s),
				   .count = s.count,
				   .set = set_text(s.set)};
	if (view_types(typing, &list, out, err)) {
		selection_deinit(&s);
		return -1;
	}
	selection_warn(&s, *out);
	selection_deinit(&s);
	say_what_lacks(session, *out);
	return 0;
}

const struct command command_entry_types = {
	.name = "types",
	.args = "[SET]",
	.summary = "used chunks by what they are: type, count, bytes, share",
	.help = "NAMED BY says what a type is believed for:\n"
		"  vtable   an object of a C++ class with virtual functions:\n"
		"           its run-time type information names it, without\n"
		"           symbols, and it is the complete object's class\n"
		"           (T[], T+ as below: the chunk is larger than one)\n"
		"  path     pointers with known types lead to it from a\n"
		"           variable (debug information): type ADDR shows the\n"
		"           way. T[] is an array of which more than the first\n"
		"           is written, T+ begins with a T and is larger\n"
		"           (or a larger struct that begins so would fit),\n"
		"           T at +8 is behind a header of 8 bytes that the\n"
		"           program's own allocator keeps\n"
		"  tag      of several structs that begin alike, a member\n"
		"           (a number, a bit-field, a pointer to what stands\n"
		"           for the type) tells which: all blocks with that\n"
		"           value fit it; or such a one is on the way. T+\n"
		"           (MEMBER VALUE: T1 or T2) where nothing proves it;\n"
		"           \"T at +16\" is not at the chunk's start\n"
		"  size     a candidate: pointers lead to a part of it, and "
		"only\n"
		"           one type has that part there and just this size; "
		"or\n"
		"           such a one is on the way to it\n"
		"  shape    a node of a container of libstdc++, all of which\n"
		"           was found whole: list, map and set, unordered_map\n"
		"  part     has T: pointers lead to a T in the middle of it, "
		"a\n"
		"           pool maybe; type ADDR tells how many\n"
		"  member   T+ (V): it has the address of the variable V, and\n"
		"           of the structs that have a pointer to such a one\n"
		"           there only those that begin with a T agree\n"
		"  symbol   one of its first words is the very address of "
		"that\n"
		"           function or variable\n"
		"  owner    no type, but certainly somebody's: every word\n"
		"           that points to it is in one member of one type\n"
		"           (held by struct client.buf) or several of it, one\n"
		"           variable, one thread, or in blocks without a type\n"
		"           that only these lead to; where two places\n"
		"           disagree, there is no owner. held by *(V+0x58):\n"
		"           by what that word of a variable points to\n"
		"  alike    no type by name, but many look like it: their\n"
		"           words are of the same kinds, from the start:\n"
		"             *  the start of a block   *+  into one\n"
		"             &  into itself            @   in a module\n"
		"             0x05  a number, nearly always with that first\n"
		"             byte, a tag perhaps       n   other numbers\n"
		"             f  floating-point         0   zero, nearly "
		"always\n"
		"           or zero. Such a row may be several types, and a\n"
		"           type several rows; for what has no type otherwise\n"
		"  text     it begins with text\n"
		"  unknown  nothing says what or whose it is; nothing was\n"
		"           guessed\n"
		"The chunks of a row: chunks type=NAME. Why one chunk has its\n"
		"type: type ADDR. \"help sets\" says what a SET is.\n"
		"\n"
		"  types\n"
		"  types new\n"
		"  chunks type=http::Session\n",
	.need = NEED_HEAP,
	.run = types_run,
};

static int type_run(struct session *session, const struct words *words,
		    struct view **out, struct error *err)
{
	const struct typing *typing;
	uint32_t chunk;

	if (words->count != 2)
		return error_set(err, ERR_USAGE,
				 "type takes an address; help addresses says "
				 "how it is written");
	if (session_chunk(session, words->word[1], &chunk, err))
		return -1;
	if (session_typing(session, &typing, err))
		return -1;
	return view_type(typing, chunk, out, err);
}

const struct command command_entry_type = {
	.name = "type",
	.args = "ADDR",
	.summary = "what one chunk is, and why we think so",
	.help = "ADDR may be any address in it. The type, how it was found\n"
		"(help types), and what it was found by: the way from a\n"
		"variable to it as C would write it, g_server->clients->next;\n"
		"or the word in it and the name that leads to. What other\n"
		"pointers say of it is told: what agrees, and what "
		"contradicts\n"
		"that. Of a chunk of which nothing is known: the types that\n"
		"have its size. Of one without a type: who holds it, each\n"
		"place and how many words, and whether these disagree.\n"
		"\n"
		"  type 0x55d0c0a3f2a0\n"
		"  type #3\n",
	.need = NEED_HEAP,
	.run = type_run,
};

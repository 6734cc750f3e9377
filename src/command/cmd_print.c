/* Values and types as the program's source has them: print, whatis, ptype. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/commands.h"
#include "command/expr.h"
#include "view/views.h"

/* "/x" at the start of the line; what follows it is *rest. */
static int take_format(const char *line, char *format, const char **rest,
		       struct error *err)
{
	line += strspn(line, " \t");
	*format = 0;
	*rest = line;
	if (*line != '/')
		return 0;
	*format = line[1];
	if (!*format || !strchr("xduotcafsz", *format) ||
	    (line[2] && !isspace((unsigned char)line[2])))
		return error_set(
			err, ERR_USAGE,
			"print/%.10s: a format is one of x d u o t c a "
			"f s z, as in print/x",
			line + 1);
	*rest = line + 2 + strspn(line + 2, " \t");
	return 0;
}

/* Where there is one answer only (a core's one snapshot; or none yet of a
 * process) nobody has to be told. */
static void tell_time(struct session *session, const struct expr *x,
		      struct view *view)
{
	const struct snapshot *snap = session->current;

	bool one = session->snapshot_count == 1 &&
		   (!session->target || session->target->ops->frozen);

	if (x->read && snap && !one)
		snprintf(view->title, sizeof view->title, "as it %s%s",
			 x->now ? "is now" : "was in snapshot ",
			 x->now ? "" : snap->name);
}

static int print_value(struct session *session, struct expr *x,
		       const char *text, char format, struct view **out,
		       struct error *err)
{
	struct strbuf value = {0}, type = {0};
	struct typed_source source = expr_source(x);
	struct typed_value v;
	struct datum d;
	int ret = -1;

	if (expr_eval(x, text, &d, err) || datum_read(x, &d, &v, err))
		return -1;
	if (d.type->is_declaration && type_strip(d.type)->kind == TYPE_OTHER)
		return error_set(err, ERR_USAGE,
				 "%s has no debug information: cast it, as in "
				 "*(int *) &%s",
				 text, text);
	typed_text(&source, &v, format, &value);
	type_name(d.type, &type);
	ret = view_value(text, strbuf_str(&value), strbuf_str(&type),
			 d.in_memory && !d.bit_size ? d.addr : 0, out, err);
	if (!ret)
		tell_time(session, x, *out);
	if (!ret && *x->note)
		view_warn(*out, "%s", x->note);
	strbuf_deinit(&value);
	strbuf_deinit(&type);
	if (d.in_memory)
		session->last_addr = d.addr;
	return ret;
}

static int print_run(struct session *session, const struct words *words,
		     struct view **out, struct error *err)
{
	const char *text;
	char format;
	struct expr x;
	int ret;

	(void)words;
	if (take_format(session->rest, &format, &text, err))
		return -1;
	if (!*text)
		return error_set(err, ERR_USAGE,
				 "print takes an expression, as in print "
				 "*(struct conn *) 0x55d0c0a3f2a0");
	expr_begin(&x, session);
	ret = print_value(session, &x, text, format, out, err);
	expr_end(&x);
	return ret;
}

/* whole: ptype, which shows what the type consists of. */
static int tell_type(struct session *session, bool whole, struct view **out,
		     struct error *err)
{
	struct strbuf text = {0};
	struct expr x;
	struct datum d;
	int ret;

	if (!session->rest[strspn(session->rest, " \t")])
		return error_set(err, ERR_USAGE,
				 "an expression or a type is wanted, as in "
				 "ptype struct conn");
	expr_begin(&x, session);
	x.unread++;
	ret = expr_eval(&x, session->rest, &d, err);
	if (!ret) {
		strbuf_add(&text, "type = ");
		/* of a typedef gdb's whatis tells what it stands for */
		if (!whole && d.is_type && d.type->kind == TYPE_TYPEDEF)
			d.type = type_target(d.type);
		if (whole)
			type_define(d.type, &text);
		else
			type_name(d.type, &text);
		ret = view_text("", strbuf_str(&text), out, err);
		if (!ret && *x.note)
			view_warn(*out, "%s", x.note);
	}
	strbuf_deinit(&text);
	expr_end(&x);
	return ret;
}

static int whatis_run(struct session *session, const struct words *words,
		      struct view **out, struct error *err)
{
	(void)words;
	return tell_type(session, false, out, err);
}

static int ptype_run(struct session *session, const struct words *words,
		     struct view **out, struct error *err)
{
	(void)words;
	return tell_type(session, true, out, err);
}

const struct command command_entry_print = {
	.name = "print",
	.alias = "p",
	.args = "[/F] EXPR",
	.summary = "the value of an expression, as gdb's print",
	.help = "EXPR is C: variables (those of the current frame, too), "
		"members\n"
		"with . and ->, a[3], a[0]@4 or a[2..5] for some elements, "
		"casts,\n"
		"{type} address, * and &, arithmetic and comparison, sizeof, "
		"$rsp,\n"
		"#3 of the last table. ns::name is of a C++ namespace or "
		"class,\n"
		"function::name static in a function, 'file.c'::name of a "
		"source\n"
		"file. F is x d u o t c a f s or z. No code runs in the "
		"process and\n"
		"nothing is written to it: f(x) and a = b are refused. Types "
		"and\n"
		"variables come from debug information; where a module has "
		"none, the\n"
		"message says so.\n"
		"\n"
		"  print *(struct conn *) 0x55d0c0a3f2a0\n"
		"  print g_server.clients->where[0]@3\n"
		"  print/x g_server.flags\n",
	.need = NEED_TARGET,
	.raw = true,
	.run = print_run,
};

const struct command command_entry_whatis = {
	.name = "whatis",
	.args = "EXPR|TYPE",
	.summary = "the type of an expression",
	.help = "Nothing is read from memory for it. What an address is tells "
		"symbol.\n"
		"\n"
		"  whatis g_server.clients\n",
	.need = NEED_TARGET,
	.raw = true,
	.run = whatis_run,
};

const struct command command_entry_ptype = {
	.name = "ptype",
	.args = "EXPR|TYPE",
	.summary = "what a type consists of",
	.help = "The members of a struct or union, the names of an enum, with\n"
		"typedefs followed.\n"
		"\n"
		"  ptype struct conn\n"
		"  ptype g_server.clients\n",
	.need = NEED_TARGET,
	.raw = true,
	.run = ptype_run,
};

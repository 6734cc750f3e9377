#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fmt.h"
#include "view/views.h"

enum { DEFECTS_SHOWN = 3 };

/* What a thread inside malloc had under its hands is told in the notes. */
static void warn_defects(struct view *view, const struct snapshot *snap)
{
	uint32_t n = 0, shown = 0;

	for (uint32_t i = 0; i < snap->defect_count; i++)
		n += snap->defect[i].kind != DEFECT_BUSY;
	if (!n)
		return;
	view_warn(view,
		  "%u thing%s in the heap did not add up; defects lists "
		  "them all",
		  n, n == 1 ? "" : "s");
	for (uint32_t i = 0; i < snap->defect_count; i++) {
		if (snap->defect[i].kind == DEFECT_BUSY)
			continue;
		if (shown++ == DEFECTS_SHOWN)
			break;
		view_warn(view, "at 0x%" PRIx64 ": %s", snap->defect[i].addr,
			  snap->defect[i].what);
	}
}

static void warn_checks(struct view *view, const struct snapshot *snap)
{
	for (uint32_t i = 0; i < snap->check_count; i++) {
		const struct check *c = &snap->check[i];

		if (c->result == CHECK_FAILED)
			view_warn(view, "check failed: %s: %s", c->name,
				  c->text);
		else if (c->caveat && !c->has_numbers)
			view_warn(view, "%s: %s", c->name, c->text);
		else if (c->caveat)
			view_warn(view, "%s: %" PRIu64 " of %" PRIu64 " %s",
				  c->name, c->a, c->b, c->text);
	}
}

void view_copy_name(const struct snapshot *snap, uint32_t copy, char *buf,
		    size_t cap)
{
	const struct malloc_copy *m = &snap->copy[copy].malloc;
	const char *slash = strrchr(m->module, '/');
	const char *name = slash ? slash + 1 : m->module;

	if (m->ns == 0 || (!copy && m->ns < 0))
		snprintf(buf, cap, "the program's own, of %s", name);
	else if (m->ns < 0)
		snprintf(buf, cap, "of %s in another namespace", name);
	else
		snprintf(buf, cap, "of %s in namespace %d", name, m->ns);
}

void view_other_memory(const struct snapshot *snap, char *buf, size_t cap)
{
	const struct other_memory *o = &snap->other;
	char bytes[FMT_MAX], part[FMT_MAX];
	size_t n;

	fmt_bytes(bytes, sizeof(bytes), o->bytes, false);
	n = (size_t)snprintf(buf, cap,
			     "somewhere in %s of anonymous memory (%u "
			     "mapping%s",
			     bytes, o->mappings, o->mappings == 1 ? "" : "s");
	fmt_bytes(part, sizeof(part), o->resident, false);
	if (o->resident_known && n < cap)
		n += (size_t)snprintf(buf + n, cap - n, ", %s resident", part);
	fmt_bytes(part, sizeof(part), o->named, false);
	if (o->named && n < cap)
		n += (size_t)snprintf(buf + n, cap - n, ", %s with its name",
				      part);
	if (n < cap)
		snprintf(buf + n, cap - n, ")");
}

static struct value text_or_none(const char *text)
{
	return *text ? value_text(text) : value_none();
}

void view_foreign_totals(struct view *view)
{
	static const char *const group[] = {"foreign", "foreign_2", "foreign_3",
					    "foreign_4"};
	static const char *const role[] = {[FOREIGN_MALLOC] = "malloc",
					   [FOREIGN_CALLED] = "called",
					   [FOREIGN_MAPPED] = "mapped"};
	const struct snapshot *snap = view->snap;
	const struct other_memory *o = &snap->other;

	view_total(view, "other_memory", "mappings", NULL,
		   value_u(V_COUNT, o->mappings));
	view_total(view, "other_memory", "bytes", NULL,
		   value_u(V_BYTES, o->bytes));
	view_total(view, "other_memory", "resident_bytes", NULL,
		   o->resident_known ? value_u(V_BYTES, o->resident)
				     : value_none());
	view_total(view, "other_memory", "named_bytes", NULL,
		   value_u(V_BYTES, o->named));
	for (size_t i = 0; i < snap->foreign_count; i++) {
		const struct foreign_allocator *f = &snap->foreign[i];

		view_total(view, group[i], "name", NULL, text_or_none(f->name));
		view_total(view, group[i], "version", NULL,
			   text_or_none(f->version));
		view_total(view, group[i], "role", NULL,
			   value_text(role[f->role]));
		view_total(view, group[i], "certain", NULL,
			   value_u(V_BOOL, *f->name && !f->probably));
		view_total(view, group[i], "module", NULL,
			   value_text(f->module));
		view_total(view, group[i], "data_bytes", NULL,
			   f->data_bytes ? value_u(V_BYTES, f->data_bytes)
					 : value_none());
		view_total(view, group[i], "evidence", NULL,
			   value_text(f->evidence));
	}
}

/*
 * Two allocators in one process: our numbers are of one of them.  That an
 * unknown malloc is in front of glibc's is no news while glibc's is used: most
 * such pass everything on.
 */
static void warn_foreign(struct view *view, const struct snapshot *snap)
{
	char name[120], memory[300];

	view_other_memory(snap, memory, sizeof(memory));
	for (size_t i = 0; snap->chunk_count && i < snap->foreign_count; i++) {
		const struct foreign_allocator *f = &snap->foreign[i];

		if (!*f->name)
			continue;
		foreign_name(f, name, sizeof(name));
		if (f->role == FOREIGN_MAPPED) {
			view_warn(view,
				  "%s is mapped (%s), but malloc is another's "
				  "and no file asks for its own functions: "
				  "unless dlsym() is used it has no blocks",
				  name, f->module);
			continue;
		}
		view_warn(view,
			  "%s is in the process too (%s)%s: what it allocated "
			  "is not counted; it is %s that is neither glibc's "
			  "nor a stack",
			  name, f->evidence,
			  f->role == FOREIGN_MALLOC
				  ? " and is the program's malloc"
				  : "",
			  memory);
		if (*f->advice)
			view_warn(view, "%s", f->advice);
		view->complete = false;
	}
}

void view_of_snapshot(struct view *view, const struct snapshot *snap)
{
	AUTO_FREE char *notes = xstrdup(snap->notes ? snap->notes : "");
	char *rest = notes, *line;

	view->snap = snap;
	view->source = snap;
	view->complete &= snapshot_complete(snap);
	while ((line = strsep(&rest, "\n")))
		if (*line)
			view_warn(view, "%s", line);
	warn_defects(view, snap);
	warn_checks(view, snap);
	warn_foreign(view, snap);
}

void view_of_symbols(struct view *view, struct symbols *symbols)
{
	size_t count = symbols ? symbols_module_count(symbols) : 0;

	if (symbols)
		symbols_find_debug_files(symbols);
	for (size_t i = 0; i < count; i++) {
		const struct module *m = symbols_module(symbols, i);
		const char *missing;

		if (*m->debug_note)
			view_warn(view, "%s: %s", m->name, m->debug_note);
		missing = symbols_missing(symbols, i);
		if (*missing)
			view_warn(view, "%s: %s", m->name, missing);
	}
}

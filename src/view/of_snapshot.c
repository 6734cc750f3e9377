#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
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
		  "%u thing%s in the heap did not add up; verify lists "
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
	for (uint32_t i = 0; i < snap->check_count; i++)
		if (snap->check[i].result == CHECK_FAILED)
			view_warn(view, "check failed: %s: %s",
				  snap->check[i].name, snap->check[i].text);
}

void view_copy_name(const struct snapshot *snap, uint32_t copy, char *buf,
		    size_t cap)
{
	const struct malloc_copy *m = &snap->copy[copy].malloc;
	const char *slash = strrchr(m->module, '/');
	const char *name = slash ? slash + 1 : m->module;

	if (!copy)
		snprintf(buf, cap, "the program's own, of %s", name);
	else if (m->ns < 0)
		snprintf(buf, cap, "of %s in another namespace", name);
	else
		snprintf(buf, cap, "of %s in namespace %d", name, m->ns);
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
	/* Two allocators in one process: our numbers are of one of them. */
	for (size_t i = 0; snap->chunk_count && i < snap->foreign_count; i++) {
		const struct foreign_allocator *f = &snap->foreign[i];

		if (f->instead)
			continue;
		view_warn(view,
			  "%s is in the process too (%s): what it allocated "
			  "is not counted",
			  f->name, f->evidence);
		view->complete = false;
	}
}

#include "view/retention_totals.h"

#include <stdio.h>

#include "analysis/trim.h"
#include "base/fmt.h"

static void say_verdict(const struct retention *r, char *buf, size_t cap)
{
	char rss[FMT_MAX], used[FMT_MAX], kept[FMT_MAX];

	fmt_delta_bytes(rss, sizeof(rss), r->rss, false);
	fmt_delta_bytes(used, sizeof(used), r->used, false);
	fmt_delta_bytes(kept, sizeof(kept), r->kept, false);
	snprintf(buf, cap, "%s (resident %s, used %s, free but touched %s)",
		 r->holds ? "RETENTION: malloc keeps what is free"
			  : "no retention",
		 rss, used, kept);
}

void retention_totals(struct view *view, const struct snapshot *from,
		      bool if_holds, struct retention_words *words)
{
	struct retention r;

	if (!from || from == view->snap)
		return;
	r = retention_of(from, view->snap);
	if (if_holds && !(r.known && r.holds))
		return;
	if (r.known)
		say_verdict(&r, words->verdict, sizeof(words->verdict));
	else
		snprintf(words->verdict, sizeof(words->verdict),
			 "not known: a core, or a snapshot with memory left "
			 "out, does not tell what is resident");
	snprintf(words->since, sizeof(words->since), "since snapshot %s",
		 from->name);
	view_total(view, "retention", "verdict", words->since,
		   value_text(words->verdict));
	view_total(view, "retention", "holds", NULL,
		   r.known ? value_u(V_BOOL, r.holds) : value_none());
	view_total(
		view, "retention", "rss_delta_bytes", NULL,
		(struct value){.kind = r.known ? V_DELTA : V_NONE, .i = r.rss});
	view_total(view, "retention", "used_delta_bytes", NULL,
		   (struct value){.kind = r.known ? V_DELTA : V_NONE,
				  .i = r.used});
	view_total(view, "retention", "free_delta_bytes", NULL,
		   (struct value){.kind = r.known ? V_DELTA : V_NONE,
				  .i = r.kept});
}

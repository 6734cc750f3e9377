/* What is said of a suspect. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "analysis/describe.h"
#include "analysis/names.h"
#include "analysis/suspects_impl.h"
#include "base/fmt.h"
#include "base/strbuf.h"

static void add_bytes(struct strbuf *sb, uint64_t bytes)
{
	char text[FMT_MAX];

	strbuf_add(sb, fmt_bytes(text, sizeof text, bytes, false));
}

static void add_chunks(struct strbuf *sb, uint64_t count)
{
	char text[FMT_MAX];

	strbuf_addf(sb, "%s chunk%s", fmt_count(text, sizeof text, count),
		    count == 1 ? "" : "s");
}

static void add_share(struct strbuf *sb, uint64_t bytes, uint64_t of)
{
	strbuf_addf(sb, "%.1f%% of all used bytes",
		    of ? 100 * (double)bytes / (double)of : 0);
}

static void name_owner(const struct retained *r, uint32_t node,
		       struct symbols *symbols, char *buf, size_t cap)
{
	const struct owner *owner = &r->owners.owner[node - r->chunks];
	char where[120] = "";
	size_t n;

	owner_name(owner, r->snap, symbols, buf, cap);
	if (owner->kind == OWNER_VARIABLE)
		owner_where(owner, symbols, where, sizeof where);
	n = strlen(buf);
	if (*where)
		snprintf(buf + n, cap - n, " (%s)", where);
}

static void name_it(struct suspect *s, const struct retained *r,
		    struct symbols *symbols)
{
	switch (s->kind) {
	case SUSPECT_HOLDER:
		name_owner(r, s->from, symbols, s->name, sizeof s->name);
		return;
	case SUSPECT_SHARED:
	case SUSPECT_GROWING:
		if (s->from < r->chunks)
			name_chunk(r->snap, symbols, s->from, s->name,
				   sizeof s->name);
		else
			name_owner(r, s->from, symbols, s->name,
				   sizeof s->name);
		return;
	case SUSPECT_CLASS:
		snprintf(s->name, sizeof s->name, "class %" PRIu64, s->class);
		return;
	case SUSPECT_LOST:
		snprintf(s->name, sizeof s->name, "nobody (unreachable)");
	}
}

/* " at 0x55d0c0a3f2a0 (http::Session)" */
static void add_place(struct strbuf *sb, const struct suspect *s,
		      const struct snapshot *snap, struct symbols *symbols)
{
	char seems[200];

	strbuf_addf(sb, " at 0x%" PRIx64, snap->chunk[s->point].addr);
	if (describe_chunk(snap, symbols, s->point, seems, sizeof seems))
		strbuf_addf(sb, " (%s)", seems);
}

static void add_point(struct strbuf *sb, const struct suspect *s,
		      const struct retained *r, struct symbols *symbols)
{
	const struct snapshot *snap = r->snap;

	if (s->list) {
		strbuf_add(sb, "; in it are ");
		add_chunks(sb, s->list);
		strbuf_addf(sb,
			    " of class %" PRIu64 " that hold each other one by "
			    "one from 0x%" PRIx64 " on (a list)",
			    snapshot_chunk_size(snap, s->point),
			    snap->chunk[s->point].addr);
		return;
	}
	if (s->held.count == 1) {
		strbuf_add(sb, ",");
		add_place(sb, s, snap, symbols);
		return;
	}
	if (s->point == CHUNK_NONE) {
		strbuf_add(sb, ", in ");
		add_chunks(sb, s->direct);
		strbuf_add(sb, " that it holds directly");
		return;
	}
	if (s->point != s->from) {
		strbuf_add(sb, ", through one chunk of ");
		add_bytes(sb, snapshot_chunk_size(snap, s->point));
		add_place(sb, s, snap, symbols);
	}
	if (s->direct) {
		strbuf_add(sb, s->point != s->from ? " that holds "
						   : "; it holds ");
		add_chunks(sb, s->direct);
		strbuf_addf(sb, " directly%s",
			    s->direct >= SUSPECT_MANY
				    ? " (an array or a hash table)"
				    : "");
	}
}

static void add_class(struct strbuf *sb, const struct suspect *s)
{
	if (s->of_class.count > 1 && s->kind != SUSPECT_CLASS) {
		strbuf_add(sb, "; most bytes there are of ");
		add_chunks(sb, s->of_class.count);
		strbuf_addf(sb, " of class %" PRIu64 ", ", s->class);
		add_bytes(sb, s->of_class.bytes);
	}
	if (*s->first_word)
		strbuf_addf(sb, "; most of these begin with %s", s->first_word);
}

/* Who leads to a point of what several share, and what leads on from it. */
static void begin_shared(struct strbuf *sb, const struct suspect *s,
			 const struct retained *r, const struct retained *near,
			 struct symbols *symbols)
{
	char name[160];

	strbuf_add(sb, s->name);
	if (s->from >= r->chunks) {
		strbuf_add(sb, " is the nearest root to ");
		return;
	}
	name_owner(r, s->root, symbols, name, sizeof name);
	strbuf_addf(sb, ", %" PRIu32 " pointer%s from %s", s->steps,
		    s->steps == 1 ? "" : "s", name);
	if (near->holder[s->from] < near->chunks) {
		name_chunk(r->snap, symbols, near->holder[s->from], name,
			   sizeof name);
		strbuf_addf(sb, " by way of %s", name);
	}
	strbuf_add(sb, ": through it lead the shortest ways to ");
}

static void add_shared(struct strbuf *sb, const struct suspect *s)
{
	if (s->list) {
		strbuf_addf(sb, "; it begins a list of ");
		add_chunks(sb, s->list);
	} else if (s->direct) {
		strbuf_add(sb, "; it points at ");
		add_chunks(sb, s->direct);
		strbuf_addf(sb, " of these%s",
			    s->direct >= SUSPECT_MANY
				    ? " (an array or a hash table)"
				    : "");
	}
	strbuf_add(sb, s->alone.bytes ? "; alone it retains "
				      : "; alone it retains nothing");
	if (s->alone.bytes)
		add_bytes(sb, s->alone.bytes);
}

static void add_fresh(struct strbuf *sb, const struct suspect *s,
		      const char *before)
{
	static const char *const what[] = {
		[SUSPECT_HOLDER] = "it holds,",
		[SUSPECT_SHARED] = "is there,",
		[SUSPECT_GROWING] = "is there,",
		[SUSPECT_CLASS] = "they share,",
		[SUSPECT_LOST] = "nobody reaches,",
	};

	strbuf_addf(sb, "; of what %s ", what[s->kind]);
	if (s->fresh.count) {
		add_chunks(sb, s->fresh.count);
		strbuf_add(sb, ", ");
		add_bytes(sb, s->fresh.bytes);
		strbuf_add(sb, ", are");
	} else {
		strbuf_add(sb, "nothing is");
	}
	strbuf_addf(sb, " new since snapshot %s", before);
	if (s->fresh.count)
		strbuf_addf(sb, " (%.0f%% of all that is)",
			    100 * (double)s->fresh.bytes /
				    (double)s->all_fresh);
}

void suspect_tell(struct suspect *s, const struct retained *r,
		  const struct retained *nearest, const char *before,
		  struct symbols *symbols)
{
	struct strbuf sb = {0};
	bool class = s->kind == SUSPECT_CLASS;
	bool by_ways = s->kind == SUSPECT_SHARED || s->kind == SUSPECT_GROWING;
	const struct retained_sum *sum = class ? &s->of_class : &s->held;

	name_it(s, r, symbols);
	if (class)
		strbuf_add(&sb, "several owners share ");
	else if (s->kind == SUSPECT_LOST)
		strbuf_add(&sb, "no root leads to ");
	else if (by_ways)
		begin_shared(&sb, s, r, nearest, symbols);
	else
		strbuf_addf(&sb, "%s alone holds ", s->name);
	add_bytes(&sb, sum->bytes);
	strbuf_add(&sb, " in ");
	add_chunks(&sb, sum->count);
	if (class)
		strbuf_addf(&sb, " of class %" PRIu64, s->class);
	strbuf_add(&sb, ", ");
	add_share(&sb, sum->bytes, r->total.bytes);
	if (s->kind == SUSPECT_HOLDER)
		add_point(&sb, s, r, symbols);
	else if (by_ways)
		add_shared(&sb, s);
	add_class(&sb, s);
	if (before)
		add_fresh(&sb, s, before);
	snprintf(s->text, sizeof s->text, "%s", strbuf_str(&sb));
	strbuf_deinit(&sb);
}

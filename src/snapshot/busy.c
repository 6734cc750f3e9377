#include "snapshot/busy.h"

#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "symbols/symbols.h"

/* Of more there is only the number. */
enum { NAMED = 3, ARENAS_NAMED = 8 };

static const char *name_of(const struct snapshot *snap, pid_t tid)
{
	for (uint32_t i = 0; i < snap->thread_count; i++)
		if (snap->thread[i].thread.tid == tid)
			return snap->thread[i].thread.name;
	return "";
}

static void add_thread(struct strbuf *s, const struct snapshot *snap,
		       const struct inside_malloc *in, struct symbols *symbols)
{
	const char *name = name_of(snap, in->tid), *function = in->function;
	struct symbol symbol;

	if (!*function && symbols && symbols_at(symbols, in->pc, &symbol))
		function = symbol.name;
	strbuf_addf(s, "thread %d", (int)in->tid);
	if (*name)
		strbuf_addf(s, " \"%s\"", name);
	strbuf_addf(s, " in %s%s%s", *function ? function : "malloc's code",
		    *function ? "()" : "",
		    in->handler ? ", under a signal handler" : "");
}

/* Those that hold something first: they are why. */
static void add_threads(struct strbuf *s, const struct snapshot *snap,
			struct symbols *symbols)
{
	uint32_t told = 0;

	for (int holding = 1; holding >= 0; holding--)
		for (uint32_t i = 0; i < snap->inside_count; i++) {
			const struct inside_malloc *in = &snap->inside[i];

			if ((in->chunks > 0) != holding || told == NAMED)
				continue;
			strbuf_addf(s, "%s", told++ ? ", " : "");
			add_thread(s, snap, in, symbols);
		}
	if (snap->inside_count > told)
		strbuf_addf(s, " and %u more", snap->inside_count - told);
	if (!told)
		strbuf_addf(s, "some thread, as it seems");
}

static uint32_t count_doubtful(const struct snapshot *snap)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < snap->defect_count; i++)
		n += snap->defect[i].kind == DEFECT_BUSY &&
		     snapshot_find(snap, snap->defect[i].addr) != CHUNK_NONE;
	return n;
}

static void add_arenas(struct strbuf *s, const struct snapshot *snap)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < snap->arena_count; i++)
		n += snap->arena[i].busy;
	if (!n)
		return;
	strbuf_addf(s, " in arena%s", n == 1 ? "" : "s");
	for (uint32_t i = 0, told = 0; i < snap->arena_count; i++) {
		if (!snap->arena[i].busy)
			continue;
		if (told == ARENAS_NAMED) {
			strbuf_addf(s, " and %u more", n - told);
			break;
		}
		strbuf_addf(s, "%s%u", told++ ? ", " : " ", i);
	}
}

static bool aborts(const struct snapshot *snap)
{
	for (uint32_t i = 0; i < snap->inside_count; i++)
		if (snap->inside[i].aborts)
			return true;
	return false;
}

static bool for_good(const struct snapshot *snap)
{
	for (uint32_t i = 0; i < snap->inside_count; i++)
		if (snap->inside[i].handler)
			return true;
	return false;
}

void busy_note(struct snapshot *snap, struct symbols *symbols)
{
	uint32_t n = count_doubtful(snap);
	struct strbuf s = {0};

	strbuf_add(&s, snap->notes);
	if (n)
		strbuf_addf(&s, "%u chunk%s", n, n == 1 ? "" : "s");
	else
		strbuf_add(&s, "sums");
	add_arenas(&s, snap);
	strbuf_addf(&s, " %s not sure (verify lists %s): stopped inside malloc",
		    n == 1 ? "is" : "are", n == 1 ? "it" : "them");
	if (snap->attempts > 1)
		strbuf_addf(&s, " at each of %u stops", snap->attempts);
	strbuf_add(&s, ", ");
	add_threads(&s, snap, symbols);
	strbuf_addf(&s, "; %s\n",
		    aborts(snap) ? "malloc found damage itself and aborts"
		    : for_good(snap)
			    ? "this lasts until the signal handler returns"
			    : "another snapshot usually settles it");
	free(snap->notes);
	snap->notes = strbuf_take(&s);
}

#include "command/session.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fmt.h"
#include "base/log.h"
#include "command/session_allocator.h"
#include "command/session_graph.h"
#include "command/session_leaks.h"
#include "command/session_typing.h"
#include "snapshot/prints.h"
#include "symbols/mapped_code.h"
#include "target/core.h"
#include "target/proc.h"
#include "view/views.h"

enum { EXEC_TRIES = 3 };

int session_open_pid(struct session *session, const char *pid_or_name,
		     struct error *err)
{
	struct symbols_opts opts = {.debug_dir = session->opts.debug_dir,
				    .sysroot = session->opts.sysroot,
				    .debuginfod = session->opts.debuginfod};
	struct live_opts live = {0};
	pid_t pid;

	if (proc_find(pid_or_name, &pid, err))
		return -1;
	if (target_open_live(pid, &live, &session->target, err))
		return -1;
	if (symbols_open(session->target, &opts, &session->symbols, err) ||
	    session_find_allocator(session, err)) {
		error_wrap(err, "process %d", (int)pid);
		session_close(session);
		return -1;
	}
	return 0;
}

static void drop_diff(struct session *session)
{
	if (!session->diff)
		return;
	diff_destroy(session->diff);
	session->diff = NULL;
	session->generation++;
}

void session_close(struct session *session)
{
	drop_diff(session);
	session_drop_graph(session);
	session_drop_leaks(session);
	session_drop_typing(session);
	session_forget_types(session, NULL);
	for (uint32_t i = 0; i < session->snapshot_count; i++)
		snapshot_destroy(session->snapshot[i]);
	session->snapshot_count = 0;
	session->current = NULL;
	session->generation++;
	session_release_allocator(session);
	symbols_close(session->symbols);
	session->symbols = NULL;
	target_close(session->target);
	session->target = NULL;
	free(session->row_addr);
	session->row_addr = NULL;
	session->row_addr_count = 0;
}

int session_need_heap(const struct session *session, struct error *err)
{
	if (session->no_heap[0])
		return error_set(err, ERR_UNSUPPORTED, "%s", session->no_heap);
	return 0;
}

int session_need_live(struct session *session, struct error *err)
{
	if (session->target->ops->frozen)
		return error_set(err, ERR_USAGE,
				 "this is a core file: nothing runs, and its "
				 "one snapshot is taken already");
	if (!target_gone(session->target))
		return 0;
	return error_set(err, ERR_GONE, "process %d has ended",
			 (int)session->target->pid);
}

static uint64_t mem_available(void)
{
	FILE *file = fopen("/proc/meminfo", "re");
	char line[256];
	uint64_t kib = 0;

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "MemAvailable: %" SCNu64, &kib) == 1)
			break;
	if (file)
		fclose(file);
	return kib * 1024;
}

uint64_t session_budget(const struct session *session)
{
	const uint64_t most = UINT64_C(4) << 30;
	uint64_t quarter;

	if (session->opts.content_budget)
		return session->opts.content_budget;
	quarter = mem_available() / 4;
	return quarter && quarter < most ? quarter : most;
}

/*
 * The process may have loaded libraries, or another program, since we looked:
 * modules are listed anew, and the allocator is sought again where it was not
 * there or the program is another one.  *other: so it is; the same file again
 * (a server that starts itself anew) lies elsewhere.
 */
static int look_again(struct session *session, bool *other, struct error *err)
{
	*other = false;
	if (session->target->ops->frozen)
		return 0;
	if (target_refresh(session->target, err) ||
	    symbols_refresh(session->symbols, err))
		return -1;
	*other = session_program_is_other(session);
	/* What was loaded may have a malloc of its own. */
	if (session->allocator && !*other &&
	    !session_modules_are_others(session))
		return 0;
	return session_find_allocator(session, err);
}

/* Once more, if it called exec() before we had stopped it. */
static int capture(struct session *session, const struct capture_opts *opts,
		   struct snapshot **snap, struct error *err)
{
	struct error later;
	bool other;

	for (unsigned tries = 0;; tries++) {
		if (!snapshot_capture(session->target, session->symbols,
				      session->allocator,
				      session->allocator_state, opts, snap,
				      err))
			return 0;
		if (err->code == ERR_INTERRUPTED || tries == EXEC_TRIES ||
		    look_again(session, &other, &later) || !other)
			return -1;
	}
}

/*
 * Their prints stay when the contents of older snapshots go.  Where there is
 * no memory for that, by-content answers say that they lack those.
 */
static int keep_prints(struct session *session, struct error *err)
{
	for (uint32_t i = 0; i < session->snapshot_count; i++)
		if (prints_keep(session->snapshot[i], err)) {
			if (err->code != ERR_NO_MEMORY)
				return -1;
			log_info("no prints of snapshot %s: %s",
				 session->snapshot[i]->name, err->msg);
		}
	return 0;
}

/*
 * Old contents go before the copy if both together are over the budget.  The
 * graph goes at once: it is of a snapshot that will not be the current one.
 */
static void make_room(struct session *session, uint64_t budget)
{
	uint64_t held = 0;

	session_drop_graph(session);
	session_drop_typing(session);
	for (uint32_t i = 0; i < session->snapshot_count; i++)
		held += snapshot_content_bytes(session->snapshot[i]);
	if (held > budget / 2)
		for (uint32_t i = 0; i < session->snapshot_count; i++)
			snapshot_drop_contents(session->snapshot[i]);
}

#define NOT_IN_NAME " \t\n'\"\\()=<>#$/"

static int new_name(struct session *session, const char *name, char *buf,
		    size_t cap, struct error *err)
{
	if (session->snapshot_count == SESSION_MAX_SNAPSHOTS)
		return error_set(err, ERR_USAGE,
				 "%d snapshots are held: drop some",
				 SESSION_MAX_SNAPSHOTS);
	if (name && session_find_snapshot(session, name))
		return error_set(err, ERR_USAGE,
				 "there is a snapshot \"%s\" already; "
				 "drop %s forgets it",
				 name, name);
	/* It must be writable wherever a name is a word of its own. */
	if (name &&
	    (!*name || *name == '-' || name[strcspn(name, NOT_IN_NAME)]))
		return error_set(err, ERR_USAGE,
				 "\"%s\" cannot be a snapshot's name", name);
	if (name && strlen(name) >= cap)
		return error_set(err, ERR_USAGE,
				 "a snapshot's name has at most %zu letters",
				 cap - 1);
	if (name) {
		snprintf(buf, cap, "%s", name);
		return 0;
	}
	do {
		snprintf(buf, cap, "%u", ++session->taken);
	} while (session_find_snapshot(session, buf));
	return 0;
}

static uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

/* Bytes a second that reading the running process gives, 0 unknown. */
static double measured_rate(struct target *target)
{
	const size_t piece = 1 << 20, most = 16 << 20;
	AUTO_FREE char *buf = xmalloc(piece);
	uint64_t start = now_us(), spent;
	size_t done = 0;

	for (size_t i = 0; i < target->maps.count && done < most; i++) {
		const struct map *map = &target->maps.map[i];

		if (!(map->prot & MAP_W) || !map_is_anonymous(map))
			continue;
		for (uint64_t at = map->start; at < map->end && done < most;
		     at += piece)
			done += target_read_some(
				target, at, buf,
				map->end - at < piece ? map->end - at : piece);
	}
	spent = now_us() - start;
	return spent ? (double)done * 1e6 / (double)spent : 0;
}

/*
 * --max-pause: how long the copy will take is estimated from what the process
 * has in memory and the speed of reading it now.  If that is too long nothing
 * is kept, and the heap alone is walked under the stop: that is shorter where
 * chunks are large and hardly so where they are small, so the length of the
 * stop is looked at afterwards too (session_pause_warning).
 */
static void heed_max_pause(struct session *session, struct capture_opts *opts)
{
	struct proc_status status;
	struct error ignored;
	double rate, ms;

	session->gave_up_contents = false;
	if (!session->opts.max_pause_ms)
		return;
	opts->max_stop_us = (uint64_t)session->opts.max_pause_ms * 1000;
	rate = measured_rate(session->target);
	if (rate <= 0 ||
	    proc_status(session->target->pid, 0, &status, &ignored))
		return;
	ms = (double)status.rss_bytes / rate * 1e3;
	if (ms <= session->opts.max_pause_ms)
		return;
	log_info("copying would take about %.0f ms: no contents", ms);
	opts->max_bytes = 0;
	opts->keep_contents = false;
	session->gave_up_contents = true;
}

void session_pause_warning(const struct session *session, struct view *view)
{
	const struct snapshot *snap = session->current;
	char took[FMT_MAX];

	if (!session->opts.max_pause_ms)
		return;
	if (session->gave_up_contents)
		view_warn(view,
			  "contents were not kept: copying them would have "
			  "taken longer than the %u ms of max-pause",
			  session->opts.max_pause_ms);
	if (snap->longest_us > (uint64_t)session->opts.max_pause_ms * 1000)
		view_warn(view,
			  "the process stood for %s, longer than max-pause "
			  "(%u ms): its heap cannot be walked faster",
			  fmt_usec(took, sizeof(took), snap->longest_us),
			  session->opts.max_pause_ms);
}

static int take_snapshot(struct session *session, const char *name,
			 struct error *err)
{
	char new[sizeof(session->current->name)];
	struct capture_opts opts = {.name = new, .keep_contents = true};
	struct snapshot *snap;
	bool other;

	if (session_keep_types(session, err))
		return -1;
	/* Modules are looked at anew, and with them their types. */
	session_drop_typing(session);
	if (new_name(session, name, new, sizeof(new), err) ||
	    look_again(session, &other, err) ||
	    mapped_code_check(session->target, session->symbols, err))
		return -1;
	opts.keep_contents = !session->opts.no_contents;
	opts.max_bytes = session_budget(session);
	heed_max_pause(session, &opts);
	if (keep_prints(session, err))
		return -1;
	make_room(session, opts.max_bytes);
	if (capture(session, &opts, &snap, err))
		return -1;
	for (uint32_t i = 0; i < session->snapshot_count; i++)
		snapshot_drop_contents(session->snapshot[i]);
	session->snapshot[session->snapshot_count++] = snap;
	session->current = snap;
	session->frame = 0; /* the stacks are others now */
	drop_diff(session);
	session_drop_leaks(session);
	/* glibc is there, and not what this process allocates with: to say
	 * "0 chunks used" would be a lie. */
	if (snap->foreign_count && !snap->chunk_count) {
		session_explain_no_heap(session, snap, "");
		snap->allocator = NULL;
	}
	return 0;
}

int session_snapshot(struct session *session, const char *name,
		     struct error *err)
{
	if (!session->target)
		return error_set(err, ERR_USAGE, "there is no process");
	return session_need_live(session, err)
		       ? -1
		       : take_snapshot(session, name, err);
}

/* What malloc keeps its books in may not be in the core: the rest is. */
static int snapshot_of_core(struct session *session, struct error *err)
{
	struct error why;

	if (!take_snapshot(session, NULL, &why))
		return 0;
	if (why.code != ERR_FAULT || !session->allocator) {
		*err = why;
		return -1;
	}
	session_explain_no_heap(session, NULL, why.msg);
	session_release_allocator(session);
	return take_snapshot(session, NULL, err);
}

int session_open_core(struct session *session, const char *path,
		      struct error *err)
{
	struct symbols_opts opts = {.debug_dir = session->opts.debug_dir,
				    .sysroot = session->opts.sysroot,
				    .debuginfod = session->opts.debuginfod};
	struct core_opts core = {.exe = session->opts.exe,
				 .sysroot = session->opts.sysroot};

	if (target_open_core(path, &core, &session->target, err))
		return -1;
	session->tid = session->target->first_tid;
	if (symbols_open(session->target, &opts, &session->symbols, err) ||
	    session_find_allocator(session, err) ||
	    snapshot_of_core(session, err)) {
		error_wrap(err, "%s", path);
		session_close(session);
		return -1;
	}
	return 0;
}

static bool same_process(const struct target *target, pid_t pid,
			 const uint8_t *mark)
{
	static const uint8_t none[sizeof(target->mark)];

	return target->pid == pid &&
	       !memcmp(mark, target->mark, sizeof(target->mark)) &&
	       memcmp(mark, none, sizeof(none)) != 0;
}

int session_open_cores(struct session *session, char *const *path, size_t count,
		       struct error *err)
{
	uint8_t mark[sizeof(session->target->mark)];
	pid_t pid = 0;

	for (size_t i = 0; i < count; i++) {
		if (i && keep_prints(session, err))
			return -1;
		if (i)
			session_detach(session);
		if (session_open_core(session, path[i], err) ||
		    session_need_heap(session, err))
			return -1;
		if (i && !same_process(session->target, pid, mark))
			return error_set(err, ERR_USAGE,
					 "%s and %s are not of one process, as "
					 "far as they tell: the same address "
					 "means nothing in both",
					 path[0], path[i]);
		pid = session->target->pid;
		memcpy(mark, session->target->mark, sizeof(mark));
	}
	return 0;
}

struct snapshot *session_find_snapshot(struct session *session,
				       const char *name)
{
	for (uint32_t i = 0; i < session->snapshot_count; i++)
		if (!strcmp(session->snapshot[i]->name, name))
			return session->snapshot[i];
	return NULL;
}

void session_use(struct session *session, struct snapshot *snap)
{
	if (session->current != snap) {
		drop_diff(session);
		session_drop_graph(session);
		session_drop_typing(session);
	}
	session->current = snap;
}

void session_detach(struct session *session)
{
	session_drop_graph(session); /* a core's contents go */
	session_drop_typing(session);
	for (uint32_t i = 0; i < session->snapshot_count; i++)
		snapshot_detach(session->snapshot[i]);
	session->generation++;
	session_release_allocator(session);
	symbols_close(session->symbols);
	session->symbols = NULL;
	target_close(session->target);
	session->target = NULL;
}

int session_drop(struct session *session, const char *name, struct error *err)
{
	struct snapshot *snap = session_find_snapshot(session, name);
	uint32_t at = 0;

	if (!snap)
		return error_set(err, ERR_NOT_FOUND,
				 "there is no snapshot \"%s\"; snapshots lists "
				 "them",
				 name);
	if (session->diff &&
	    (session->diff->before == snap || session->diff->after == snap))
		drop_diff(session);
	if (session->current == snap) {
		session_drop_graph(session);
		session_drop_typing(session);
	}
	if (session->leaks && session->leaks->snap == snap)
		session_drop_leaks(session);
	session_forget_types(session, snap);
	while (session->snapshot[at] != snap)
		at++;
	session->snapshot_count--;
	memmove(&session->snapshot[at], &session->snapshot[at + 1],
		(session->snapshot_count - at) * sizeof(snap));
	if (session->current == snap)
		session->current =
			session->snapshot_count
				? session->snapshot[session->snapshot_count - 1]
				: NULL;
	snapshot_destroy(snap);
	session->generation++;
	return 0;
}

int session_few(const struct session *session, uint32_t least, const char *what,
		struct error *err)
{
	static const char *const are[] = {"none", "one", "two"};
	uint32_t n = session->snapshot_count;
	char other[400] = "";

	if (session->current && !strcmp(session->current->kind, "core"))
		return error_set(err, ERR_USAGE,
				 "%s, and there %s %s: give %s cores of one "
				 "process, oldest first, each with -c",
				 what, n == 2 ? "are" : "is", are[n],
				 least == 2 ? "two" : "three or more");
	if (!session->current)
		session_other_malloc(session, other, sizeof(other));
	return error_set(err, ERR_USAGE,
			 "%s, and there %s %s: take one (snapshot), do the "
			 "step, take another%s; or give cores, each with -c%s",
			 what, n == 2 ? "are" : "is", are[n],
			 least == 2 ? "" : ", and so on, always the same step",
			 other);
}

int session_diff(struct session *session, const struct snapshot *before,
		 const struct snapshot *after, struct error *err)
{
	uint32_t n = session->snapshot_count;

	if (!before && !after && session->diff)
		return 0;
	if (!before && !after) {
		if (n < 2)
			return session_few(session, 2,
					   "what is new compares two snapshots",
					   err);
		after = session->snapshot[n - 1];
		before = session->snapshot[n - 2];
		for (uint32_t i = 1; i < n; i++)
			if (session->snapshot[i] == session->current) {
				after = session->current;
				before = session->snapshot[i - 1];
			}
	}
	if (session->diff && session->diff->before == before &&
	    session->diff->after == after)
		return 0;
	drop_diff(session);
	return diff_make(before, after, &session->diff, err);
}

enum { REMEMBER_MAX = 100000 };

void session_remember(struct session *session, const struct view *view)
{
	const struct view_ops *ops = view->ops;
	uint32_t count = view->shown, column = 0;

	while (column < ops->column_count &&
	       (ops->column[column].kind != V_ADDR ||
		ops->column[column].json_only))
		column++;
	if (column == ops->column_count)
		return;
	count = count > REMEMBER_MAX ? REMEMBER_MAX : count;
	free(session->row_addr);
	session->row_addr = xcalloc(count + 1, sizeof(uint64_t));
	session->row_addr_count = count;
	for (uint32_t i = 0; i < count; i++) {
		struct value value = value_none();

		ops->column[column].cell(view, view->order[i], &value);
		if (value.kind == V_ADDR)
			session->row_addr[i] = value.u;
	}
}

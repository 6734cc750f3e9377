/*
 * What heapscope says of the self test's child against what the child says of
 * itself.  The way to the answers is the one that every command goes: a
 * session, its snapshots, their diff.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "analysis/refs.h"
#include "base/alloc.h"
#include "base/fmt.h"
#include "command/selftest.h"
#include "command/session.h"
#include "command/selftest_claims.h"
#include "target/proc.h"
#include "view/views.h"

enum { PULSE_TRIES = 5000 };

void claim(struct judge *j, const char *name, uint64_t found, uint64_t told,
	   const char *fmt, ...)
{
	struct check *c;
	va_list ap;

	if (j->count == CLAIMS_MAX)
		abort(); /* our own list outgrew its room */
	c = &j->check[j->count++];
	*c = (struct check){
		.result = found == told ? CHECK_OK : CHECK_FAILED,
		.has_numbers = true,
		.a = found,
		.b = told,
	};
	snprintf(c->name, sizeof c->name, "%s", name);
	va_start(ap, fmt);
	vsnprintf(c->text, sizeof c->text, fmt, ap);
	va_end(ap);
}

/* Who we are decides what else can be looked into. */
static void claim_attached(struct judge *j)
{
	struct proc_status us = {0};
	struct error ignored;
	const char *reach = "other users' processes need sudo";

	if (!proc_status(getpid(), 0, &us, &ignored) &&
	    us.cap_effective >> 19 & 1) /* CAP_SYS_PTRACE */
		reach = "heapscope has CAP_SYS_PTRACE: any process will do";
	claim(j, "attached to a process", 1, 1, "the child, process %d; %s",
	      (int)j->child.pid, reach);
}

/* Dynamically linked, it proves itself on the libc that this box has. */
static void claim_libc(struct judge *j)
{
	const struct session *s = &j->inner;
	const struct module *m =
		symbols_module_at(s->symbols, j->ledger.malloc_code);
	const char *version = s->allocator->version(s->allocator_state);
	const char *path = m ? m->path : "no module";

	snprintf(j->libc, sizeof j->libc, "glibc %s (%.150s)",
		 *version ? version : "of unknown version", path);
	claim(j, "the libc is the one malloc() is in",
	      m && !strcmp(version, j->ledger.version), 1, "%.100s; told: %s",
	      j->libc, j->ledger.version);
	if (!m || m != symbols_exe(s->symbols))
		return;
	j->check[j->count - 1].result = CHECK_SKIPPED;
	snprintf(j->check[j->count - 1].text,
		 sizeof j->check[j->count - 1].text,
		 "heapscope is linked statically: this proves it on the glibc "
		 "inside of it, not on this box's");
	j->incomplete = true;
}

static void claim_verified(struct judge *j)
{
	uint64_t held = 0, skipped = 0;
	const struct snapshot *snap = j->snap[AT_LEDGER];

	for (uint32_t i = 0; i < snap->check_count; i++) {
		held += snap->check[i].result == CHECK_OK;
		skipped += snap->check[i].result == CHECK_SKIPPED;
	}
	claim(j, "methods and cross-checks of verify", held,
	      snap->check_count - skipped,
	      "agree; %" PRIu64 " cannot be made here", skipped);
	claim(j, "nothing is damaged or left out",
	      snap->defect_count + !snapshot_complete(snap), 0, "%.140s",
	      snap->notes);
}

static void claim_threads(struct judge *j)
{
	const struct snapshot *snap = j->snap[AT_LEDGER];
	uint64_t found = 0, frames = 0;

	for (unsigned t = 0; t < LEDGER_THREADS; t++) {
		const struct snapshot_thread *thread =
			judge_thread(snap, j->ledger.tid[t]);
		uint32_t f = 0;

		found += thread != NULL;
		for (unsigned k = 0; thread && k < LEDGER_FRAMES; k++) {
			while (f < thread->frame_count &&
			       thread->frame[f].pc != j->ledger.frame[t][k])
				f++;
			frames += f++ < thread->frame_count &&
				  !thread->frame[f - 1].guess;
		}
	}
	if (snap->thread_count != LEDGER_THREADS)
		found = snap->thread_count;
	claim(j, "threads", found, LEDGER_THREADS, "found by their numbers");
	claim(j, "calls on their stacks", frames,
	      LEDGER_THREADS * LEDGER_FRAMES,
	      "return addresses in the order of the calls");
}

static void claim_unharmed(struct judge *j, uint64_t beats)
{
	uint64_t well = 0, longest = 0;
	char took[FMT_MAX];

	for (unsigned t = 0; t < LEDGER_THREADS; t++) {
		struct proc_status status = {0};
		struct error ignored;

		if (!proc_status(j->child.pid, j->ledger.tid[t], &status,
				 &ignored))
			well += !status.tracer && status.state &&
				!strchr("tTZX", status.state);
	}
	claim(j, "threads neither traced nor stopped afterwards", well,
	      LEDGER_THREADS, "TracerPid 0, running or asleep");
	claim(j, "the child's pulse goes on", j->ledger.beats > beats, 1,
	      "%" PRIu64 " beats before, %" PRIu64 " after", beats,
	      j->ledger.beats);
	claim(j, "sleeps that our stops cut short", j->ledger.cut, 0,
	      "as the child counted");
	for (unsigned i = 0; i < SNAPSHOTS; i++)
		if (j->snap[i]->longest_us > longest)
			longest = j->snap[i]->longest_us;
	claim(j, "stood still", SNAPSHOTS, SNAPSHOTS,
	      "%d times, at most for %s", SNAPSHOTS,
	      fmt_usec(took, sizeof took, longest));
}

static int ask(struct judge *j, char what, struct error *err)
{
	return selftest_ask(&j->child, what, &j->ledger, j->block, err);
}

/* Its thread may get no CPU for a while: until it beats again. */
static int await_pulse(struct judge *j, uint64_t before, struct error *err)
{
	const struct timespec nap = {.tv_nsec = 1000000};
	unsigned tries = !strcmp(j->lie, "pulse") ? 100 : PULSE_TRIES;

	while (tries--) {
		if (ask(j, ASK_PULSE, err))
			return -1;
		if (j->ledger.beats > before)
			break;
		nanosleep(&nap, NULL);
	}
	return 0;
}

static int take(struct judge *j, enum moment at, struct error *err)
{
	static const char *const name[] = {"before", "ledger", "growth"};

	if (session_snapshot(&j->inner, name[at], err) ||
	    session_need_heap(&j->inner, err))
		return -1;
	j->snap[at] = j->inner.current;
	return 0;
}

static int examine(struct judge *j, struct error *err)
{
	uint64_t beats;
	char pid[20];

	if (ask(j, ASK_HELLO, err))
		return -1;
	snprintf(pid, sizeof pid, "%d", (int)j->child.pid);
	if (session_open_pid(&j->inner, pid, err) ||
	    session_need_heap(&j->inner, err))
		return -1;
	claim_attached(j);
	claim_libc(j);
	if (take(j, AT_START, err) || ask(j, ASK_LEDGER, err))
		return -1;
	beats = j->ledger.beats;
	if (take(j, AT_LEDGER, err))
		return -1;
	claim_verified(j);
	if (claim_blocks(j, err) || claim_contents(j, err))
		return -1;
	claim_totals(j);
	claim_threads(j);
	if (ask(j, ASK_GROWTH, err) || take(j, AT_GROWTH, err) ||
	    claim_growth(j, err) || await_pulse(j, beats, err))
		return -1;
	claim_unharmed(j, beats);
	return 0;
}

static void claim_end(struct judge *j)
{
	pid_t pid = j->child.pid;
	int status = selftest_end(&j->child);

	if (status >= 0 && WIFEXITED(status))
		claim(j, "the child ends by itself",
		      (uint64_t)WEXITSTATUS(status), 0,
		      "exit status of process %d", (int)pid);
	else
		claim(j, "the child ends by itself", 1, 0,
		      status < 0 ? "it had to be killed"
				 : "it was ended by signal %d",
		      WTERMSIG(status));
}

static int show(const struct judge *j, struct view **out, struct error *err)
{
	struct strbuf title = {0};
	uint64_t failed = 0, passed = 0;
	int ret;

	for (uint32_t i = 0; i < j->count; i++) {
		failed += j->check[i].result == CHECK_FAILED;
		passed += j->check[i].result == CHECK_OK;
	}
	if (failed)
		strbuf_addf(&title, "selftest: %" PRIu64 " of %u checks FAILED",
			    failed, j->count);
	else if (passed == j->count)
		strbuf_addf(&title, "selftest: all %u checks passed", j->count);
	else
		strbuf_addf(&title, "selftest: %" PRIu64 " checks passed",
			    passed);
	strbuf_addf(&title, " on %s", j->libc);
	ret = view_claims(strbuf_str(&title), j->check, j->count, out, err);
	strbuf_deinit(&title);
	if (ret)
		return -1;
	(*out)->complete &= !j->incomplete;
	return 0;
}

int selftest_run(const struct session *session, const char *lie,
		 struct view **out, struct error *err)
{
	struct judge *j = xcalloc(1, sizeof *j);
	int ret = -1;

	j->lie = lie;
	j->inner.opts.debug_dir = session->opts.debug_dir;
	j->inner.opts.sysroot = session->opts.sysroot;
	j->inner.opts.debuginfod = session->opts.debuginfod;
	if (!selftest_start(&j->child, lie, err) && !examine(j, err))
		ret = 0;
	/* Let go first: what is examined must not be ours when it ends. */
	session_close(&j->inner);
	if (!ret)
		claim_end(j);
	else
		selftest_end(&j->child);
	if (!ret)
		ret = show(j, out, err);
	else if (err->code != ERR_INTERRUPTED)
		error_wrap(err, "selftest");
	free(j);
	return ret;
}

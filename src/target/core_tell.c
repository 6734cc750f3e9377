/* What deserves to be said of a core file, and what it lacks. */
#include <stdlib.h>
#include <string.h>

#include "base/fmt.h"
#include "base/strbuf.h"
#include "target/core_impl.h"

static bool has_written(const struct core *core)
{
	for (size_t i = 0; i < core->segments; i++)
		if (core->segment[i].prot & MAP_W && core->segment[i].dumped)
			return true;
	return false;
}

/* The first page of any mapped file. */
static bool has_headers(const struct core *core)
{
	uint64_t len;

	for (size_t i = 0; i < core->files; i++)
		if (!core->file[i].offset &&
		    core_at(core, core->file[i].start, &len))
			return true;
	return false;
}

/* Whoever wrote the core chose what to leave out. */
static void tell_left_out(struct target *target, struct strbuf *sb)
{
	static const char filter[] =
		"left out when it was written, as coredump_filter (core(5)) "
		"said";
	const struct core *core = target->impl;
	size_t known = 0, without = 0;
	uint64_t len;

	for (size_t i = 0; i < target->thread_count; i++) {
		const struct thread *t = &target->thread[i];

		known += t->has_regs;
		without += t->has_regs &&
			   !core_at(core, t->regs.r[REG_RSP_], &len);
	}
	if (!has_written(core))
		strbuf_addf(sb,
			    "the core holds no memory that a program writes "
			    "to, no heap, data or stack: cut off, or %s\n",
			    filter);
	else if (without)
		strbuf_addf(sb,
			    "the stacks of %zu of %zu threads are not in the "
			    "core: cut off, or %s\n",
			    without, known, filter);
	if (core->files && !has_headers(core))
		strbuf_addf(sb,
			    "the core holds no headers of mapped files: which "
			    "builds they were cannot be told and malloc is not "
			    "found; cut off, or %s\n",
			    filter);
}

static void tell_missing(struct target *target, struct strbuf *sb)
{
	const struct core *core = target->impl;
	char bytes[FMT_MAX];
	size_t lost = 0;

	if (core->missing)
		strbuf_addf(
			sb,
			"the core file is cut short: %s of the memory it "
			"should hold are missing\n",
			fmt_bytes(bytes, sizeof bytes, core->missing, false));
	if (core->headers_cut)
		strbuf_addf(sb, "the core file is cut short: some of its "
				"program headers are missing\n");
	if (core->notes_cut || core->strange)
		strbuf_addf(sb,
			    "some of the core's notes are %s: threads or "
			    "names of files may be missing\n",
			    core->notes_cut ? "cut short" : "damaged");
	if (core->wrapped || core->overlaps)
		strbuf_addf(sb,
			    "%u segments of the core lie over others or "
			    "nowhere: what came first is believed\n",
			    core->wrapped + core->overlaps);
	tell_left_out(target, sb);
	/* Every i386 thread that runs libc's code has one. */
	for (size_t i = 0; i < target->thread_count && target->word == 4; i++)
		lost += !thread_regs_tp(&target->thread[i].regs);
	if (lost)
		strbuf_addf(sb,
			    "the thread pointers of %zu of %zu threads are not "
			    "known: their caches may count as used\n",
			    lost, target->thread_count);
	if (!target->thread_count)
		strbuf_addf(sb, "the core has no threads: what their registers "
				"and caches hold is not known\n");
}

static void tell_exe(struct target *target, struct strbuf *sb)
{
	struct core *core = target->impl;
	size_t i = 0;

	while (i < core->modules && !core->module[i].is_exe)
		i++;
	if (core->exe && i == core->modules)
		strbuf_addf(sb,
			    "%s is not used: the core does not show where "
			    "the program lies\n",
			    core->exe);
	else if (core->exe && core_module_fd(core, &core->module[i]) < 0)
		strbuf_addf(sb, "%s: not used\n", core->module[i].why);
	for (i = 0; i < core->modules; i++) {
		struct core_module *m = &core->module[i];

		if ((!m->is_exe || !core->exe) && core_module_fd(core, m) < 0 &&
		    m->other_build)
			strbuf_addf(sb, "%s: not used\n", m->why);
	}
}

void core_tell(struct target *target)
{
	struct strbuf sb = {0};

	tell_missing(target, &sb);
	target->partial = sb.len > 0;
	tell_exe(target, &sb);
	if (sb.len && sb.s[sb.len - 1] == '\n')
		sb.s[--sb.len] = 0;
	free(target->notes);
	target->notes = strbuf_take(&sb);
}

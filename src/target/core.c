#include "target/core.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fmt.h"
#include "target/core_impl.h"
#include "target/pagemap.h"

/*
 * A page that was not dumped is that of the file if nothing could have changed
 * it: the mapping cannot be written, nor can the file's segment that it is of
 * (relocated data becomes read-only when it was written).
 */
static ssize_t read_file(struct target *target, uint64_t addr, void *buf,
			 size_t len)
{
	struct core *core = target->impl;
	const struct map *map = maps_find(&target->maps, addr);
	struct core_module *m = NULL;

	errno = EFAULT;
	if (map && map->path[0] == '/' && !(map->prot & (MAP_W | MAP_S)))
		m = core_module_of(core, map->path, addr);
	if (!m)
		return -1;
	if (len > map->end - addr)
		len = map->end - addr;
	for (size_t i = 0; i < m->loads; i++) {
		const struct core_load *l = &m->load[i];

		if (addr < l->start || addr >= l->end)
			continue;
		if (l->prot & MAP_W || core_module_fd(core, m) < 0)
			return -1;
		if (len > l->end - addr)
			len = l->end - addr;
		return pread(m->fd, buf, len,
			     (off_t)(map->offset + (addr - map->start)));
	}
	return -1;
}

/* Where the next dumped byte behind addr is. */
static uint64_t next_dumped(const struct core *core, uint64_t addr)
{
	size_t low = 0, high = core->segments;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (core->segment[mid].start <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low < core->segments ? core->segment[low].start : UINT64_MAX;
}

static ssize_t core_read(struct target *target, uint64_t addr, void *buf,
			 size_t len)
{
	uint64_t have, next;
	const uint8_t *at = core_at(target->impl, addr, &have);

	if (!at) {
		next = next_dumped(target->impl, addr);
		return read_file(target, addr, buf,
				 len < next - addr ? len : next - addr);
	}
	if (len > have)
		len = have;
	memcpy(buf, at, len);
	return (ssize_t)len;
}

static const void *core_peek(struct target *target, uint64_t addr, size_t *len)
{
	return core_at(target->impl, addr, len);
}

/* Pages of which the core has bytes. */
static size_t core_touched_runs(struct target *target, uint64_t start,
				uint64_t end, struct page_run *run, size_t max,
				uint64_t *walked)
{
	const struct core *core = target->impl;
	uint64_t at = start, len;
	size_t n = 0;

	*walked = end;
	while (at < end) {
		if (!core_at(core, at, &len)) {
			at = next_dumped(core, at);
			continue;
		}
		if (n == max) {
			*walked = at;
			break;
		}
		len = len < end - at ? len : end - at;
		run[n++] = (struct page_run){at, at + len};
		at += len;
	}
	return n;
}

static int core_open_map(struct target *target, const struct map *map,
			 struct error *err)
{
	struct core *core = target->impl;
	struct core_module *m = core_module_of(core, map->path, map->start);
	char self[64];
	int fd = m ? core_module_fd(core, m) : -1;

	if (!m)
		return error_set(err, ERR_NOT_FOUND,
				 "the core has no header of it to prove a file "
				 "by");
	if (fd < 0)
		return error_set(err, ERR_NOT_FOUND, "%s", m->why);
	/* A descriptor of its own, with a position of its own. */
	snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
	fd = open(self, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? error_sys(err, "%s", map->path) : fd;
}

static void core_close(struct target *target)
{
	struct core *core = target->impl;

	for (size_t i = 0; i < core->modules; i++)
		if (core->module[i].fd >= 0)
			close(core->module[i].fd);
	if (core->bytes)
		munmap((void *)(uintptr_t)core->bytes, core->size);
	free(core->segment);
	free(core->file);
	free(core->file_note);
	free(core->module);
	free(core->exe);
	free(core->sysroot);
	free(core);
}

static const struct target_ops core_ops = {
	.kind = "core",
	.read = core_read,
	.peek = core_peek,
	.touched_runs = core_touched_runs,
	.open_map = core_open_map,
	.close = core_close,
	.frozen = true,
	.proves_files = true,
};

static int map_file(struct core *core, int fd, struct error *err)
{
	struct stat st;
	void *at;

	if (fstat(fd, &st))
		return error_sys(err, "cannot stat");
	core->size = (uint64_t)st.st_size;
	if (!core->size)
		return error_set(err, ERR_FORMAT,
				 "not a core file: it is empty");
	at = mmap(NULL, core->size, PROT_READ, MAP_PRIVATE | MAP_NORESERVE, fd,
		  0);
	if (at == MAP_FAILED) {
		core->size = 0;
		return error_sys(err, "cannot map it");
	}
	core->bytes = at;
	/* An agent that is forked later needs none of it. */
	madvise(at, core->size, MADV_DONTFORK);
	return 0;
}

static int open_file(struct target *target, const char *path, struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	int ret;

	if (fd < 0 && (errno == EACCES || errno == EPERM))
		return error_set(err, ERR_PERMISSION, "%s", strerror(errno));
	if (fd < 0)
		return error_set(err, ERR_NOT_FOUND, "%s", strerror(errno));
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		close(fd);
		return error_set(err, ERR_FORMAT,
				 "not a core file: it is no regular file");
	}
	target->taken = st.st_mtim;
	if (core_unpack(fd, &fd, err))
		return -1;
	ret = map_file(target->impl, fd, err);
	close(fd);
	return ret;
}

/* The string that AT_EXECFN points to, if it is in the core. */
static void exe_by_execfn(struct target *target)
{
	const struct core *core = target->impl;
	uint64_t len;
	const uint8_t *at = core_at(core, core->execfn, &len);

	if (!core->execfn || !at || *at != '/' || !memchr(at, 0, len))
		return;
	if (strlen((const char *)at) < sizeof target->exe)
		strcpy(target->exe, (const char *)at);
}

/* As /proc/PID/exe would tell: the file that holds the program headers which
 * the kernel named. */
static void find_exe(struct target *target)
{
	struct core *core = target->impl;

	for (size_t i = 0; i < core->files && !target->exe[0]; i++) {
		const struct core_file *f = &core->file[i];

		if ((core->phdr >= f->start && core->phdr < f->end) ||
		    (!core->phdr && core->entry >= f->start &&
		     core->entry < f->end))
			snprintf(target->exe, sizeof target->exe, "%s",
				 f->path);
	}
	if (!target->exe[0])
		exe_by_execfn(target);
	for (size_t i = 0; i < core->modules; i++)
		core->module[i].is_exe =
			core_is_exe(target, core->module[i].path);
}

/*
 * gdb takes the last part of the whole command line for the name, which a
 * server may have rewritten: the last part of its first word is nearer.
 */
static void name_by_args(struct target *target)
{
	struct core *core = target->impl;
	size_t len = strcspn(core->args, " :");
	const char *slash;

	slash = memrchr(core->args, '/', len);
	if (slash)
		len -= (size_t)(slash + 1 - core->args);
	if (len)
		snprintf(target->comm, sizeof target->comm, "%.*s", (int)len,
			 slash ? slash + 1 : core->args);
}

static int by_tid(const void *a, const void *b)
{
	const struct thread *x = a, *y = b;

	return (x->tid > y->tid) - (x->tid < y->tid);
}

static int finish_threads(struct target *target, struct error *err)
{
	struct core *core = target->impl;

	if (!target->pid)
		target->pid = core->dumper;
	if (core->by_gdb)
		name_by_args(target);
	for (size_t i = 0; i < target->vectors.count; i++) {
		struct vector_word *w = &target->vectors.word[i];

		w->thread = (uint32_t)target->thread[w->thread].tid;
	}
	/* As a live process lists them; the one that was dumped for is kept
	 * apart. */
	if (target->thread_count)
		qsort(target->thread, target->thread_count,
		      sizeof *target->thread, by_tid);
	target->first_tid = core->dumper;
	target->signal = core->signal;
	for (size_t i = 0; i < target->thread_count; i++) {
		struct thread *t = &target->thread[i];

		if (t->tid != target->pid)
			continue;
		memcpy(t->name, target->comm, sizeof t->name);
	}
	return core_order_vectors(target, err);
}

static void read_mark(struct target *target)
{
	const struct core *core = target->impl;
	uint64_t len;
	const uint8_t *at = core_at(core, core->random, &len);

	if (core->random && at && len >= sizeof target->mark)
		memcpy(target->mark, at, sizeof target->mark);
}

static int load(struct target *target, const char *path, struct error *err)
{
	if (open_file(target, path, err) || core_load_elf(target, err) ||
	    core_list_modules(target, err))
		return -1;
	find_exe(target);
	if (core_build_maps(target, err) || core_find_tls(target, err))
		return -1;
	if (finish_threads(target, err))
		return -1;
	read_mark(target);
	core_tell(target);
	return 0;
}

int target_open_core(const char *path, const struct core_opts *opts,
		     struct target **out, struct error *err)
{
	struct target *target = xcalloc(1, sizeof *target);
	struct core *core = xcalloc(1, sizeof *core);

	target->ops = &core_ops;
	target->impl = core;
	target->page_size = 4096;
	target->word = 8;
	target->nameless = true;
	/* It never runs. */
	target->state = TARGET_STOPPED;
	target->notes = xstrdup("");
	if (opts && opts->exe)
		core->exe = xstrdup(opts->exe);
	if (opts && opts->sysroot && *opts->sysroot)
		core->sysroot = xstrdup(opts->sysroot);
	if (load(target, path, err)) {
		target_close(target);
		return error_wrap(err, "%s", path);
	}
	*out = target;
	return 0;
}

#include "target/proc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "base/alloc.h"

enum {
	PF_KTHREAD = 0x00200000, /* include/linux/sched.h; stat's field 9 */
	/* Reading maps of a running process is not atomic: times to retry. */
	MAPS_TRIES = 20,
	/* And so is listing threads, one of which may be in exec(). */
	LIST_TRIES = 100
};

static int gone(pid_t pid, struct error *err)
{
	return error_set(err, ERR_GONE, "process %d: there is no such process",
			 pid);
}

/* The errors that /proc gives for a process that has ended or just ends. */
static int read_failed(pid_t pid, const char *path, int e, struct error *err)
{
	if (e == ESRCH || (e == ENOENT && access("/proc/self", F_OK) == 0 &&
			   !proc_exists(pid)))
		return gone(pid, err);
	errno = e;
	if (e == EACCES || e == EPERM) {
		error_sys(err, "cannot read %s", path);
		err->code = ERR_PERMISSION;
		return -1;
	}
	return error_sys(err, "cannot read %s", path);
}

bool proc_exists(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%d", pid);
	return access(path, F_OK) == 0;
}

int proc_read(pid_t pid, const char *name, struct strbuf *out,
	      struct error *err)
{
	char path[320], buf[16384];
	ssize_t n;

	snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return read_failed(pid, path, errno, err);
	while ((n = read(fd, buf, sizeof buf)) != 0) {
		if (n > 0)
			strbuf_addn(out, buf, (size_t)n);
		else if (errno != EINTR)
			return read_failed(pid, path, errno, err);
	}
	return 0;
}

/* The text behind "Name:\t" in a status file, or NULL. */
static const char *field(const char *text, const char *name)
{
	size_t len = strlen(name);

	for (const char *line = text; line && *line;) {
		if (!strncmp(line, name, len) && line[len] == ':') {
			line += len + 1;
			return line + strspn(line, " \t");
		}
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	return NULL;
}

static uint64_t number(const char *text, const char *name, int base)
{
	const char *at = field(text, name);

	return at ? strtoull(at, NULL, base) : 0;
}

/* "NSpid: 4711 1": from our namespace inwards to its own. */
static pid_t inner_pid(const char *text)
{
	const char *at = field(text, "NSpid"), *last = NULL;
	unsigned count = 0;

	while (at && *at >= '0' && *at <= '9') {
		last = at;
		count++;
		at += strcspn(at, "\t\n");
		at += *at == '\t';
	}
	return count > 1 ? (pid_t)strtol(last, NULL, 10) : 0;
}

static void parse_status(const char *text, struct proc_status *out)
{
	const char *at = field(text, "Name");

	if (at)
		snprintf(out->name, sizeof out->name, "%.*s",
			 (int)strcspn(at, "\n"), at);
	at = field(text, "State");
	out->state = at ? *at : '?';
	out->tgid = (pid_t)number(text, "Tgid", 10);
	out->ppid = (pid_t)number(text, "PPid", 10);
	out->tracer = (pid_t)number(text, "TracerPid", 10);
	out->inner = inner_pid(text);
	at = field(text, "Uid");
	if (at)
		sscanf(at, "%u %u %u", &out->uid, &out->euid, &out->suid);
	out->seccomp = (unsigned)number(text, "Seccomp", 10);
	out->threads = (unsigned)number(text, "Threads", 10);
	out->rss_bytes = number(text, "VmRSS", 10) * 1024;
	out->private_bytes = number(text, "RssAnon", 10) * 1024;
	out->cap_permitted = number(text, "CapPrm", 16);
	out->cap_effective = number(text, "CapEff", 16);
	out->sig_ignored = number(text, "SigIgn", 16);
}

int proc_status(pid_t pid, pid_t tid, struct proc_status *out,
		struct error *err)
{
	struct strbuf text = {0};
	char name[64] = "status", *at;
	int rc;

	if (tid && tid != pid)
		snprintf(name, sizeof name, "task/%d/status", tid);
	*out = (struct proc_status){0};
	rc = proc_read(pid, name, &text, err);
	if (rc == 0)
		parse_status(strbuf_str(&text), out);
	strbuf_reset(&text);
	if (rc == 0)
		rc = proc_read(pid, "stat", &text, err);
	/* "PID (comm, in which anything may stand) S ppid ... flags" */
	if (rc == 0 && (at = strrchr(strbuf_str(&text), ')'))) {
		unsigned flags = 0;

		sscanf(at + 1, " %*c %*d %*d %*d %*d %*d %u", &flags);
		out->kernel_thread = flags & PF_KTHREAD;
	}
	strbuf_deinit(&text);
	return rc;
}

static int list_tids(pid_t pid, pid_t **out, size_t *count, struct error *err)
{
	char path[64];
	struct dirent *entry;
	pid_t *tid = NULL;
	size_t n = 0, cap = 0;
	DIR *dir;

	snprintf(path, sizeof path, "/proc/%d/task", pid);
	dir = opendir(path);
	if (!dir)
		return read_failed(pid, path, errno, err);
	while ((entry = readdir(dir))) {
		char *end;
		long value = strtol(entry->d_name, &end, 10);

		if (*end || value <= 0)
			continue;
		if (GROW(tid, cap, n + 1, "list of threads", err) < 0) {
			free(tid);
			closedir(dir);
			return -1;
		}
		tid[n++] = (pid_t)value;
	}
	closedir(dir);
	if (!n) {
		free(tid);
		return gone(pid, err);
	}
	*out = tid;
	*count = n;
	return 0;
}

int proc_tids(pid_t pid, pid_t **out, size_t *count, struct error *err)
{
	for (int i = 0; i < LIST_TRIES; i++) {
		if (list_tids(pid, out, count, err) == 0)
			return 0;
		if (err->code != ERR_GONE || proc_ended(pid))
			return -1;
	}
	return -1;
}

void proc_thread_state(pid_t pid, pid_t tid, char name[static 16], char *state)
{
	struct strbuf text = {0};
	struct error ignored;
	char path[64];
	const char *open, *close;

	snprintf(path, sizeof path, "task/%d/stat", tid);
	name[0] = 0;
	*state = 'X';
	if (proc_read(pid, path, &text, &ignored) == 0 &&
	    (open = strchr(strbuf_str(&text), '(')) &&
	    (close = strrchr(open, ')')) && close[1] == ' ') {
		snprintf(name, 16, "%.*s", (int)(close - open - 1), open + 1);
		*state = close[2];
	}
	strbuf_deinit(&text);
}

static pid_t some_live_tid(pid_t pid)
{
	struct error ignored;
	pid_t *tid, live = 0;
	size_t count;
	char name[16], state;

	proc_thread_state(pid, pid, name, &state);
	if (state != 'Z' && state != 'X')
		return pid;
	if (list_tids(pid, &tid, &count, &ignored) < 0)
		return 0;
	for (size_t i = 0; i < count && !live; i++) {
		proc_thread_state(pid, tid[i], name, &state);
		if (state != 'Z' && state != 'X')
			live = tid[i];
	}
	free(tid);
	return live;
}

bool proc_pidfd_ended(int pidfd)
{
	struct pollfd fd = {.fd = pidfd, .events = POLLIN};

	/* Twice: the kernel may just have looked at a leader in exec(). */
	return poll(&fd, 1, 0) > 0 && poll(&fd, 1, 0) > 0;
}

bool proc_ended(pid_t pid)
{
	AUTO_CLOSE int fd = pidfd_open(pid, 0);

	if (fd >= 0)
		return proc_pidfd_ended(fd);
	return errno == ESRCH || !some_live_tid(pid);
}

pid_t proc_live_tid(pid_t pid)
{
	pid_t live = some_live_tid(pid);

	for (int i = 0; !live && i < LIST_TRIES && !proc_ended(pid); i++)
		live = some_live_tid(pid);
	return live;
}

int proc_maps(pid_t pid, struct maps *out, struct error *err)
{
	struct strbuf text = {0};
	pid_t tid = pid;
	int rc = -1;

	for (int i = 0; i < MAPS_TRIES && rc < 0; i++) {
		strbuf_reset(&text);
		if (proc_read(tid, "maps", &text, err) < 0) {
			/* Not by a thread that ended since: by the leader. */
			if (err->code != ERR_GONE || proc_ended(pid))
				break;
			tid = pid;
			continue;
		}
		if (!text.len && tid == pid) {
			/* A zombie leader: its threads still have the map. */
			tid = proc_live_tid(pid);
			if (!tid) {
				gone(pid, err);
				break;
			}
			if (tid != pid)
				continue;
		}
		rc = maps_parse(strbuf_str(&text), text.len, out, err);
	}
	strbuf_deinit(&text);
	return rc;
}

/*
 * Why a process cannot be looked into: each reason its own sentence, with who
 * or what forbids it and how to allow it.
 */
#include <fcntl.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "target/proc.h"

enum {
	/* include/linux/proc_ns.h: the inode of the first pid namespace. */
	PROC_PID_INIT_INO = 0xEFFFFFFC
};

static const char *name_of(pid_t pid, struct proc_status *status)
{
	struct error ignored;

	if (proc_status(pid, 0, status, &ignored) < 0)
		return "?";
	return status->name;
}

static bool is_machines_init(pid_t pid)
{
	struct stat st;

	return pid == 1 && stat("/proc/self/ns/pid", &st) == 0 &&
	       st.st_ino == PROC_PID_INIT_INO;
}

static int check_kind(pid_t pid, const struct proc_status *s, struct error *err)
{
	struct proc_status parent;

	if (pid == getpid())
		return error_set(err, ERR_USAGE,
				 "process %d is heapscope itself", pid);
	if (s->tgid && s->tgid != pid)
		return error_set(err, ERR_USAGE,
				 "%d is a thread of process %d (%s): give the "
				 "process",
				 pid, s->tgid, s->name);
	if (s->kernel_thread)
		return error_set(
			err, ERR_UNSUPPORTED,
			"process %d (%s) is a kernel thread: it has no "
			"memory of its own",
			pid, s->name);
	if ((s->state == 'Z' || s->state == 'X') && !proc_live_tid(pid))
		return error_set(err, ERR_GONE,
				 "process %d (%s) has ended already: a zombie "
				 "that its parent %d (%s) has not waited for",
				 pid, s->name, s->ppid,
				 name_of(s->ppid, &parent));
	if (is_machines_init(pid))
		return error_set(err, ERR_PERMISSION,
				 "process 1 (%s) is the machine's init: "
				 "stopping it could stop the machine",
				 s->name);
	return 0;
}

int proc_check(pid_t pid, struct error *err)
{
	struct proc_status s, tracer;

	if (proc_status(pid, 0, &s, err) < 0 || check_kind(pid, &s, err) < 0)
		return -1;
	if (s.tracer)
		return error_set(err, ERR_PERMISSION,
				 "process %d (%s) is already traced by process "
				 "%d (%s), and the kernel allows one tracer: "
				 "end that one first",
				 pid, s.name, s.tracer,
				 name_of(s.tracer, &tracer));
	return 0;
}

static int yama_scope(void)
{
	int scope = 0;
	FILE *file = fopen("/proc/sys/kernel/yama/ptrace_scope", "re");

	if (!file)
		return 0;
	if (fscanf(file, "%d", &scope) != 1)
		scope = 0;
	fclose(file);
	return scope;
}

/* The kernel shows root as the owner of what must not be looked into. */
static bool is_undumpable(pid_t pid, const struct proc_status *s)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof path, "/proc/%d/mem", pid);
	return stat(path, &st) == 0 && st.st_uid != s->euid;
}

/* Into a buffer: getpwuid has one for all its answers. */
static const char *user_name(char name[static 64], unsigned uid)
{
	const struct passwd *pw = getpwuid(uid);

	snprintf(name, 64, "%s", pw ? pw->pw_name : "?");
	return name;
}

static int refused(struct error *err, pid_t pid, const struct proc_status *s,
		   const char *why)
{
	return error_set(err, ERR_PERMISSION,
			 "not permitted to look into process %d (%s): %s", pid,
			 s->name, why);
}

static int explain_user(pid_t pid, const struct proc_status *s,
			struct error *err)
{
	char why[400], theirs[64], ours[64];

	snprintf(why, sizeof why,
		 "it belongs to user %s (uid %u) and heapscope runs as %s (uid "
		 "%u); run heapscope as that user, or with sudo (the capability"
		 " CAP_SYS_PTRACE)",
		 user_name(theirs, s->uid), s->uid, user_name(ours, getuid()),
		 getuid());
	return refused(err, pid, s, why);
}

static int explain_yama(pid_t pid, const struct proc_status *s, int scope,
			struct error *err)
{
	if (scope >= 3)
		return refused(err, pid, s,
			       "kernel.yama.ptrace_scope is 3: nobody may "
			       "trace until the machine starts again with "
			       "another setting");
	if (scope == 2)
		return refused(err, pid, s,
			       "kernel.yama.ptrace_scope is 2: only the "
			       "capability CAP_SYS_PTRACE may trace; run "
			       "heapscope with sudo");
	return refused(err, pid, s,
		       "kernel.yama.ptrace_scope is 1: a process may only trace"
		       " its own descendants; run heapscope with sudo, or allow"
		       " it until the next boot with: sudo sysctl "
		       "kernel.yama.ptrace_scope=0");
}

/*
 * The rules for looking into a process are asked for its memory as for
 * ptrace(): where they let us have that, what forbids is the call itself.
 */
static bool is_filtered(pid_t pid, const struct proc_status *us)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/mem", pid);
	AUTO_CLOSE int fd = us->seccomp ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	return fd >= 0;
}

int proc_explain_filter(pid_t pid, struct error *err)
{
	struct proc_status s = {0};
	struct error ignored;

	if (proc_status(pid, 0, &s, &ignored) < 0)
		s.name[0] = 0;
	return refused(err, pid, &s,
		       "a seccomp filter around heapscope forbids the system "
		       "call ptrace(); start the container with --cap-add="
		       "SYS_PTRACE (with it the filters of docker and podman "
		       "allow it) or --security-opt seccomp=unconfined, the "
		       "systemd service with SystemCallFilter=@debug");
}

int proc_explain_refusal(pid_t pid, struct error *err)
{
	struct proc_status s, us;
	int scope = yama_scope();
	uid_t uid = getuid();

	if (proc_check(pid, err) < 0 || proc_status(pid, 0, &s, err) < 0 ||
	    proc_status(getpid(), 0, &us, err) < 0)
		return -1;
	if (is_filtered(pid, &us))
		return proc_explain_filter(pid, err);
	if (scope >= 3)
		return explain_yama(pid, &s, scope, err);
	if (us.cap_effective >> CAP_SYS_PTRACE & 1)
		return refused(err, pid, &s,
			       "heapscope has CAP_SYS_PTRACE here, yet the "
			       "kernel refuses: the process is in another user "
			       "namespace (enter it with nsenter), or a "
			       "security module (SELinux, AppArmor) forbids "
			       "it");
	if (s.uid != uid || s.euid != uid || s.suid != uid)
		return explain_user(pid, &s, err);
	if (is_undumpable(pid, &s))
		return refused(err, pid, &s,
			       "it is not dumpable: it called prctl("
			       "PR_SET_DUMPABLE, 0), changed its user, or runs "
			       "a file that its user cannot read; run heapscope"
			       " with sudo (the capability CAP_SYS_PTRACE)");
	if (s.cap_permitted & ~us.cap_permitted)
		return refused(err, pid, &s,
			       "it has capabilities that heapscope lacks; run "
			       "heapscope with sudo (the capability "
			       "CAP_SYS_PTRACE)");
	if (scope)
		return explain_yama(pid, &s, scope, err);
	return refused(err, pid, &s,
		       "the kernel refuses and does not say why: another user "
		       "namespace, or a security module or seccomp filter "
		       "around heapscope (in a container: allow "
		       "CAP_SYS_PTRACE)");
}

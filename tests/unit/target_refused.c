/* What cannot be looked into, each with its own reason. */
#include "target/live.h"

#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "target/proc.h"
#include "tests/lib/fixture.h"
#include "tests/lib/hs_test.h"

enum { NOBODY = 65534 };

static struct error err;
static struct fixture f;
static struct target *target;

static void refused(pid_t pid, enum err_code code, const char *says)
{
	FAILS(code, target_open_live(pid, NULL, &target, &err));
	ck_assert_msg(strstr(err.msg, says) != NULL, "\"%s\" lacks \"%s\"",
		      err.msg, says);
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

TEST(ourselves)
{
	refused(getpid(), ERR_USAGE, "heapscope itself");
}

TEST(a_process_that_is_gone)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	waitpid(pid, NULL, 0);
	refused(pid, ERR_GONE, "no such process");
}

TEST(a_zombie)
{
	char parent[64];
	int zombie;

	fixture_start(&f, "runner", "zombie", NULL);
	sscanf(fixture_line(&f, "zombie"), "zombie %d", &zombie);
	snprintf(parent, sizeof parent, "%d (runner)", f.pid);
	refused(zombie, ERR_GONE, "zombie");
	refused(zombie, ERR_GONE, parent);
	fixture_end(&f);
}

TEST(a_thread_is_not_a_process)
{
	char leader[32];
	pid_t *tid;
	size_t count;

	fixture_start(&f, "runner", "threads", "1");
	OK(proc_tids(f.pid, &tid, &count, &err));
	ck_assert_uint_eq(count, 2);
	snprintf(leader, sizeof leader, "process %d", f.pid);
	refused(tid[1], ERR_USAGE, leader);
	free(tid);
	fixture_end(&f);
}

TEST(a_kernel_thread)
{
	struct proc_status status;
	struct dirent *entry;
	DIR *dir = opendir("/proc");
	pid_t found = 0;

	while (!found && (entry = readdir(dir))) {
		pid_t pid = atoi(entry->d_name);

		if (pid > 1 && proc_status(pid, 0, &status, &err) == 0 &&
		    status.kernel_thread)
			found = pid;
	}
	closedir(dir);
	if (!found)
		SKIP("no kernel thread is visible here");
	refused(found, ERR_UNSUPPORTED, "kernel thread");
}

TEST(the_machines_init)
{
	struct stat st;

	if (stat("/proc/self/ns/pid", &st) || st.st_ino != 0xEFFFFFFC)
		SKIP("process 1 is not the machine's init here");
	refused(1, ERR_PERMISSION, "init");
}

TEST(a_process_that_is_traced_already)
{
	char tracer[64];
	pid_t pid = fork();

	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	snprintf(tracer, sizeof tracer, "traced by process %d (", getpid());
	refused(pid, ERR_PERMISSION, tracer);
	end(pid);
}

TEST(a_target_that_another_one_took_meanwhile)
{
	fixture_start(&f, "runner", "threads", "2");
	OK(target_open_live(f.pid, NULL, &target, &err));
	ck_assert_int_eq(ptrace(PTRACE_SEIZE, f.pid, NULL, NULL), 0);
	FAILS(ERR_PERMISSION, target_stop(target, &err));
	ck_assert_int_eq(target->state, TARGET_RUNNING);
	/* A thread alone: found only when the others are held already. */
	ck_assert_int_eq(ptrace(PTRACE_INTERRUPT, f.pid, NULL, NULL), 0);
	ck_assert_int_eq(waitpid(f.pid, NULL, __WALL), f.pid);
	ck_assert_int_eq(ptrace(PTRACE_DETACH, f.pid, NULL, NULL), 0);
	pid_t other = target->thread[2].tid;
	ck_assert_int_eq(ptrace(PTRACE_SEIZE, other, NULL, NULL), 0);
	FAILS(ERR_PERMISSION, target_stop(target, &err));
	ck_assert_int_eq(ptrace(PTRACE_INTERRUPT, other, NULL, NULL), 0);
	ck_assert_int_eq(waitpid(other, NULL, __WALL), other);
	ck_assert_int_eq(ptrace(PTRACE_DETACH, other, NULL, NULL), 0);
	OK(target_stop(target, &err));
	target_close(target);
	fixture_ask(&f, "ping", "pong");
	fixture_end(&f);
}

/* A process of the caller's user that waits; dumpable or not. */
static pid_t waiting_child_named(int dumpable, const char *name)
{
	int fd[2];
	char byte;

	ck_assert_int_eq(pipe(fd), 0);
	pid_t pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		prctl(PR_SET_DUMPABLE, dumpable);
		prctl(PR_SET_NAME, name);
		if (write(fd[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	ck_assert_int_eq(read(fd[0], &byte, 1), 1);
	return pid;
}

static pid_t waiting_child(int dumpable)
{
	return waiting_child_named(dumpable, "waiting");
}

static void become_nobody(void)
{
	ck_assert_int_eq(setgroups(0, NULL), 0);
	ck_assert_int_eq(setresgid(NOBODY, NOBODY, NOBODY), 0);
	ck_assert_int_eq(setresuid(NOBODY, NOBODY, NOBODY), 0);
	/* Changing the user made us undumpable, and our children to come. */
	prctl(PR_SET_DUMPABLE, 1);
}

TEST(a_process_of_another_user)
{
	if (getuid())
		SKIP("needs root to become another user");
	pid_t pid = waiting_child(1);
	become_nobody();
	refused(pid, ERR_PERMISSION, "user root (uid 0)");
	refused(pid, ERR_PERMISSION, "runs as nobody (uid");
	refused(pid, ERR_PERMISSION, "sudo");
}

TEST(a_process_that_is_not_dumpable)
{
	if (getuid() == 0)
		become_nobody();
	pid_t pid = waiting_child(0);
	refused(pid, ERR_PERMISSION, "not dumpable");
	end(pid);
}

TEST(but_an_own_process_without_any_privilege_works)
{
	if (getuid() == 0)
		become_nobody();
	else
		SKIP("the other tests are without privilege already");
	pid_t pid = waiting_child(1);
	OK(target_open_live(pid, NULL, &target, &err));
	OK(target_stop(target, &err));
	ck_assert_int_eq(task_state(pid, pid), 't');
	OK(target_resume(target, &err));
	target_close(target);
	end(pid);
}

TEST(a_process_with_more_capabilities_than_we)
{
	struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct cap[2];

	if (getuid())
		SKIP("needs root to give a capability away");
	pid_t pid = waiting_child(1);
	ck_assert_int_eq(syscall(SYS_capget, &head, cap), 0);
	cap[0].effective &= ~(1u << CAP_SYS_PTRACE);
	cap[0].permitted &= ~(1u << CAP_SYS_PTRACE);
	ck_assert_int_eq(syscall(SYS_capset, &head, cap), 0);
	refused(pid, ERR_PERMISSION, "capabilities");
	end(pid);
}

/*
 * A 32-bit program of one instruction loop: mov eax, 29 (pause); int 0x80;
 * jmp back.  Made by hand, since few machines have a 32-bit C library.
 */
static const unsigned char elf32[] = {
	0x7f, 'E', 'L', 'F', 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	/* type, machine, version, entry, phoff, shoff, flags */
	2, 0, 3, 0, 1, 0, 0, 0, 0x54, 0x80, 4, 8, 52, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 0,
	/* ehsize, phentsize, phnum, shentsize, shnum, shstrndx */
	52, 0, 32, 0, 1, 0, 40, 0, 0, 0, 0, 0,
	/* LOAD: offset, vaddr, paddr, filesz, memsz, r-x, align */
	1, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 4, 8, 0, 0x80, 4, 8, 0x5d, 0, 0, 0,
	0x5d, 0, 0, 0, 5, 0, 0, 0, 0, 0x10, 0, 0,
	/* the program */
	0xb8, 29, 0, 0, 0, 0xcd, 0x80, 0xeb, 0xf7};

static int sleeps(void *ctx)
{
	char path[64], exe[64] = "";
	pid_t pid = *(pid_t *)ctx;

	snprintf(path, sizeof path, "/proc/%d/exe", pid);
	return readlink(path, exe, sizeof exe - 1) > 0 && strstr(exe, "hs32") &&
	       task_state(pid, pid) == 'S';
}

TEST(a_32_bit_process_is_opened_and_said_to_be_one)
{
	char path[] = "/tmp/hs32.XXXXXX";
	int status, fd = mkstemp(path);

	ck_assert_int_eq(write(fd, elf32, sizeof elf32), sizeof elf32);
	fchmod(fd, 0700);
	close(fd);
	pid_t pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execl(path, path, NULL);
		_exit(errno == ENOEXEC ? 77 : 1);
	}
	while (waitpid(pid, &status, WNOHANG) == 0 && !sleeps(&pid))
		continue;
	unlink(path);
	if (kill(pid, 0) && WIFEXITED(status) && WEXITSTATUS(status) == 77)
		SKIP("this kernel runs no 32-bit programs");
	for (int i = 0; i < 20; i++) {
		OK(target_open_live(pid, NULL, &target, &err));
		ck_assert_uint_eq(target->word, 4);
		OK(target_stop(target, &err));
		const struct thread_regs *regs = &target->thread[0].regs;
		ck_assert(regs->is32);
		ck_assert_uint_ge(regs->r[REG_RIP_], 0x08048054);
		ck_assert_uint_lt(regs->r[REG_RIP_], 0x0804805d);
		ck_assert(maps_find(&target->maps, regs->r[REG_RSP_]) != NULL);
		target_close(target);
	}
	ck_assert_int_eq(waitpid(pid, &status, WNOHANG), 0);
	end(pid);
}

TEST(a_process_is_found_by_its_name_or_number)
{
	char name[16], number[16], wanted[16];
	pid_t first, second, pid = 0;

	snprintf(name, sizeof name, "hs-%d", getpid());
	FAILS(ERR_GONE, proc_find(name, &pid, &err));
	first = waiting_child_named(1, name);
	OK(proc_find(name, &pid, &err));
	ck_assert_int_eq(pid, first);
	snprintf(number, sizeof number, "%d", first);
	pid = 0;
	OK(proc_find(number, &pid, &err));
	ck_assert_int_eq(pid, first);
	second = waiting_child_named(1, name);
	FAILS(ERR_USAGE, proc_find(name, &pid, &err));
	ck_assert(strstr(err.msg, number) != NULL);
	snprintf(wanted, sizeof wanted, "%d", second);
	ck_assert(strstr(err.msg, wanted) != NULL);
	end(first);
	OK(proc_find(name, &pid, &err));
	ck_assert_int_eq(pid, second);
	end(second);
	FAILS(ERR_GONE, proc_find(number, &pid, &err));
	FAILS(ERR_USAGE, proc_find("99999999999", &pid, &err));
	FAILS(ERR_USAGE, proc_find("0", &pid, &err));
	FAILS(ERR_USAGE, proc_find("", &pid, &err));
}

TEST(a_program_is_found_by_its_files_name)
{
	pid_t pid = 0;

	fixture_start(&f, "runner", "threads", "1");
	/* Others may run the same fixture: then ours is in the list. */
	char number[16];
	snprintf(number, sizeof number, "%d", f.pid);
	if (proc_find("runner", &pid, &err) == 0)
		ck_assert_int_eq(pid, f.pid);
	else
		ck_assert(strstr(err.msg, number) || strstr(err.msg, "..."));
	fixture_end(&f);
}

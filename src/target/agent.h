/*
 * The agent: a process of ours that makes every ptrace call.
 *
 * It is forked from the front, lives in a session of its own and knows nothing
 * of the terminal.  They talk over a socket pair, a request and its reply at a
 * time.  End of file from the front, however it died, makes the agent undo
 * everything and exit; the agent's own death makes the kernel undo it.
 *
 * The front never hangs: every wait has a deadline and looks at ^C; an agent
 * that does not answer is killed, which lets go of the target just as well.
 */
#ifndef TARGET_AGENT_H
#define TARGET_AGENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "target/vectors.h"
#include "target/x86_64.h"

enum agent_command { AGENT_STOP = 1, AGENT_RESUME = 2 };

struct agent_request {
	uint32_t command;
	pid_t pid;
	uint32_t deadline_ms;
};

struct agent_thread {
	pid_t tid;
	bool group_stopped;
	bool has_vectors;
	struct thread_regs regs;
};

/* Followed by thread_count times struct agent_thread, and vector_count times
 * struct vector_word, whose thread is the index in those. */
struct agent_reply {
	int32_t rc; /* 0 or -1, then error is set */
	bool ends;  /* the agent exits now: there is no other way to let go */
	bool lost;  /* the stop had ended before: the front was suspended */
	uint64_t thread_count, vector_count;
	uint64_t stopped_us;
	struct error error;
};

/* Runs in the agent, never returns. */
void agent_main(int fd) __attribute__((noreturn));

/* The front's side: agent_front.c. */
struct agent {
	int fd; /* -1: none */
	pid_t pid;
	pid_t target; /* that it was asked to stop last */
};

/* Starts one unless there is one. */
int agent_start(struct agent *agent, struct error *err) MUST_CHECK;

/* What stopped, as the agent tells it. */
struct agent_threads {
	struct agent_thread *thread; /* owned */
	size_t count;
	struct vectors vectors; /* owned */
};
void agent_threads_deinit(struct agent_threads *threads);

/*
 * threads: the caller frees what is in it.  On failure the target runs on as it
 * was, and the agent may be gone: agent_start() before the next command.
 */
int agent_stop(struct agent *agent, pid_t pid, unsigned deadline_ms,
	       struct agent_threads *threads, struct error *err) MUST_CHECK;
/*
 * ERR_INTERRUPTED when the stop had not lasted until now.  Whatever it returns,
 * the target is let go.
 */
int agent_resume(struct agent *agent, uint64_t *stopped_us,
		 struct error *err) MUST_CHECK;

/* Ends it and what it holds; none is fine. */
void agent_end(struct agent *agent);

#endif

/*
 * Whose malloc a session's target has, and what is said where it is none that
 * can be walked.
 */
#ifndef COMMAND_SESSION_ALLOCATOR_H
#define COMMAND_SESSION_ALLOCATOR_H

#include "command/session.h"

/*
 * Looks anew.  session->allocator and its state, which the session owns; or
 * NULL, and session->no_heap says why.  Fails with ERR_INTERRUPTED and
 * ERR_NO_MEMORY, and when the target is gone.
 */
int session_find_allocator(struct session *session,
			   struct error *err) MUST_CHECK;
void session_release_allocator(struct session *session);

/* Fills session->no_heap.  snap, if there is one, knows what the memory is for;
 * why: what probing said, "" if nothing. */
void session_explain_no_heap(struct session *session,
			     const struct snapshot *snap, const char *why);

/* "; its malloc is jemalloc 5.3.0's (...)": where another one is the program's,
 * for who cannot know yet that glibc's has no blocks; else "". */
void session_other_malloc(const struct session *session, char *buf, size_t cap);

/* Since the last look: is another program there, or have files been loaded or
 * unloaded? */
bool session_program_is_other(const struct session *session);
bool session_modules_are_others(const struct session *session);

#endif

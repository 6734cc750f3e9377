/* The screen: heapscope -p PID on a terminal. */
#ifndef UI_APP_H
#define UI_APP_H

#include "base/error.h"

struct session;

/*
 * Until the user leaves.  Takes a first snapshot if there is none.  script: a
 * file with keys and command lines (ui/script.h), or NULL; with one no terminal
 * is needed.  The terminal is given back on every way out.  setlocale() was
 * called; interrupt_install() and emergency_install() too.
 */
int ui_run(struct session *session, const char *script,
	   struct error *err) MUST_CHECK;

#endif

/*
 * Signals of the terminal.  They are blocked but while we wait for a key, so
 * that none is lost and none falls into a command; ^C alone reaches commands
 * (base/interrupt.h).
 */
#ifndef UI_APP_SIGNALS_H
#define UI_APP_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

#include "base/error.h"

/* *awake: the mask to wait with. */
int app_signals_open(sigset_t *awake, struct error *err) MUST_CHECK;
void app_signals_close(void);
/* Lets those through that wait.  Input that is there was typed after ^C, for ^C
 * takes away what was not read, so that it must be obeyed first. */
void app_signals_deliver(const sigset_t *awake);
/* Did it come since it was asked for last? */
bool app_signals_take(int sig);
/* Stops us as ^Z does; returns when we are told to go on. */
void app_signals_suspend(void);

#endif

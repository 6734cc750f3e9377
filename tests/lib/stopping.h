/*
 * Fixtures that are stopped and let go: in programs of either word nothing of
 * it may show.  Every function fails the test where something does.
 */
#ifndef TESTS_LIB_STOPPING_H
#define TESTS_LIB_STOPPING_H

#include "target/target.h"
#include "tests/lib/fixture.h"

/* The fixture as a target; owned by the caller. */
struct target *fixture_open(const struct fixture *f);
void stop_and_go(struct target *target);
/* Stops, and the agent ends before it has let go. */
void stop_and_kill_agent(struct fixture *f, struct target *target);

/* Of the fixture "signals": all it sent it got, in order. */
void signals_came(struct fixture *f);
/* Of the fixture "blocking": no call came back before its time ... */
void calls_still_wait(struct fixture *f);
/* ... and all of them, which are at least so many, when it has come. */
void calls_wake(struct fixture *f, int least);
/* A handler that runs is what EINTR is for: it must come, though the signal
 * comes while "blocking" is held. */
void handlers_interrupt(struct fixture *f);

#endif

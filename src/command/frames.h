/* Between cmd_frame.c and cmd_threads.c: what the variables of a stack's
 * functions are read from. */
#ifndef COMMAND_FRAMES_H
#define COMMAND_FRAMES_H

#include "command/session.h"
#include "view/frame_vars.h"

/* Of the current snapshot; borrowed from session. */
struct frame_source session_frames(struct session *session);

#endif

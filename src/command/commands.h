/* All the commands; each stands in a cmd_*.c. */
#ifndef COMMAND_COMMANDS_H
#define COMMAND_COMMANDS_H

#include "command/command.h"

extern const struct command command_entry_echo;
extern const struct command command_entry_help;
extern const struct command command_entry_quit;
extern const struct command command_entry_shell;
extern const struct command command_entry_sleep;
extern const struct command command_entry_source;

#endif

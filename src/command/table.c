#include <stddef.h>

#include "command/commands.h"

/* Sorted by name: help and completion show them in this order. */
const struct command *const commands[] = {
	&command_entry_echo,
	&command_entry_help,
	&command_entry_quit,
	&command_entry_shell,
	&command_entry_sleep,
	&command_entry_source,
	NULL,
};

#include <stddef.h>

#include "command/commands.h"

/* Sorted by name: help and completion show them in this order. */
/* clang-format off */
const struct command *const commands[] = {
	&command_entry_bt,
	&command_entry_chunk,
	&command_entry_chunks,
	&command_entry_count,
	&command_entry_defects,
	&command_entry_detach,
	&command_entry_diff,
	&command_entry_disas,
	&command_entry_drop,
	&command_entry_echo,
	&command_entry_fragmentation,
	&command_entry_growth,
	&command_entry_heap,
	&command_entry_help,
	&command_entry_info,
	&command_entry_leaks,
	&command_entry_maps,
	&command_entry_near,
	&command_entry_path,
	&command_entry_points,
	&command_entry_quit,
	&command_entry_refs,
	&command_entry_retained,
	&command_entry_selftest,
	&command_entry_set,
	&command_entry_shell,
	&command_entry_show,
	&command_entry_sizes,
	&command_entry_sleep,
	&command_entry_snapshot,
	&command_entry_snapshots,
	&command_entry_source,
	&command_entry_suspects,
	&command_entry_symbol,
	&command_entry_threads,
	&command_entry_use,
	&command_entry_verify,
	&command_entry_x,
	NULL,
};
/* clang-format on */

/* All the commands; each stands in a cmd_*.c. */
#ifndef COMMAND_COMMANDS_H
#define COMMAND_COMMANDS_H

#include "command/command.h"

extern const struct command command_entry_args;
extern const struct command command_entry_bt;
extern const struct command command_entry_chunk;
extern const struct command command_entry_chunks;
extern const struct command command_entry_count;
extern const struct command command_entry_defects;
extern const struct command command_entry_detach;
extern const struct command command_entry_diff;
extern const struct command command_entry_disas;
extern const struct command command_entry_down;
extern const struct command command_entry_drop;
extern const struct command command_entry_echo;
extern const struct command command_entry_fragmentation;
extern const struct command command_entry_frame;
extern const struct command command_entry_growth;
extern const struct command command_entry_heap;
extern const struct command command_entry_help;
extern const struct command command_entry_info;
extern const struct command command_entry_leaks;
extern const struct command command_entry_locals;
extern const struct command command_entry_maps;
extern const struct command command_entry_near;
extern const struct command command_entry_path;
extern const struct command command_entry_points;
extern const struct command command_entry_print;
extern const struct command command_entry_ptype;
extern const struct command command_entry_quit;
extern const struct command command_entry_refs;
extern const struct command command_entry_retained;
extern const struct command command_entry_selftest;
extern const struct command command_entry_set;
extern const struct command command_entry_shell;
extern const struct command command_entry_show;
extern const struct command command_entry_sizes;
extern const struct command command_entry_sleep;
extern const struct command command_entry_snapshot;
extern const struct command command_entry_snapshots;
extern const struct command command_entry_source;
extern const struct command command_entry_suspects;
extern const struct command command_entry_symbol;
extern const struct command command_entry_threads;
extern const struct command command_entry_type;
extern const struct command command_entry_types;
extern const struct command command_entry_up;
extern const struct command command_entry_use;
extern const struct command command_entry_verify;
extern const struct command command_entry_whatis;
extern const struct command command_entry_x;

#endif

/* The parsed form of a set expression: shared by set_parse.c and set.c. */
#ifndef SNAPSHOT_SET_PARSE_H
#define SNAPSHOT_SET_PARSE_H

#include <stdbool.h>
#include <stdint.h>

#include "snapshot/set.h"

enum set_op {
	SET_ALL,
	SET_STATE, /* value: enum chunk_state */
	SET_MMAPPED,
	SET_FRESH, /* new or gone: the diff's bitmap */
	SET_SIZE,  /* usable bytes, compared with value */
	SET_CLASS, /* chunk size, compared with value */
	SET_ARENA,
	SET_CONTENT,
	SET_LEAK, /* value: a bit a leak kind */
	SET_TYPE, /* text */
	SET_NOT,  /* left */
	SET_AND,  /* left, right */
	SET_OR
};

enum set_cmp { SET_EQ, SET_GE, SET_LE, SET_GT, SET_LT };

struct set_node {
	enum set_op op;
	enum set_cmp cmp;
	uint64_t value;
	uint32_t left, right; /* indices of nodes */
	char *text;	      /* owned: CONTENT, TYPE */
	size_t text_len;
};

struct set {
	struct set_node *node; /* owned */
	size_t count, cap;
	uint32_t root;
	bool asks_new, asks_gone, asks_content, asks_leaks, asks_types;
	const uint8_t *leak; /* borrowed: see set_tell_leaks() */
	set_type_fn *is;     /* see set_tell_types() */
	const void *is_ctx;
	char *text; /* owned: normalised */
};

/* The name that text starts with, and its operator; NULL: no comparison. */
extern const char *const set_cmp_text[];

#endif

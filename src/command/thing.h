/*
 * What an address given to refs, points or path means: the chunk that it is in,
 * else the variable, else the word there.
 */
#ifndef COMMAND_THING_H
#define COMMAND_THING_H

#include "base/words.h"
#include "command/session.h"

struct thing {
	uint64_t low, high; /* [low, high), never empty */
	uint32_t chunk;	    /* index, or CHUNK_NONE */
	char name[300];	    /* "chunk 0x55... class 64", "g_sessions" */
};

/*
 * ERR_NOT_FOUND if text names nothing that is mapped, ERR_UNSUPPORTED if the
 * bytes of the current snapshot are not kept.
 */
int thing_of(struct session *session, const char *text, struct thing *out,
	     struct error *err) MUST_CHECK;
/* The same of a line that is a command and one address; else ERR_USAGE. */
int thing_of_words(struct session *session, const struct words *words,
		   struct thing *out, struct error *err) MUST_CHECK;

#endif

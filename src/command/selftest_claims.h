/* For selftest_*.c: what the judge of the self test has before it. */
#ifndef COMMAND_SELFTEST_CLAIMS_H
#define COMMAND_SELFTEST_CLAIMS_H

#include "command/selftest.h"
#include "command/session.h"

enum { CLAIMS_MAX = 32 };
enum moment { AT_START, AT_LEDGER, AT_GROWTH, SNAPSHOTS };

struct judge {
	struct session inner;	       /* of the child */
	struct selftest_process child; /* owned */
	struct ledger ledger;	       /* as told last */
	struct ledger_block block[LEDGER_BLOCKS];
	const struct snapshot *snap[SNAPSHOTS]; /* borrowed from inner */
	struct check check[CLAIMS_MAX];
	uint32_t count;
	char libc[200];
	const char *lie; /* what the child was told to lie about, or "" */
	bool incomplete;
};

/* Both numbers must be equal. */
void claim(struct judge *j, const char *name, uint64_t found, uint64_t told,
	   const char *fmt, ...) PRINTF(5, 6);

/* NULL: not there. */
const struct snapshot_thread *judge_thread(const struct snapshot *snap,
					   pid_t tid);
/* The chunks, each and all; arenas; what is used and nobody's. */
int claim_blocks(struct judge *j, struct error *err) MUST_CHECK;
/* The bytes of the blocks, and the pointers in them and to them. */
int claim_contents(struct judge *j, struct error *err) MUST_CHECK;
/* mallinfo2, as the child's own malloc has it. */
void claim_totals(struct judge *j);
int claim_growth(struct judge *j, struct error *err) MUST_CHECK;

#endif

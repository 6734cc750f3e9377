/* Addresses as users write them, and the bytes at them. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fmt.h"
#include "command/expr.h"
#include "command/session.h"
#include "snapshot/place.h"

unsigned session_word(const struct session *session)
{
	if (session->target)
		return session->target->word;
	return session->current ? session->current->word : 8;
}

int session_row(struct session *session, uint64_t row, uint64_t *out,
		struct error *err)
{
	if (!row || row > session->row_addr_count)
		return error_set(err, ERR_NOT_FOUND,
				 "the last table has no row #%" PRIu64
				 " with an address (it has %u)",
				 row, session->row_addr_count);
	*out = session->row_addr[row - 1];
	return 0;
}

static int row_address(struct session *session, const char *text, uint64_t *out,
		       struct error *err)
{
	uint64_t row;

	return parse_u64(text, &row, err) || session_row(session, row, out, err)
		       ? -1
		       : 0;
}

/* As long as none was chosen: the first of a process, which has its number (a
 * later thread may have a lower one), or where that has ended any other. */
static bool is_current(const struct session *session, uint32_t i)
{
	const struct snapshot *snap = session->current;
	pid_t tid = session->tid ? session->tid : session->target->pid;

	if (snap->thread[i].thread.tid == tid)
		return true;
	for (uint32_t k = 0; i == 0 && !session->tid && k < snap->thread_count;
	     k++)
		if (snap->thread[k].thread.tid == tid)
			return false;
	return i == 0 && !session->tid;
}

const struct snapshot_thread *session_thread(struct session *session,
					     struct error *err)
{
	if (!session->current && session_snapshot(session, NULL, err))
		return NULL;
	for (uint32_t i = 0; i < session->current->thread_count; i++) {
		const struct snapshot_thread *t = &session->current->thread[i];

		if (is_current(session, i) && t->thread.has_regs)
			return t;
	}
	error_set(err, ERR_NOT_FOUND, "no registers of thread %d were read",
		  session->tid ? (int)session->tid : (int)session->target->pid);
	return NULL;
}

bool session_frame(struct session *session, const struct snapshot_thread *t,
		   struct numbered_frame *out)
{
	return frame_numbered(t, session->symbols, session->frame, out) ||
	       frame_numbered(t, session->symbols, 0, out);
}

enum { EFLAGS = REG_COUNT_ }; /* behind those that frames may have saved */

/* Of the current frame. */
static int frame_register(struct session *session,
			  const struct snapshot_thread *t, int number,
			  const char *name, uint64_t *out, struct error *err)
{
	struct numbered_frame at;
	const struct frame *f;

	if (!session_frame(session, t, &at) || (!at.frame && !at.tail)) {
		*out = number == EFLAGS ? t->thread.regs.eflags
					: t->thread.regs.r[number];
		return 0;
	}
	/* what ended in a tail call has left its caller's as they were */
	f = &t->frame[at.frame + (at.tail != 0)];
	if (number == REG_RIP_) {
		*out = at.pc;
	} else if (number == REG_RSP_) {
		*out = at.tail ? f[-1].cfa - session->current->word : f->sp;
	} else if (number != EFLAGS && f->has_reg >> number & 1) {
		*out = f->reg[number];
	} else {
		return error_set(err, ERR_NOT_FOUND,
				 "$%s was not saved: what it held in frame %u "
				 "is not known",
				 name, session->frame);
	}
	return 0;
}

int session_register(struct session *session, const char *name, uint64_t *out,
		     struct error *err)
{
	const struct snapshot_thread *of;
	const struct thread *thread;
	int number;

	if (!strcmp(name, "_")) {
		*out = session->last_addr;
		return 0;
	}
	of = session_thread(session, err);
	if (!of)
		return -1;
	thread = &of->thread;
	if (!strcmp(name, "pc"))
		name = "rip";
	if (!strcmp(name, "sp"))
		name = "rsp";
	if (!strcmp(name, "fp"))
		name = "rbp";
	if (!strcmp(name, "fs_base")) {
		*out = thread->regs.fs_base;
		return 0;
	}
	if (!strcmp(name, "gs_base")) {
		*out = thread->regs.gs_base;
		return 0;
	}
	number = !strcmp(name, "eflags")
			 ? EFLAGS
			 : thread_reg_find(name, thread->regs.is32);
	if (number < 0)
		return error_set(err, ERR_NOT_FOUND, "there is no register $%s",
				 name);
	return frame_register(session, of, number, name, out, err);
}

static int base_address(struct session *session, const char *text,
			uint64_t *out, struct error *err)
{
	struct symbol symbol;

	if (*text == '#')
		return row_address(session, text + 1, out, err);
	if (*text == '$')
		return session_register(session, text + 1, out, err);
	if (*text >= '0' && *text <= '9')
		return parse_u64(text, out, err);
	if (!session->symbols)
		return error_set(err, ERR_USAGE, "there is no process");
	if (symbols_find(session->symbols, *text == '&' ? text + 1 : text,
			 &symbol, err))
		return error_wrap(err,
				  "\"%s\" is no address (help addresses says "
				  "how one is written)",
				  text);
	*out = symbol.addr + symbol.offset;
	return 0;
}

int session_address(struct session *session, const char *text, uint64_t *out,
		    struct error *err)
{
	AUTO_FREE char *base = xstrdup(text);
	char *sign = base + strlen(base);
	struct error ignored;
	uint64_t offset = 0;

	/* The last + or -: C++ names have some of their own. */
	while (sign > base && *sign != '+' && *sign != '-')
		sign--;
	if (sign > base && !parse_u64(sign + 1, &offset, &ignored)) {
		if (*sign == '-')
			offset = -offset;
		*sign = '\0';
	} else {
		offset = 0;
	}
	if (base_address(session, base, out, err)) {
		/* what only an expression can be: a.b, p->q, (long) p */
		if (!text[strcspn(text, ".>[(*")] ||
		    expr_address(session, text, out, err))
			return -1;
		offset = 0;
	}
	*out += offset;
	session->last_addr = *out;
	return 0;
}

/* A pointer variable stands for itself, not for what it points to: where that
 * was meant it is said how it is asked for. */
static int no_chunk(struct session *session, uint64_t addr, struct error *err)
{
	const struct snapshot *snap = session->current;
	struct place place = place_of(snap, addr);
	char what[320];
	uint64_t word = 0;
	uint32_t at = CHUNK_NONE;

	place_format(&place, snap, session->symbols, what, sizeof(what));
	if (snap->memory &&
	    !target_read(snap->memory, addr, &word, snap->word, err))
		at = snapshot_find(snap, word);
	if (at == CHUNK_NONE || snap->chunk[at].state == CHUNK_TOP)
		return error_set(err, ERR_NOT_FOUND,
				 "0x%" PRIx64 " is in no chunk of snapshot %s: "
				 "%s",
				 addr, snap->name, what);
	return error_set(err, ERR_NOT_FOUND,
			 "0x%" PRIx64 " is in no chunk of snapshot %s: %s; it "
			 "points to chunk 0x%" PRIx64,
			 addr, snap->name, what, snap->chunk[at].addr);
}

int session_chunk(struct session *session, const char *text, uint32_t *chunk,
		  struct error *err)
{
	uint64_t addr;

	if (session_address(session, text, &addr, err))
		return -1;
	*chunk = snapshot_find(session->current, addr);
	return *chunk == CHUNK_NONE ? no_chunk(session, addr, err) : 0;
}

int session_read(struct session *session, uint64_t addr, void *buf, size_t len,
		 bool *now, struct error *err)
{
	const struct snapshot *snap = session->current;

	*now = false;
	if (snap && snap->memory &&
	    !target_read(snap->memory, addr, buf, len, err))
		return 0;
	if (!session->target || target_gone(session->target))
		return snap && snap->memory
			       ? -1
			       : error_set(err, ERR_GONE,
					   "the process has ended and no bytes "
					   "of it were kept");
	*now = true;
	return target_read(session->target, addr, buf, len, err);
}

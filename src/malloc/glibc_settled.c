/*
 * What no call in progress can have left as it is.
 *
 * While a thread is inside malloc, what does not add up may be its work, half
 * done.  But once a process has threads, sizes, marks and bins of an arena
 * change under the arena's lock only: where nobody has it, nobody is at work,
 * and what is wrong there is damage.  Tcaches, fastbins and mmapped chunks
 * change without it, and malloc takes no lock as long as there is one thread
 * (GLIBC.md 11.3).
 */
#include "malloc/walk.h"

/* A thread with a descriptor of its own was made by pthread_create(), from when
 * on malloc takes its locks. */
static bool locks_are_used(struct walk *w)
{
	if (!w->locks_asked) {
		w->locks_asked = true;
		w->locks_used = tls_blocks_several(w);
	}
	return w->locks_used;
}

bool walk_is_settled(struct walk *w, const struct defect *d)
{
	const struct heap_arena *a;

	if (!w->under_lock || d->kind == DEFECT_BUSY || d->arena >= w->arenas)
		return false;
	a = &w->arena[d->arena];
	/* Of pieces that brk did not give it is not sure whose they are; and
	 * other copies of malloc may count threads in another way. */
	if (a->out.copy || (a->out.is_main && w->copies[0].segments))
		return false;
	/* malloc_state begins with the lock. */
	return a->raw && !load32(a->raw) && locks_are_used(w);
}

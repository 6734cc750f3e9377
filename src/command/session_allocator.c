#include "command/session_allocator.h"

#include <stdio.h>
#include <string.h>

#include "base/fmt.h"
#include "base/log.h"
#include "base/strbuf.h"
#include "symbols/mapped_code.h"
#include "view/views.h"

/* Memory in which an allocator we do not know may keep its heap. */
static uint64_t anonymous_bytes(const struct maps *maps)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < maps->count; i++) {
		const struct map *map = &maps->map[i];

		if (map->prot & MAP_W && map_is_anonymous(map) &&
		    strncmp(map->path, "[stack", 6))
			sum += map->end - map->start;
	}
	return sum;
}

/* snap, once there is one, knows what the memory is for. */
static void explain_memory(const struct session *session,
			   const struct snapshot *snap,
			   const struct foreign_allocator *foreign,
			   struct strbuf *sb)
{
	char bytes[FMT_MAX], text[300], data[140] = "";

	if (foreign)
		foreign_data(foreign, data, sizeof(data));
	if (snap) {
		view_other_memory(snap, text, sizeof(text));
		strbuf_addf(sb, "; its blocks are %s%s", text, data);
		return;
	}
	fmt_bytes(bytes, sizeof(bytes), anonymous_bytes(&session->target->maps),
		  false);
	strbuf_addf(sb,
		    "; its blocks are somewhere in %s of anonymous memory%s",
		    bytes, data);
}

void session_explain_no_heap(struct session *session,
			     const struct snapshot *snap, const char *why)
{
	struct foreign_allocator foreign[4];
	size_t count =
		foreign_find(session->target, session->symbols, foreign, 4);
	const char *advice = "";
	struct strbuf sb = {0};
	char name[120];

	count = count > 4 ? 4 : count;
	for (size_t i = 0; i < count; i++) {
		foreign_name(&foreign[i], name, sizeof(name));
		strbuf_addf(&sb, "%s%s (%s)", i ? " and " : "it uses ", name,
			    foreign[i].evidence);
		if (!*advice)
			advice = foreign[i].advice;
	}
	if (count && !*foreign[0].name)
		strbuf_addf(&sb, ", and glibc's has no blocks");
	if (!count)
		strbuf_addf(&sb, "no heap of glibc's malloc was found%s%s%s",
			    session->target->word == 4
				    ? " in this 32-bit process"
				    : "",
			    *why ? ": " : "", why);
	if (session->target->partial)
		strbuf_addf(&sb, "; %.*s",
			    (int)strcspn(session->target->notes, "\n"),
			    session->target->notes);
	explain_memory(session, snap, count ? &foreign[0] : NULL, &sb);
	snprintf(session->no_heap, sizeof(session->no_heap),
		 "no heap of %s %d can be read: %.620s; maps, threads, bt, x, "
		 "symbol and disas work%s%s",
		 session->target->comm, (int)session->target->pid,
		 strbuf_str(&sb), *advice ? "; " : "", advice);
	strbuf_deinit(&sb);
}

void session_other_malloc(const struct session *session, char *buf, size_t cap)
{
	struct foreign_allocator foreign;
	char name[120];

	*buf = '\0';
	if (!session->target ||
	    !foreign_find(session->target, session->symbols, &foreign, 1) ||
	    foreign.role != FOREIGN_MALLOC)
		return;
	foreign_name(&foreign, name, sizeof(name));
	snprintf(buf, cap, "; but this process uses %s (%s), %s", name,
		 foreign.evidence,
		 *foreign.name ? "whose blocks are not seen"
			       : "whose blocks are not seen unless it passes "
				 "on to glibc's");
}

void session_release_allocator(struct session *session)
{
	if (session->allocator && session->allocator->release)
		session->allocator->release(session->allocator_state);
	session->allocator = NULL;
	session->allocator_state = NULL;
}

/* Where the program is loaded, or where memory begins. */
static uint64_t program_base(const struct target *target)
{
	for (size_t i = 0; i < target->maps.count; i++)
		if (!strcmp(target->maps.map[i].path, target->exe))
			return target->maps.map[i].start;
	return target->maps.count ? target->maps.map[0].start : 0;
}

/* Another one when a file was loaded or unloaded since. */
static uint64_t modules_sum(const struct symbols *symbols)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < symbols_module_count(symbols); i++)
		sum = (sum ^ symbols_module(symbols, i)->start) *
		      UINT64_C(0x100000001b3);
	return sum;
}

int session_find_allocator(struct session *session, struct error *err)
{
	struct error why = {0};

	session->modules = modules_sum(session->symbols);
	session->program = program_base(session->target);
	session_release_allocator(session);
	session->no_heap[0] = '\0';
	if (mapped_code_check(session->target, session->symbols, &why)) {
		snprintf(session->no_heap, sizeof(session->no_heap), "%s",
			 why.msg);
		return 0;
	}
	for (size_t i = 0; allocators[i]; i++) {
		void *state = NULL;
		int found = allocators[i]->probe(
			session->target, session->symbols, &state, &why);

		if (found > 0) {
			session->allocator = allocators[i];
			session->allocator_state = state;
			log_info("%s: %s", allocators[i]->name,
				 allocators[i]->summary(state));
			return 0;
		}
		if (found < 0 &&
		    (why.code == ERR_INTERRUPTED || why.code == ERR_NO_MEMORY ||
		     target_gone(session->target))) {
			*err = why;
			return -1;
		}
	}
	session_explain_no_heap(session, NULL, why.msg);
	log_info("%s", session->no_heap);
	return 0;
}

bool session_program_is_other(const struct session *session)
{
	return session->program != program_base(session->target);
}

bool session_modules_are_others(const struct session *session)
{
	return session->modules != modules_sum(session->symbols);
}

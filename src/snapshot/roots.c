#include "snapshot/roots.h"

#include <stdio.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

struct build {
	const struct snapshot *snap;
	unsigned classes;
	struct roots *out;
	size_t cap, word_cap;
};

const char *root_class_name(enum root_class class)
{
	static const char *const name[] = {"register", "stack", "global",
					   "tls",      "other", "shared"};

	return name[class];
}

enum root_class root_class_at(const struct snapshot *snap, uint64_t addr,
			      uint32_t *thread)
{
	const struct span *span = span_find(snap, addr);

	*thread = SPAN_NO_THREAD;
	if (!span)
		return ROOT_OTHER;
	switch (span->kind) {
	case PLACE_STACK:
		*thread = span->thread;
		return ROOT_STACK;
	case PLACE_TLS:
		*thread = span->thread;
		return ROOT_TLS;
	case PLACE_GLOBAL:
	case PLACE_CODE:
		return ROOT_GLOBAL;
	default: /* it may be mapped over a block, too */
		return snap->maps.map[span->map].prot & MAP_S ? ROOT_SHARED
							      : ROOT_OTHER;
	}
}

/* One more thing that is missing. */
static PRINTF(2, 3) void note(struct build *b, const char *fmt, ...)
{
	size_t len = strlen(b->out->note), cap = sizeof b->out->note;
	va_list ap;

	b->out->complete = false;
	if (len)
		len += (size_t)snprintf(b->out->note + len, cap - len, "; ");
	if (len >= cap)
		return;
	va_start(ap, fmt);
	vsnprintf(b->out->note + len, cap - len, fmt, ap);
	va_end(ap);
}

static int add_range(struct build *b, const struct span *span,
		     enum root_class class, struct error *err)
{
	if (!(b->classes & 1u << class))
		return 0;
	if (GROW(b->out->range, b->cap, b->out->count + 1, "table of roots",
		 err))
		return -1;
	b->out->range[b->out->count++] = (struct root_range){
		.start = span->start,
		.end = span->end,
		.class = class,
		.thread = span->thread,
		.stale = !span->holds,
		.constant = !(b->snap->maps.map[span->map].prot & MAP_W),
	};
	return 0;
}

static int take_span(struct build *b, const struct span *span,
		     struct error *err)
{
	switch (span->kind) {
	case PLACE_STACK:
		return add_range(b, span, ROOT_STACK, err);
	case PLACE_TLS:
		return add_range(b, span, ROOT_TLS, err);
	case PLACE_CODE: /* what has been protected since */
	case PLACE_GLOBAL:
		return span->holds ? add_range(b, span, ROOT_GLOBAL, err) : 0;
	case PLACE_ANON:
		if (span->ended)
			return add_range(b, span, ROOT_STACK, err);
		/* fall through */
	case PLACE_FILE:
		return span->holds ? add_range(b, span, ROOT_OTHER, err) : 0;
	default:
		return 0;
	}
}

static int add_word(struct build *b, uint64_t value, uint32_t thread,
		    uint32_t reg, struct error *err)
{
	if (GROW(b->out->word, b->word_cap, b->out->words + 1,
		 "table of registers", err))
		return -1;
	b->out->word[b->out->words++] = (struct root_word){
		.value = value,
		.thread = thread,
		.reg = reg,
	};
	return 0;
}

static int take_registers(struct build *b, struct error *err)
{
	const struct snapshot *snap = b->snap;
	const struct vectors *v = &snap->vectors;
	uint32_t unknown = 0, half_known = 0;
	size_t at = 0;

	if (!(b->classes & 1u << ROOT_REGISTER))
		return 0;
	for (uint32_t i = 0; i < snap->thread_count; i++) {
		const struct thread *t = &snap->thread[i].thread;
		/* A worker of the kernel's never uses what it was made with. */
		bool any = t->has_regs && !thread_regs_kernel(&t->regs);

		for (uint32_t r = 0; any && r < REG_COUNT_; r++)
			if (add_word(b, t->regs.r[r], i, r, err))
				return -1;
		for (; at < v->count && v->word[at].thread == i; at++)
			if (any && add_word(b, v->word[at].value, i,
					    v->word[at].reg, err))
				return -1;
		/* A leader that has ended has none. */
		unknown += !t->has_regs && t->state != 'Z';
		half_known += any && !t->has_vectors;
	}
	if (unknown)
		note(b, "the registers of %u threads are not known", unknown);
	if (half_known)
		note(b, "the vector registers of %u threads are not known",
		     half_known);
	return 0;
}

int roots_make(const struct snapshot *snap, unsigned classes, struct roots *out,
	       struct error *err)
{
	struct build b = {.snap = snap, .classes = classes, .out = out};

	*out = (struct roots){.complete = true};
	if (!snap->contents)
		return error_set(err, ERR_UNSUPPORTED,
				 "the contents of snapshot %s are not kept: "
				 "take a new one",
				 snap->name);
	if (snap->skipped_bytes)
		note(&b, "not all memory was kept");
	for (uint32_t i = 0; i < snap->span_count; i++)
		if (take_span(&b, &snap->span[i], err))
			goto fail;
	if (take_registers(&b, err))
		goto fail;
	return 0;
fail:
	roots_deinit(out);
	return -1;
}

void roots_deinit(struct roots *roots)
{
	if (!roots)
		return;
	free(roots->range);
	free(roots->word);
	*roots = (struct roots){0};
}

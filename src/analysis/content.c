#include "analysis/content.h"

#include <stdio.h>
#include <string.h>

#include "analysis/describe.h"
#include "snapshot/prints.h"
#include "symbols/symbols.h"

enum { MIN_TEXT = 4 };

static bool is_text(uint8_t c)
{
	return (c >= ' ' && c < 0x7f) || c == '\t' || c == '\n' || c == '\r';
}

size_t text_run(const uint8_t *bytes, size_t len)
{
	size_t n = 0;

	while (n < len && is_text(bytes[n]))
		n++;
	return n;
}

void text_quote(const uint8_t *bytes, size_t len, size_t max, char *buf,
		size_t cap)
{
	size_t n = 0;

	/* Room for a character of two, dots, the quote and the NUL. */
	if (cap < 8)
		return;
	buf[n++] = '"';
	for (size_t i = 0; i < len && i < max && n + 7 < cap; i++) {
		static const char control[] = "\tt\nn\rr";
		const char *c = strchr(control, bytes[i]);

		if (bytes[i] < ' ' && c) {
			buf[n++] = '\\';
			buf[n++] = c[1];
		} else {
			buf[n++] = (char)bytes[i];
		}
	}
	snprintf(buf + n, cap - n, "%s\"", len > max ? "..." : "");
}

/* Nothing of a process lies lower or higher than its maps. */
static bool may_be_address(const struct snapshot *snap, uint64_t word)
{
	const struct maps *maps = &snap->maps;

	return maps->count && word >= maps->map[0].start &&
	       word < maps->map[maps->count - 1].end;
}

static bool pointer_pattern(const struct snapshot *snap,
			    const struct finder *finder, uint64_t word,
			    uint32_t *chunk, struct pattern *p)
{
	const struct span *span;

	*chunk = finder_find(finder, word);
	if (*chunk != CHUNK_NONE) {
		const struct chunk *c = &snap->chunk[*chunk];

		p->kind = CONTENT_CHUNK;
		p->flags = word == c->addr ? 0 : CONTENT_INTERIOR;
		p->a = snapshot_chunk_size(snap, *chunk);
		p->b = c->state;
		return true;
	}
	span = may_be_address(snap, word) ? span_find(snap, word) : NULL;
	if (!span || span->kind == PLACE_NONE)
		return false;
	if (span->kind == PLACE_GLOBAL || span->kind == PLACE_CODE) {
		p->kind = CONTENT_MODULE;
		p->a = word;
		return true;
	}
	p->kind = CONTENT_PLACE;
	p->a = span->kind;
	p->b = span->thread == SPAN_NO_THREAD
		       ? snap->maps.map[span->map].start
		       : (uint64_t)snap->thread[span->thread].thread.tid;
	return true;
}

struct pattern content_of(const struct snapshot *snap,
			  const struct finder *finder, uint64_t word,
			  uint32_t *chunk)
{
	struct pattern p = {.kind = CONTENT_NUMBER, .a = word};
	uint8_t bytes[8];
	size_t n;

	*chunk = CHUNK_NONE;
	if (!word) {
		p.kind = CONTENT_ZERO;
		return p;
	}
	if (pointer_pattern(snap, finder, word, chunk, &p))
		return p;
	memcpy(bytes, &word, sizeof bytes);
	n = text_run(bytes, snap->word);
	if (n >= MIN_TEXT && (n == snap->word || !bytes[n])) {
		p.kind = CONTENT_TEXT;
		p.a = n < 8 ? word & ((UINT64_C(1) << 8 * n) - 1) : word;
	}
	return p;
}

struct pattern content_first(const struct snapshot *snap,
			     const struct finder *finder, uint32_t i,
			     uint64_t *word)
{
	struct pattern p = {.kind = CONTENT_UNKNOWN};
	uint32_t chunk;

	if (!print_word(snap, i, word))
		return p;
	return content_of(snap, finder, *word, &chunk);
}

static void name_place(const struct pattern *p, const struct snapshot *snap,
		       char *buf, size_t cap)
{
	enum place_kind kind = (enum place_kind)p->a;
	const struct map *map;

	if (kind == PLACE_STACK || kind == PLACE_TLS) {
		snprintf(buf, cap, "-> %s of thread %d", place_kind_name(kind),
			 (int)p->b);
		return;
	}
	map = maps_find(&snap->maps, p->b);
	if (map && map->path[0])
		snprintf(buf, cap, "-> %s (%s)", place_kind_name(kind),
			 map->path);
	else
		snprintf(buf, cap, "-> %s memory at 0x%llx",
			 kind == PLACE_ANON ? "other" : place_kind_name(kind),
			 (unsigned long long)p->b);
}

void content_name(const struct pattern *p, const struct snapshot *snap,
		  struct symbols *symbols, char *buf, size_t cap)
{
	unsigned long long a = p->a;
	struct place place;
	uint8_t text[8];

	switch ((enum content_kind)p->kind) {
	case CONTENT_UNKNOWN:
		snprintf(buf, cap, "(not kept)");
		return;
	case CONTENT_ZERO:
		snprintf(buf, cap, "0");
		return;
	case CONTENT_TEXT:
		memcpy(text, &p->a, 8);
		text_quote(text, text_run(text, 8), 8, buf, cap);
		return;
	case CONTENT_CHUNK:
		snprintf(buf, cap, "-> %s%schunk of class %llu",
			 p->flags & CONTENT_INTERIOR ? "inside a " : "",
			 p->b == CHUNK_USED ? ""
			 : p->b == CHUNK_TOP
				 ? "top "
				 : (p->b == CHUNK_FREE ? "free " : "cached "),
			 a);
		return;
	case CONTENT_MODULE:
		if (describe_class(snap, p->a, buf, cap))
			return;
		place = place_of(snap, p->a);
		place_format(&place, snap, symbols, buf, cap);
		return;
	case CONTENT_PLACE:
		name_place(p, snap, buf, cap);
		return;
	case CONTENT_NUMBER:
		break;
	}
	snprintf(buf, cap, "0x%llx", a);
}

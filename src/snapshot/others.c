#include "snapshot/others.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of [start, end) that were copied: the others were never touched. */
static uint64_t touched(const struct image *image, uint64_t start, uint64_t end)
{
	uint64_t sum = 0, at = start;
	size_t len;

	while (at < end) {
		if (!image_at(image, at, &len)) {
			at = image_next(image, at);
			continue;
		}
		if (len > end - at)
			len = end - at;
		sum += len;
		at += len;
	}
	return sum;
}

/* "[anon:mimalloc]": who maps memory may name it. */
static bool is_named(const struct snapshot *snap, const struct map *map)
{
	if (strncmp(map->path, "[anon:", 6) != 0)
		return false;
	for (size_t i = 0; i < snap->foreign_count; i++)
		if (*snap->foreign[i].name &&
		    strstr(map->path, snap->foreign[i].name))
			return true;
	return false;
}

static void sum_memory(struct snapshot *snap)
{
	struct other_memory *other = &snap->other;
	uint32_t last = UINT32_MAX;

	/* A core has pages that were never touched, too. */
	other->resident_known = snap->contents && !snap->skipped_bytes &&
				!snap->contents->borrows;
	for (uint32_t i = 0; i < snap->span_count; i++) {
		const struct span *span = &snap->span[i];
		uint64_t bytes = span->end - span->start;

		if (span->kind != PLACE_ANON || !span->holds)
			continue;
		other->mappings += span->map != last;
		last = span->map;
		other->bytes += bytes;
		if (is_named(snap, &snap->maps.map[span->map]))
			other->named += bytes;
		if (other->resident_known)
			other->resident +=
				touched(snap->contents, span->start, span->end);
	}
}

static const char *role_text(const struct foreign_allocator *f)
{
	switch (f->role) {
	case FOREIGN_MALLOC:
		return *f->name ? "malloc of the program"
				: "if it does not pass on to glibc's, what it "
				  "allocates is not seen";
	case FOREIGN_CALLED:
		return "used beside glibc's malloc";
	case FOREIGN_MAPPED:
		break;
	}
	return "malloc is another's, and no file asks for its own";
}

int others_note(struct snapshot *snap, struct error *err)
{
	struct check *check;

	sum_memory(snap);
	if (!snap->foreign_count)
		return 0;
	check = realloc(snap->check, (snap->check_count + snap->foreign_count) *
					     sizeof(*check));
	if (!check)
		return error_set(err, ERR_NO_MEMORY, "table of checks");
	snap->check = check;
	for (size_t i = 0; i < snap->foreign_count; i++) {
		const struct foreign_allocator *f = &snap->foreign[i];
		struct check *c = &check[snap->check_count++];
		char name[sizeof(c->name)];

		foreign_name(f, name, sizeof(name));
		*c = (struct check){.result = *f->name ? CHECK_OK
						       : CHECK_SKIPPED};
		snprintf(c->name, sizeof(c->name), "%s", name);
		snprintf(c->text, sizeof(c->text), "%.90s: %s", f->evidence,
			 role_text(f));
	}
	return 0;
}

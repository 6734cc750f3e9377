#include "snapshot/snapshot.h"

#include <stdlib.h>

#include "base/fmt.h"
#include "malloc/checked.h"

void snapshot_drop_contents(struct snapshot *snap)
{
	if (!snap)
		return;
	target_close(snap->memory);
	snap->memory = NULL;
	image_destroy(snap->contents);
	snap->contents = NULL;
}

void snapshot_destroy(struct snapshot *snap)
{
	if (!snap)
		return;
	snapshot_drop_contents(snap);
	for (uint32_t i = 0; i < snap->thread_count; i++)
		free(snap->thread[i].frame);
	free(snap->thread);
	vectors_deinit(&snap->vectors);
	free(snap->chunk);
	free(snap->copy);
	free(snap->arena);
	free(snap->region);
	free(snap->defect);
	free(snap->check);
	free(snap->inside);
	free(snap->module);
	free(snap->ended);
	free(snap->span);
	free(snap->notes);
	free(snap->first_word);
	free(snap->rest_hash);
	maps_deinit(&snap->maps);
	free(snap);
}

/*
 * A second image target without anything below takes the place of the first;
 * maps and threads go with it.
 */
void snapshot_detach(struct snapshot *snap)
{
	struct target *alone;
	struct error err;

	if (!snap)
		return;
	snap->now = NULL;
	if (!snap->memory)
		return;
	if (snap->contents->borrows) {
		snapshot_drop_contents(snap);
		return;
	}
	if (target_open_image(snap->contents, false, NULL, false, &alone,
			      &err)) {
		target_close(snap->memory);
		snap->memory = NULL;
		return;
	}
	alone->pid = snap->memory->pid;
	alone->page_size = snap->memory->page_size;
	alone->word = snap->memory->word;
	alone->maps = snap->memory->maps;
	alone->thread = snap->memory->thread;
	alone->thread_count = snap->memory->thread_count;
	snap->memory->maps = (struct maps){0};
	snap->memory->thread = NULL;
	snap->memory->thread_count = 0;
	target_close(snap->memory);
	snap->memory = alone;
}

uint64_t snapshot_table_bytes(const struct snapshot *snap)
{
	uint64_t bytes = sizeof *snap;

	bytes += (uint64_t)snap->chunk_count * sizeof *snap->chunk;
	if (snap->rest_hash)
		bytes += (uint64_t)snap->chunk_count *
			 (sizeof *snap->first_word + sizeof *snap->rest_hash);
	bytes += (uint64_t)snap->arena_count * sizeof *snap->arena;
	bytes += (uint64_t)snap->copy_count * sizeof *snap->copy;
	bytes += (uint64_t)snap->region_count * sizeof *snap->region;
	bytes += (uint64_t)snap->thread_count * sizeof *snap->thread;
	bytes += snap->vectors.count * sizeof *snap->vectors.word;
	for (uint32_t i = 0; i < snap->thread_count; i++)
		bytes += (uint64_t)snap->thread[i].frame_count *
			 sizeof *snap->thread[i].frame;
	bytes += (uint64_t)snap->defect_count * sizeof *snap->defect;
	bytes += (uint64_t)snap->check_count * sizeof *snap->check;
	bytes += (uint64_t)snap->inside_count * sizeof *snap->inside;
	bytes += (uint64_t)snap->module_count * sizeof *snap->module;
	bytes += (uint64_t)snap->ended_count * sizeof *snap->ended;
	bytes += (uint64_t)snap->span_count * sizeof *snap->span;
	bytes += snap->maps.count * sizeof *snap->maps.map;
	return bytes;
}

uint64_t snapshot_content_bytes(const struct snapshot *snap)
{
	return snap->contents ? image_bytes(snap->contents) : 0;
}

bool snapshot_busy(const struct snapshot *snap)
{
	for (uint32_t i = 0; i < snap->arena_count; i++)
		if (snap->arena[i].busy)
			return true;
	for (uint32_t i = 0; i < snap->defect_count; i++)
		if (snap->defect[i].kind == DEFECT_BUSY)
			return true;
	return false;
}

bool snapshot_complete(const struct snapshot *snap)
{
	if (snap->partial || snap->skipped_bytes || snap->defect_count)
		return false;
	for (uint32_t i = 0; i < snap->check_count; i++)
		if (snap->check[i].result == CHECK_FAILED ||
		    snap->check[i].result == CHECK_BUSY)
			return false;
	return true;
}

bool snapshot_asked(const struct snapshot *snap, const struct chunk *c,
		    uint64_t *asked)
{
	struct pages pages;
	bool found;

	if (!snap->checked || !snap->memory)
		return false;
	pages_init(&pages, snap->memory);
	found = checked_size(&pages, c, snap->word, asked);
	pages_deinit(&pages);
	return found;
}

uint32_t snapshot_find(const struct snapshot *snap, uint64_t addr)
{
	const struct chunk *chunk = snap->chunk;
	uint32_t low = 0, high = snap->chunk_count;

	if (!high || addr < chunk[0].addr)
		return CHUNK_NONE;
	/* The last chunk that starts at or below addr. */
	while (high - low > 1) {
		uint32_t mid = low + (high - low) / 2;

		if (chunk[mid].addr <= addr)
			low = mid;
		else
			high = mid;
	}
	return addr - chunk[low].addr < chunk[low].size ? low : CHUNK_NONE;
}

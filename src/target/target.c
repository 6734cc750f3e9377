#include "target/target.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

void target_close(struct target *target)
{
	if (!target)
		return;
	target->ops->close(target);
	maps_deinit(&target->maps);
	free(target->thread);
	vectors_deinit(&target->vectors);
	free(target->notes);
	free(target);
}

int target_stop(struct target *target, struct error *err)
{
	if (target->state == TARGET_STOPPED || !target->ops->stop)
		return 0;
	return target->ops->stop(target, err);
}

int target_resume(struct target *target, struct error *err)
{
	if (target->state != TARGET_STOPPED || !target->ops->resume)
		return 0;
	return target->ops->resume(target, err);
}

int target_refresh(struct target *target, struct error *err)
{
	return target->ops->refresh ? target->ops->refresh(target, err) : 0;
}

int target_pidfd(const struct target *target)
{
	return target->ops->pidfd ? target->ops->pidfd(target) : -1;
}

bool target_gone(struct target *target)
{
	if (target->state != TARGET_GONE && target->ops->gone &&
	    target->ops->gone(target))
		target->state = TARGET_GONE;
	return target->state == TARGET_GONE;
}

size_t target_read_some(struct target *target, uint64_t addr, void *buf,
			size_t len)
{
	size_t done = 0;

	/* Addresses do not wrap. */
	if (len > UINT64_MAX - addr)
		len = UINT64_MAX - addr;
	while (done < len) {
		ssize_t n = target->ops->read(target, addr + done,
					      (char *)buf + done, len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	target->bytes_read += done;
	return done;
}

int target_read(struct target *target, uint64_t addr, void *buf, size_t len,
		struct error *err)
{
	size_t n = target_read_some(target, addr, buf, len);

	if (n == len)
		return 0;
	if (target_gone(target))
		return error_set(err, ERR_GONE, "process %d ended",
				 target->pid);
	return error_at(err, ERR_FAULT, addr + n,
			"cannot read %zu bytes at 0x%lx", len,
			(unsigned long)addr);
}

/* The file's mapping that is next below, or NULL. */
static const struct map *file_below(const struct maps *maps,
				    const struct map *map)
{
	while (map-- > maps->map)
		if (map->path[0] == '/')
			return map;
	return NULL;
}

bool target_is_brk(const struct target *target, uint64_t addr)
{
	const struct maps *maps = &target->maps;
	const struct map *map = maps_find(maps, addr), *end, *below;
	uint64_t far = UINT64_C(1) << (target->word == 8 ? 30 : 26);

	if (!map || !target->nameless)
		return map && !strcmp(map->path, "[heap]");
	if (!map_is_anonymous(map) || map->path[0])
		return false;
	below = file_below(maps, map);
	if (below)
		return !strcmp(below->path, target->exe) &&
		       map->start - below->end <= far;
	end = maps->map + maps->count;
	while (map + 1 < end && map[1].start == map->end)
		map++;
	return map + 1 == end || map[1].start - map->end > far;
}

int target_read_word(struct target *target, uint64_t addr, uint64_t *out,
		     struct error *err)
{
	uint64_t word = 0; /* x86: the low bytes come first */

	if (target_read(target, addr, &word, target->word, err) < 0)
		return -1;
	*out = word;
	return 0;
}

const uint8_t *target_window(struct target *target, uint64_t addr, size_t want,
			     uint8_t *buf, size_t cap, size_t *len)
{
	const uint8_t *bytes;

	*len = 0;
	if (!want)
		return buf;
	if (target->ops->peek &&
	    (bytes = target->ops->peek(target, addr, len)) && *len) {
		if (*len > want)
			*len = want;
		target->bytes_read += *len;
		return bytes;
	}
	*len = target_read_some(target, addr, buf, want < cap ? want : cap);
	return buf;
}

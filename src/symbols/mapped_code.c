#include "symbols/mapped_code.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/fmt.h"

#define HARM   "process %d cannot be stopped without ending it: "
#define ADVICE "(a file must be replaced by another one)"

/* Bytes of the mapping that the file no longer has; 0 also if it is not to be
 * had.  Only the very file can tell. */
static uint64_t behind_end(struct target *target, const struct map *map)
{
	uint64_t page = target->page_size, end, need;
	struct error err;
	struct stat st;
	int fd = target->ops->open_map(target, map, &err), failed;

	if (fd < 0)
		return 0;
	failed = fstat(fd, &st);
	close(fd);
	if (failed || !S_ISREG(st.st_mode))
		return 0;
	end = ((uint64_t)st.st_size + page - 1) & ~(page - 1);
	need = map->offset + (map->end - map->start);
	return need <= end ? 0 : need - (end > map->offset ? end : map->offset);
}

int mapped_code_check(struct target *target, const struct symbols *symbols,
		      struct error *err)
{
	size_t modules = symbols_module_count(symbols);
	char bytes[FMT_MAX];

	if (target->ops->frozen || !target->ops->open_map)
		return 0;
	for (size_t i = 0; i < target->maps.count; i++) {
		const struct map *map = &target->maps.map[i];
		uint64_t lost;

		/* A shared one may be of a file that is yet to grow. */
		if (!(map->prot & MAP_X) || map->prot & MAP_S ||
		    map->path[0] != '/' || !map->inode)
			continue;
		lost = behind_end(target, map);
		if (lost)
			return error_set(
				err, ERR_UNSUPPORTED,
				HARM "%s was made shorter after it had been "
				     "loaded " ADVICE ": %s of the code that "
				     "is mapped are no longer in it; maps and "
				     "x work",
				(int)target->pid, map->path,
				fmt_bytes(bytes, sizeof bytes, lost, false));
	}
	for (size_t i = 0; i < modules; i++) {
		const struct module *m = symbols_module(symbols, i);

		if (m->overwritten)
			return error_set(
				err, ERR_UNSUPPORTED,
				HARM "%s was written into after it had been "
				     "loaded " ADVICE ", so that its threads "
				     "will go on in other code than they came "
				     "from; maps and x work",
				(int)target->pid, m->path);
	}
	return 0;
}

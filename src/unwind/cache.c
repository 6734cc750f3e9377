/* Pages of the target: libunwind asks for a word at a time. */
#include <string.h>

#include "unwind/unwind_impl.h"

void cache_flush(struct unwinder *u)
{
	for (size_t i = 0; i < CACHE_PAGES; i++)
		u->page[i].addr = UINT64_MAX;
}

static const struct cached_page *page_at(struct unwinder *u, uint64_t addr)
{
	struct cached_page *p = &u->page[addr / PAGE % CACHE_PAGES];
	const struct map *map;

	if (p->addr == addr && (!p->writable || p->epoch == u->epoch))
		return p;
	map = maps_find(&u->target->maps, addr);
	p->addr = addr;
	p->epoch = u->epoch;
	p->writable = !map || map->prot & MAP_W;
	p->len = target_read_some(u->target, addr, p->bytes, PAGE);
	return p;
}

bool cache_read(struct unwinder *u, uint64_t addr, void *buf, size_t len)
{
	char *to = buf;

	if (addr + len < addr)
		return false;
	while (len) {
		size_t at = addr % PAGE, n = PAGE - at < len ? PAGE - at : len;
		const struct cached_page *p = page_at(u, addr - at);

		/* a copy of a stack may begin in the middle of a page */
		if (at + n <= p->len)
			memcpy(to, p->bytes + at, n);
		else if (target_read_some(u->target, addr, to, n) < n)
			return false;
		to += n;
		addr += n;
		len -= n;
	}
	return true;
}

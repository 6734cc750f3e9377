#include "malloc/reader.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

void window_init(struct window *window, struct target *target)
{
	*window = (struct window){.target = target, .step = READER_FIRST};
	window->buf = xmalloc(READER_WINDOW);
}

void window_deinit(struct window *window)
{
	free(window->buf);
	window->buf = NULL;
}

const uint8_t *window_refill(struct window *window, uint64_t addr, size_t need)
{
	size_t len;

	/* A jump: what lies behind it may not be worth reading. */
	if (addr < window->start || addr > window->end + READER_FIRST)
		window->step = READER_FIRST;
	/* Up to a page end, so that the next refill is aligned. */
	window->bytes = target_window(
		window->target, addr,
		window->target->ops->peek ? SIZE_MAX / 2
					  : window->step - addr % READER_FIRST,
		window->buf, window->step - addr % READER_FIRST, &len);
	if (window->step < READER_WINDOW)
		window->step *= 4;
	window->start = addr;
	window->end = addr + len;
	if (len >= need)
		return window->bytes;
	/* It straddles two runs, or the readable memory ends. */
	if (target_read_some(window->target, addr, window->scratch, need) <
	    need)
		return NULL;
	return window->scratch;
}

void pages_init(struct pages *pages, struct target *target)
{
	pages->target = target;
	for (size_t i = 0; i < READER_PAGES; i++)
		pages->slot[i].addr = 1;
	pages->buf = xmalloc(READER_PAGES * READER_PAGE);
}

void pages_deinit(struct pages *pages)
{
	free(pages->buf);
	pages->buf = NULL;
}

void pages_want(const struct pages *pages, uint64_t addr)
{
	struct target *target = pages->target;
	const uint8_t *at = NULL;
	size_t len;

	if (target->ops->peek)
		at = target->ops->peek(target, addr, &len);
	if (at)
		__builtin_prefetch(at);
}

/* At most to the end of addr's page. */
static size_t read_in_page(struct pages *pages, uint64_t addr, void *buf,
			   size_t len)
{
	uint64_t page = addr - addr % READER_PAGE, offset = addr % READER_PAGE;
	size_t i = page / READER_PAGE % READER_PAGES;
	uint8_t *bytes = pages->buf + i * READER_PAGE;

	if (len > READER_PAGE - offset)
		len = READER_PAGE - offset;
	if (pages->slot[i].addr != page) {
		pages->slot[i].len = target_read_some(pages->target, page,
						      bytes, READER_PAGE);
		pages->slot[i].addr = page;
	}
	if (offset + len > pages->slot[i].len)
		return target_read_some(pages->target, addr, buf, len);
	memcpy(buf, bytes + offset, len);
	return len;
}

bool pages_read(struct pages *pages, uint64_t addr, void *buf, size_t len)
{
	size_t done = 0;

	if (len > UINT64_MAX - addr)
		return false;
	if (pages->target->ops->peek) {
		size_t n;
		const uint8_t *p =
			target_window(pages->target, addr, len, buf, len, &n);

		if (n == len) {
			if (p != buf)
				memcpy(buf, p, len);
			return true;
		}
	}
	while (done < len) {
		size_t n = read_in_page(pages, addr + done,
					(uint8_t *)buf + done, len - done);

		if (!n)
			return false;
		done += n;
	}
	return true;
}

bool pages_word(struct pages *pages, uint64_t addr, uint64_t *out)
{
	uint64_t v = 0; /* x86: the low bytes come first */

	if (!pages_read(pages, addr, &v, pages->target->word))
		return false;
	*out = v;
	return true;
}

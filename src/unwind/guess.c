/* Frames without unwind tables: frame pointers, and what follows a call. */
#include <string.h>

#include "unwind/unwind_impl.h"

enum { SCAN_BYTES = 64 << 10 };

/*
 * Length of "ff /2" (call r/m) with this modrm and sib byte; 0 if it is not a
 * call.
 */
static unsigned call_length(uint8_t modrm, uint8_t sib)
{
	unsigned mod = modrm >> 6, rm = modrm & 7;
	unsigned len = 2;

	if ((modrm >> 3 & 7) != 2)
		return 0;
	if (mod == 3)
		return len;
	if (rm == 4)
		len++;
	if (mod == 1)
		return len + 1;
	if (mod == 2 || (mod == 0 && (rm == 5 || (rm == 4 && (sib & 7) == 5))))
		return len + 4;
	return len;
}

static bool is_return_address(struct unwinder *u, uint64_t addr)
{
	const struct map *map = maps_find(&u->target->maps, addr);
	uint8_t code[8]; /* code[8 - n] is n bytes before addr */

	if (!map || !(map->prot & MAP_X) || addr - map->start < sizeof code)
		return false;
	if (!cache_read(u, addr - sizeof code, code, sizeof code))
		return false;
	if (code[3] == 0xe8) /* call rel32 */
		return true;
	for (unsigned n = 2; n <= 7; n++)
		if (code[8 - n] == 0xff &&
		    call_length(code[9 - n], n > 2 ? code[10 - n] : 0) == n)
			return true;
	return false;
}

static bool read_word(struct unwinder *u, uint64_t addr, unsigned word,
		      uint64_t *out)
{
	*out = 0;
	return cache_read(u, addr, out, word);
}

/* push bp; mov bp, sp: the caller's bp and the return address lie at bp. */
static bool by_frame_pointer(struct unwinder *u, struct thread_regs *regs,
			     const struct map *stack, unsigned word)
{
	uint64_t bp = regs->r[REG_RBP_], next, ret;

	if (bp % word || bp < regs->r[REG_RSP_] || bp >= stack->end)
		return false;
	if (!read_word(u, bp, word, &next) ||
	    !read_word(u, bp + word, word, &ret) || !is_return_address(u, ret))
		return false;
	regs->r[REG_RBP_] = next;
	regs->r[REG_RSP_] = bp + 2 * word;
	regs->r[REG_RIP_] = ret;
	return true;
}

static bool by_scan(struct unwinder *u, struct thread_regs *regs,
		    const struct map *stack, unsigned word)
{
	uint64_t at = (regs->r[REG_RSP_] + word - 1) & ~(uint64_t)(word - 1);
	uint64_t end =
		at + SCAN_BYTES < stack->end ? at + SCAN_BYTES : stack->end;

	for (; at < end; at += word) {
		uint64_t ret;

		if (!read_word(u, at, word, &ret))
			return false;
		if (!is_return_address(u, ret))
			continue;
		regs->r[REG_RSP_] = at + word;
		regs->r[REG_RIP_] = ret;
		return true;
	}
	return false;
}

bool guess_step(struct unwinder *u, struct thread_regs *regs)
{
	unsigned word = regs->is32 ? 4 : 8;
	const struct maps *maps = &u->target->maps;
	const struct map *stack = maps_find(maps, regs->r[REG_RSP_]);
	const struct map *code = maps_find(maps, regs->r[REG_RIP_]);

	if (!stack)
		return false;
	/* a call to nowhere has just pushed the return address */
	if (!code || !(code->prot & MAP_X))
		return by_scan(u, regs, stack, word) ||
		       by_frame_pointer(u, regs, stack, word);
	return by_frame_pointer(u, regs, stack, word) ||
	       by_scan(u, regs, stack, word);
}

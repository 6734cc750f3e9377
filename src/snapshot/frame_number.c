#include "snapshot/frame_number.h"

#include "symbols/symbols_functions.h"

static uint32_t levels(const struct snapshot_thread *t, struct symbols *symbols,
		       uint32_t frame)
{
	return symbols ? symbols_inlined(symbols,
					 frame_lookup(&t->frame[frame]))
		       : 0;
}

uint32_t frame_number(const struct snapshot_thread *t, struct symbols *symbols,
		      uint32_t frame, unsigned level)
{
	uint32_t number = 0;

	for (uint32_t i = 0; i < frame; i++)
		number += levels(t, symbols, i) + 1;
	return number + levels(t, symbols, frame) - level;
}

uint32_t frame_numbers(const struct snapshot_thread *t, struct symbols *symbols)
{
	return t->frame_count
		       ? frame_number(t, symbols, t->frame_count - 1, 0) + 1
		       : 0;
}

bool frame_numbered(const struct snapshot_thread *t, struct symbols *symbols,
		    uint32_t number, struct numbered_frame *out)
{
	for (uint32_t i = 0; i < t->frame_count; i++) {
		uint32_t inlined = levels(t, symbols, i);

		if (number <= inlined) {
			*out = (struct numbered_frame){i, inlined - number};
			return true;
		}
		number -= inlined + 1;
	}
	return false;
}

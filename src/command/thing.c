#include "command/thing.h"

#include <inttypes.h>

#include "analysis/names.h"

static int check_contents(const struct snapshot *snap, struct error *err)
{
	if (snap->contents)
		return 0;
	return error_set(err, ERR_UNSUPPORTED,
			 "the bytes of snapshot %s are not kept (any more), "
			 "and this looks at them: take a new one",
			 snap->name);
}

int thing_of(struct session *session, const char *text, struct thing *out,
	     struct error *err)
{
	const struct snapshot *snap = session->current;
	struct symbol symbol;
	struct place place;
	uint64_t addr;

	if (session_address(session, text, &addr, err) ||
	    check_contents(snap, err))
		return -1;
	place = place_of(snap, addr);
	out->chunk = place.chunk;
	if (place.kind == PLACE_NONE)
		return error_set(err, ERR_NOT_FOUND,
				 "0x%" PRIx64 " is no address of snapshot %s: "
				 "nothing is mapped there",
				 addr, snap->name);
	if (place.chunk != CHUNK_NONE) {
		out->low = snap->chunk[place.chunk].addr;
		out->high = out->low + snap->chunk[place.chunk].size;
	} else if (session->symbols &&
		   symbols_at(session->symbols, addr, &symbol) && symbol.size &&
		   symbol.offset < symbol.size) {
		out->low = symbol.addr;
		out->high = symbol.addr + symbol.size;
	} else {
		out->low = addr;
		out->high = addr + snap->word;
	}
	place = place_of(snap, out->low);
	name_format(snap, session->symbols, &place, out->name,
		    sizeof(out->name));
	return 0;
}

int thing_of_words(struct session *session, const struct words *words,
		   struct thing *out, struct error *err)
{
	if (words->count != 2)
		return error_set(err, ERR_USAGE,
				 "%s takes an address; help addresses says how "
				 "it is written",
				 words->word[0]);
	return thing_of(session, words->word[1], out, err);
}

#include "analysis/typing_similar.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

enum {
	LETTERS = 60,  /* longer ones are not compared letter by letter */
	LONGER = 1000, /* it has the name: after all that differ in letters */
	UNLIKE = UINT32_MAX
};

bool typing_has(const struct typing *typing, const char *name)
{
	for (uint32_t i = 0; i < typing->snap->chunk_count; i++)
		if (typing_is(typing, i, name))
			return true;
	return false;
}

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* How many letters to add, take away or change (Wagner and Fischer). */
static uint32_t letters_apart(const char *a, const char *b)
{
	size_t wide = strlen(b);
	uint32_t row[LETTERS + 1];

	for (uint32_t i = 0; i <= wide; i++)
		row[i] = i;
	for (uint32_t n = 1; *a; a++, n++) {
		uint32_t slant = row[0];

		row[0] = n;
		for (size_t i = 1; i <= wide; i++) {
			bool same = tolower((unsigned char)*a) ==
				    tolower((unsigned char)b[i - 1]);
			uint32_t changed = slant + !same;

			slant = row[i];
			row[i] = least(changed, least(row[i], row[i - 1]) + 1);
		}
	}
	return row[wide];
}

/* 0: the same but for case. */
static uint32_t unlikeness(const char *type, const char *name)
{
	size_t len = strlen(name), type_len;
	uint32_t apart;

	if (len > 2 && strcasestr(type, name))
		return (uint32_t)least(LONGER + (uint32_t)(strlen(type) - len),
				       UNLIKE - 1);
	type = type_without_word(type);
	name = type_without_word(name);
	len = strlen(name);
	type_len = strlen(type);
	if (len > LETTERS || type_len > LETTERS)
		return UNLIKE;
	apart = letters_apart(type, name);
	return apart <= (len < 3 ? 0 : len / 3) ? apart : UNLIKE;
}

size_t typing_similar(const struct typing *typing, const char *name,
		      const char *similar[TYPING_SIMILAR_MAX])
{
	AUTO_FREE bool *seen = xcalloc(typing->names, sizeof(*seen));
	uint32_t unlike[TYPING_SIMILAR_MAX], number;
	size_t count = 0;

	for (uint32_t i = 0; i < typing->snap->chunk_count; i++)
		if (typing->snap->chunk[i].state == CHUNK_USED &&
		    typing_best(typing, i, &number) != TYPED_NOT)
			seen[number] = true;
	for (size_t i = 0; i < typing->names; i++) {
		const char *type = typing->name[i].text;
		uint32_t u = seen[i] ? unlikeness(type, name) : UNLIKE;
		size_t at = count;

		while (at && unlike[at - 1] > u)
			at--;
		if (u == UNLIKE || at == TYPING_SIMILAR_MAX)
			continue;
		count += count < TYPING_SIMILAR_MAX;
		for (size_t j = count - 1; j > at; j--) {
			unlike[j] = unlike[j - 1];
			similar[j] = similar[j - 1];
		}
		unlike[at] = u;
		similar[at] = type;
	}
	return count;
}

#include "target/maps.h"

#include <stdlib.h>
#include <string.h>

struct cursor {
	const char *at, *end;
};

static bool take(struct cursor *c, char want)
{
	if (c->at == c->end || *c->at != want)
		return false;
	c->at++;
	return true;
}

static bool take_number(struct cursor *c, unsigned base, uint64_t *out)
{
	const char *first = c->at;
	uint64_t value = 0;

	for (; c->at < c->end; c->at++) {
		unsigned digit;

		if (*c->at >= '0' && *c->at <= '9')
			digit = (unsigned)(*c->at - '0');
		else if (*c->at >= 'a' && *c->at <= 'f')
			digit = (unsigned)(*c->at - 'a') + 10;
		else
			break;
		if (digit >= base)
			return false;
		if (__builtin_mul_overflow(value, base, &value) ||
		    __builtin_add_overflow(value, digit, &value))
			return false;
	}
	*out = value;
	return c->at != first;
}

static bool take_prot(struct cursor *c, unsigned *out)
{
	static const char letters[] = "rwx";

	if (c->end - c->at < 4)
		return false;
	*out = 0;
	for (unsigned i = 0; i < 3; i++)
		if (c->at[i] == letters[i])
			*out |= 1u << i;
		else if (c->at[i] != '-')
			return false;
	if (c->at[3] == 's')
		*out |= MAP_S;
	else if (c->at[3] != 'p')
		return false;
	c->at += 4;
	return true;
}

/* START-END PROT OFFSET MAJOR:MINOR INODE [PATH] */
static bool parse_line(struct cursor *c, struct map *map)
{
	uint64_t major, minor;

	if (!take_number(c, 16, &map->start) || !take(c, '-') ||
	    !take_number(c, 16, &map->end) || !take(c, ' ') ||
	    !take_prot(c, &map->prot) || !take(c, ' ') ||
	    !take_number(c, 16, &map->offset) || !take(c, ' ') ||
	    !take_number(c, 16, &major) || !take(c, ':') ||
	    !take_number(c, 16, &minor) || !take(c, ' ') ||
	    !take_number(c, 10, &map->inode))
		return false;
	map->dev_major = (uint32_t)major;
	map->dev_minor = (uint32_t)minor;
	while (take(c, ' '))
		continue;
	map->path = c->at;
	return map->start < map->end;
}

static int parse_all(struct maps *maps, size_t len, struct error *err)
{
	char *line = maps->text, *end = maps->text + len;

	while (line < end) {
		char *newline = memchr(line, '\n', (size_t)(end - line));
		struct map *map = &maps->map[maps->count];
		struct cursor c = {line, newline ? newline : end};

		if (newline)
			*newline = 0;
		if (!parse_line(&c, map))
			return error_set(err, ERR_FORMAT,
					 "line %zu is not a mapping: %.80s",
					 maps->count + 1, line);
		if (maps->count && map->start < map[-1].end)
			return error_at(err, ERR_FORMAT, map->start,
					"line %zu overlaps the one before it",
					maps->count + 1);
		maps->count++;
		line = newline ? newline + 1 : end;
	}
	return 0;
}

int maps_parse(const char *text, size_t len, struct maps *out,
	       struct error *err)
{
	struct maps maps = {0};
	size_t lines = 1;

	for (size_t i = 0; i < len; i++)
		lines += text[i] == '\n';
	maps.text = malloc(len + 1);
	maps.map = calloc(lines, sizeof *maps.map);
	if (!maps.text || !maps.map) {
		maps_deinit(&maps);
		return error_set(err, ERR_NO_MEMORY,
				 "no memory for a map of %zu lines", lines);
	}
	memcpy(maps.text, text, len);
	maps.text[len] = 0;
	if (parse_all(&maps, len, err) < 0) {
		maps_deinit(&maps);
		return error_wrap(err, "memory map");
	}
	*out = maps;
	return 0;
}

int maps_copy(const struct maps *from, struct maps *out, struct error *err)
{
	size_t size = 1;
	char *at;

	for (size_t i = 0; i < from->count; i++)
		size += strlen(from->map[i].path) + 1;
	*out = (struct maps){
		.map = calloc(from->count + 1, sizeof *out->map),
		.count = from->count,
		.text = malloc(size),
	};
	if (!out->map || !out->text) {
		maps_deinit(out);
		return error_set(err, ERR_NO_MEMORY,
				 "no memory for a map of %zu lines",
				 from->count);
	}
	at = out->text;
	for (size_t i = 0; i < from->count; i++) {
		size_t len = strlen(from->map[i].path) + 1;

		out->map[i] = from->map[i];
		out->map[i].path = memcpy(at, from->map[i].path, len);
		at += len;
	}
	return 0;
}

void maps_deinit(struct maps *maps)
{
	if (!maps)
		return;
	free(maps->map);
	free(maps->text);
	*maps = (struct maps){0};
}

const struct map *maps_find(const struct maps *maps, uint64_t addr)
{
	size_t low = 0, high = maps->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (maps->map[mid].end <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == maps->count || addr < maps->map[low].start)
		return NULL;
	return &maps->map[low];
}

bool map_is_anonymous(const struct map *map)
{
	static const char *const prefix[] = {"[heap]", "[stack",
					     "[anon:", "/anon_hugepage"};

	if (map->prot & MAP_S)
		return false;
	if (!map->path[0])
		return map->inode == 0;
	for (size_t i = 0; i < sizeof prefix / sizeof *prefix; i++)
		if (!strncmp(map->path, prefix[i], strlen(prefix[i])))
			return true;
	return false;
}

#include "target/demand.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

static int add(struct demand *demand, const struct demand_range *range,
	       struct error *err)
{
	if (GROW(demand->range, demand->cap, demand->count + 1,
		 "list of mappings", err) < 0)
		return -1;
	demand->range[demand->count++] = *range;
	return 0;
}

/* "VmFlags: rd wr mr mw me um ac": missing or minor faults are somebody's. */
static bool is_registered(const char *line)
{
	return !strncmp(line, "VmFlags:", 8) &&
	       (strstr(line, " um") || strstr(line, " ui"));
}

int demand_find(pid_t tid, struct demand *out, struct error *err)
{
	struct demand_range at = {0};
	AUTO_FREE char *line = NULL;
	char path[64];
	size_t cap = 0;
	FILE *file;
	int rc = 0;

	*out = (struct demand){0};
	snprintf(path, sizeof path, "/proc/%d/smaps", tid);
	file = fopen(path, "re");
	if (!file)
		return 0;
	while (!rc && getline(&line, &cap, file) > 0) {
		char *end;

		/* Names of fields begin with capitals, addresses do not. */
		if (!isupper((unsigned char)*line)) {
			at.start = strtoull(line, &end, 16);
			at.end = *end == '-' ? strtoull(end + 1, NULL, 16) : 0;
		} else if (is_registered(line)) {
			rc = add(out, &at, err);
		}
	}
	fclose(file);
	if (rc < 0)
		demand_deinit(out);
	return rc;
}

void demand_deinit(struct demand *demand)
{
	free(demand->range);
	*demand = (struct demand){0};
}

void demand_mark(const struct demand *demand, struct maps *maps)
{
	size_t k = 0;

	for (size_t i = 0; i < maps->count && k < demand->count; i++) {
		struct map *m = &maps->map[i];

		while (k < demand->count && demand->range[k].end <= m->start)
			k++;
		if (k < demand->count && demand->range[k].start < m->end)
			m->prot |= MAP_DEMAND;
	}
}

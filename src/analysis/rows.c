#include "analysis/rows.h"

#include <stdlib.h>

#include "base/alloc.h"

/* Counting sort by target: each row comes out ascending. */
int rows_reverse(const struct rows *rows, struct rows *out, struct error *err)
{
	uint64_t edges = rows->first[rows->nodes], sum = 0;

	*out = (struct rows){.nodes = rows->nodes};
	out->first = try_calloc((size_t)rows->nodes + 2, sizeof *out->first,
				"graph", err);
	out->to = try_calloc(edges ? edges : 1, sizeof *out->to, "graph", err);
	if (!out->first || !out->to) {
		rows_deinit(out);
		return -1;
	}
	/* first[n + 1] is where row n begins, until it has been filled. */
	for (uint64_t e = 0; e < edges; e++)
		out->first[rows->to[e] + 2]++;
	for (uint32_t n = 0; n <= rows->nodes; n++) {
		sum += out->first[n + 1];
		out->first[n + 1] = sum;
	}
	for (uint32_t n = 0; n < rows->nodes; n++)
		for (uint64_t e = rows->first[n]; e < rows->first[n + 1]; e++)
			out->to[out->first[rows->to[e] + 1]++] = n;
	return 0;
}

void rows_deinit(struct rows *rows)
{
	if (!rows)
		return;
	free(rows->first);
	free(rows->to);
	*rows = (struct rows){0};
}

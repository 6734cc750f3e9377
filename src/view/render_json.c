#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "snapshot/snapshot.h"
#include "view/render_impl.h"

static json_t *text_json(const char *text)
{
	size_t cap = 4 * strlen(text) + 1;
	AUTO_FREE char *clean = xmalloc(cap);

	return json_stringn(clean, view_clean(text, true, clean, cap));
}

static json_t *addr_json(uint64_t addr)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%" PRIx64, addr);
	return json_string(text);
}

static json_t *value_json(const struct value *value)
{
	switch (value->kind) {
	case V_NONE:
		break;
	case V_BYTES:
	case V_COUNT:
	case V_NUMBER:
	case V_USEC:
		return json_integer((json_int_t)value->u);
	case V_ADDR:
	case V_HEX:
		return addr_json(value->u);
	case V_TEXT:
		return text_json(value->text);
	case V_PERCENT:
	case V_RATIO:
		return isfinite(value->f) ? json_real(value->f) : json_null();
	case V_DELTA:
	case V_CHANGE:
		return json_integer(value->i);
	case V_BOOL:
		return json_boolean(value->u);
	}
	return json_null();
}

/* Writes and releases it.  What fails is seen on the stream. */
static void put(json_t *json, FILE *out)
{
	json_dumpf(json, out,
		   JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));
	json_decref(json);
}

static void put_key(const char *key, json_t *json, FILE *out)
{
	fprintf(out, ",\"%s\":", key);
	put(json, out);
}

static json_t *taken_json(const struct timespec *taken)
{
	char text[64], seconds[32];
	struct tm tm;

	gmtime_r(&taken->tv_sec, &tm);
	strftime(seconds, sizeof(seconds), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text, sizeof(text), "%s.%06ldZ", seconds,
		 taken->tv_nsec / 1000);
	return json_string(text);
}

static void put_head(const struct snapshot *snap,
		     const struct render_opts *opts, FILE *out)
{
	fputs("{\"heapscope\":\"" PACKAGE_VERSION "\"", out);
	put_key("command", text_json(opts->command ? opts->command : ""), out);
	if (opts->target_kind && *opts->target_kind) {
		json_t *target = json_object();

		json_object_set_new(target, "kind",
				    text_json(opts->target_kind));
		json_object_set_new(target, "pid", json_integer(opts->pid));
		json_object_set_new(target, "exe",
				    text_json(opts->exe ? opts->exe : ""));
		json_object_set_new(target, "glibc",
				    opts->glibc && *opts->glibc
					    ? text_json(opts->glibc)
					    : json_null());
		if (opts->word)
			json_object_set_new(target, "word",
					    json_integer(opts->word));
		put_key("target", target, out);
	}
	if (snap) {
		json_t *snapshot = json_object();

		json_object_set_new(snapshot, "name", text_json(snap->name));
		json_object_set_new(snapshot, "taken",
				    taken_json(&snap->taken));
		json_object_set_new(snapshot, "stopped_us",
				    json_integer((json_int_t)snap->stopped_us));
		put_key("snapshot", snapshot, out);
	}
}

static json_t *warnings_json(const struct view *view)
{
	json_t *list = json_array();
	AUTO_FREE char *copy = xstrdup(view->warnings ? view->warnings : "");
	char *rest = copy, *line;

	while ((line = strsep(&rest, "\n")))
		if (*line)
			json_array_append_new(list, text_json(line));
	return list;
}

static json_t *columns_json(const struct view_ops *ops)
{
	json_t *list = json_array();

	for (uint32_t c = 0; c < ops->column_count; c++) {
		json_t *column = json_object();

		json_object_set_new(column, "key",
				    json_string(ops->column[c].key));
		json_object_set_new(column, "title",
				    json_string(ops->column[c].title));
		json_object_set_new(
			column, "kind",
			json_string(value_kind_name(ops->column[c].kind)));
		json_array_append_new(list, column);
	}
	return list;
}

static json_t *totals_json(const struct view *view)
{
	json_t *totals = json_object();

	for (uint32_t i = 0; i < view->total_count; i++) {
		const struct total *total = &view->total[i];
		json_t *into = totals;

		if (total->group) {
			into = json_object_get(totals, total->group);
			if (!into) {
				into = json_object();
				json_object_set_new(totals, total->group, into);
			}
		}
		json_object_set_new(into, total->key,
				    value_json(&total->value));
	}
	return totals;
}

static json_t *row_json(const struct view *view, uint32_t row)
{
	json_t *object = json_object();

	for (uint32_t c = 0; c < view->ops->column_count; c++) {
		const struct column *column = &view->ops->column[c];
		struct value value = value_none();

		column->cell(view, row, &value);
		json_object_set_new(object, column->key, value_json(&value));
	}
	return object;
}

int render_json(const struct view *view, const struct render_opts *opts,
		uint32_t rows, FILE *out, struct error *err)
{
	put_head(view->snap, opts, out);
	if (*view->title)
		put_key("title", text_json(view->title), out);
	put_key("complete", json_boolean(view->complete), out);
	put_key("warnings", warnings_json(view), out);
	put_key("columns", columns_json(view->ops), out);
	put_key("row_count", json_integer(view->shown), out);
	fputs(",\"rows\":[", out);
	for (uint32_t i = 0; i < rows; i++) {
		if (render_row_check(i, out, err))
			return -1;
		if (i)
			fputc(',', out);
		put(row_json(view, view->order[i]), out);
	}
	fputc(']', out);
	put_key("totals", totals_json(view), out);
	fputs("}\n", out);
	return 0;
}

static const char *code_name(enum err_code code)
{
	static const char *const name[] = {
		[ERR_NONE] = "none",
		[ERR_USAGE] = "usage",
		[ERR_SYSTEM] = "system",
		[ERR_PERMISSION] = "permission",
		[ERR_GONE] = "gone",
		[ERR_FAULT] = "fault",
		[ERR_CORRUPT] = "corrupt",
		[ERR_FORMAT] = "format",
		[ERR_NOT_FOUND] = "not_found",
		[ERR_UNSUPPORTED] = "unsupported",
		[ERR_NO_MEMORY] = "no_memory",
		[ERR_INTERRUPTED] = "interrupted",
	};

	return name[code];
}

void render_json_error(const struct error *err, const struct render_opts *opts,
		       FILE *out)
{
	json_t *error = json_object();

	put_head(NULL, opts, out);
	json_object_set_new(error, "code", json_string(code_name(err->code)));
	json_object_set_new(error, "message", text_json(err->msg));
	if (err->code == ERR_FAULT || err->code == ERR_CORRUPT)
		json_object_set_new(error, "addr", addr_json(err->addr));
	put_key("complete", json_false(), out);
	put_key("error", error, out);
	fputs("}\n", out);
	fflush(out);
}

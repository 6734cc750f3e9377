#include "ui/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/fmt.h"
#include "ui/draw.h"
#include "ui/ui.h"

#define ASK "(heapscope) "

void status_echo(struct ui *ui, const char *line)
{
	snprintf(ui->status.echo, sizeof(ui->status.echo), "%s", line);
}

void status_say(struct ui *ui, enum theme_role role, const char *fmt, ...)
{
	char text[sizeof(ui->status.message)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	view_clean(text, false, ui->status.message, sizeof(ui->status.message));
	ui->status.role = role;
}

void status_clear(struct ui *ui)
{
	ui->status.message[0] = '\0';
}

static void count_used(struct status *status, const struct snapshot *snap)
{
	if (status->counted == snap &&
	    (!snap || !strcmp(status->counted_name, snap->name)))
		return;
	status->counted = snap;
	status->used_count = status->used_bytes = 0;
	if (!snap)
		return;
	memcpy(status->counted_name, snap->name, sizeof(snap->name));
	for (uint32_t i = 0; i < snap->chunk_count; i++) {
		if (snap->chunk[i].state != CHUNK_USED)
			continue;
		status->used_count++;
		status->used_bytes += snapshot_chunk_size(snap, i);
	}
}

void status_snapshot(struct ui *ui)
{
	const struct snapshot *snap = ui->session->current;
	char count[FMT_MAX], bytes[FMT_MAX], took[FMT_MAX];
	char stop[FMT_MAX + 20];

	if (!snap)
		return;
	count_used(&ui->status, snap);
	fmt_count(count, sizeof(count), ui->status.used_count);
	fmt_bytes(bytes, sizeof(bytes), ui->status.used_bytes, false);
	fmt_usec(took, sizeof(took), snap->stopped_us);
	/* A core never stood. */
	snprintf(stop, sizeof(stop), "; stopped for %s", took);
	if (!strcmp(snap->kind, "core"))
		*stop = '\0';
	if (snap->allocator)
		status_say(ui, THEME_TEXT, "snapshot %s: %s chunks, %s%s",
			   snap->name, count, bytes, stop);
	else
		status_say(ui, THEME_TEXT, "snapshot %s: threads and maps%s",
			   snap->name, stop);
}

/* Pieces of the title; the highest rank is dropped first. */
struct piece {
	int rank;
	enum theme_role role;
	bool shown;
	char text[64];
};

enum { PIECES = 8, RANKS = 7 };

static size_t title_pieces(struct ui *ui, struct piece *piece)
{
	const struct session *session = ui->session;
	const struct snapshot *snap = session->current;
	char a[FMT_MAX], b[FMT_MAX], name[64];
	size_t n = 0;

#define PIECE(rank_, role_, ...)                                               \
	do {                                                                   \
		piece[n].rank = (rank_);                                       \
		piece[n].role = (role_);                                       \
		snprintf(piece[n++].text, sizeof(piece->text), __VA_ARGS__);   \
	} while (0)
	PIECE(4, THEME_TITLE, "heapscope");
	if (session->target)
		PIECE(0, THEME_TITLE, "%s %d", session->target->comm,
		      (int)session->target->pid);
	if (snap && snap->allocator && *snap->glibc)
		PIECE(5, THEME_TITLE, "%s %s", snap->allocator, snap->glibc);
	if (snap && snap->allocator) {
		PIECE(6, THEME_TITLE, "%u arena%s", snap->arena_count,
		      snap->arena_count == 1 ? "" : "s");
		count_used(&ui->status, snap);
		PIECE(2, THEME_TITLE, "%s used / %s",
		      fmt_count(a, sizeof(a), ui->status.used_count),
		      fmt_bytes(b, sizeof(b), ui->status.used_bytes, false));
	} else if (snap && snap->foreign_count) {
		foreign_name(&snap->foreign[0], name, sizeof(name));
		PIECE(2, THEME_TITLE, "%s", name);
	}
	if (ui->gone)
		PIECE(1, THEME_ENDED, " ended ");
	else if (session->target)
		PIECE(1, THEME_RUNNING, "%s",
		      session->target->ops->frozen		 ? "core file"
		      : session->target->state == TARGET_STOPPED ? "stopped"
								 : "running");
	if (snap && strcmp(snap->kind, "core") != 0)
		PIECE(3, THEME_TITLE, "last stop %s",
		      fmt_usec(a, sizeof(a), snap->stopped_us));
#undef PIECE
	return n;
}

/* Marks the pieces there is room for, by rank. */
static void choose_pieces(const struct ui *ui, struct piece *piece,
			  size_t count, int width)
{
	int gap = draw_width(ui->theme.separator), used = 2 - gap;

	for (int rank = 0; rank < RANKS; rank++)
		for (size_t i = 0; i < count; i++) {
			int more = draw_width(piece[i].text) + gap;

			if (piece[i].rank != rank)
				continue;
			piece[i].shown = !rank || used + more <= width;
			if (piece[i].shown)
				used += more;
		}
}

void status_draw_title(struct ui *ui, int width)
{
	struct piece piece[PIECES] = {0};
	size_t count = title_pieces(ui, piece);
	int x = 1;

	choose_pieces(ui, piece, count, width);
	attrset((int)ui->theme.attr[THEME_TITLE]);
	draw_fill(0, 0, width, " ");
	for (size_t i = 0; i < count; i++) {
		if (!piece[i].shown)
			continue;
		if (x > 1)
			x += draw_in(&ui->theme, THEME_TITLE, 0, x, width - x,
				     ui->theme.separator);
		x += draw_in(&ui->theme, piece[i].role, 0, x, width - x,
			     piece[i].text);
	}
}

static int echo_width(const struct ui *ui)
{
	int width = draw_width(ASK) + draw_width(ui->status.echo);

	return *ui->status.echo ? width + 2 : draw_width(ASK);
}

int status_popup_lines(const struct ui *ui, int width)
{
	const char *text = ui->status.message;
	int lines = 0;
	size_t next;

	if (!*text || ui->mode != UI_TABLE ||
	    echo_width(ui) + draw_width(text) < width)
		return 0;
	for (; *text; text += next, lines++)
		draw_wrap(text, width - 2, &next);
	return lines;
}

void status_draw(struct ui *ui, int y, int width)
{
	const char *text = ui->status.message;
	int lines = status_popup_lines(ui, width), x;
	char line[1024];
	size_t next, len;

	x = draw_in(&ui->theme, THEME_DIM, y, 0, width, ASK);
	x += draw_in(&ui->theme, THEME_PROMPT, y, x, width - x,
		     ui->status.echo);
	if (!lines) {
		x += *ui->status.echo ? 2 : 0;
		draw_in(&ui->theme, ui->status.role, y, x, width - x, text);
		return;
	}
	lines = lines > y - 2 ? y - 2 : lines;
	attrset((int)ui->theme.attr[THEME_DIM]);
	draw_fill(y - lines - 1, 0, width, ui->theme.rule);
	for (int i = 0; i < lines && *text; i++, text += next) {
		int at = y - lines + i;

		len = draw_wrap(text, width - 2, &next);
		snprintf(line, sizeof(line), "%.*s", (int)len, text);
		attrset(A_NORMAL);
		draw_fill(at, 0, width, " ");
		draw_in(&ui->theme, ui->status.role, at, 1, width - 2, line);
	}
}

void status_progress(void *ctx, const char *what, uint64_t done, uint64_t total)
{
	struct ui *ui = ctx;
	int y = getmaxy(stdscr) - 2, width = getmaxx(stdscr), bar, x;
	char text[200];

	if (!what || y < 1)
		return;
	move(y, 0);
	clrtoeol();
	if (total)
		snprintf(text, sizeof(text), "%s %3.0f%%  ^C ends it  ", what,
			 100.0 * (double)(done < total ? done : total) /
				 (double)total);
	else
		snprintf(text, sizeof(text), "%s ...  ^C ends it  ", what);
	x = draw_in(&ui->theme, THEME_PROMPT, y, 0, width, text);
	bar = width - x - 1;
	if (total && bar > 0) {
		int length = (int)((double)bar *
				   (double)(done < total ? done : total) /
				   (double)total);

		attrset((int)ui->theme.attr[THEME_BAR]);
		draw_fill(y, x, length, ui->theme.bar);
		attrset((int)ui->theme.attr[THEME_DIM]);
		draw_fill(y, x + length, bar - length, ui->theme.dot);
		attrset(A_NORMAL);
	}
	refresh();
}

/* Code and names: disas and symbol. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "command/code.h"
#include "command/commands.h"
#include "command/session.h"
#include "view/views.h"

enum {
	FUNCTION_MAX = 1 << 20, /* bytes of one function */
	BLIND_BYTES = 128	/* where no function is known */
};

struct lines {
	struct session *session;
	struct code_line *line; /* owned */
	size_t count, cap, max;
	uint64_t mark; /* the address asked for */
	uint64_t next; /* after the last instruction */
	struct error *err;
	int failed;
};

/* "call 0x401136 <main>": what a fixed address is. */
static void add_name(struct session *session, const struct insn *insn,
		     char *text, size_t cap)
{
	uint64_t addr = insn->has_target ? insn->target : insn->mem;
	size_t len = strlen(text);
	char name[160];

	if (!insn->has_target && !insn->has_mem)
		return;
	if (session->symbols &&
	    symbols_format(session->symbols, addr, name, sizeof(name)))
		snprintf(text + len, cap - len, " <%s>", name);
	else if (insn->has_mem)
		snprintf(text + len, cap - len, " # 0x%" PRIx64, addr);
}

/* " <main+0x10>", "" where no symbol is. */
static void place_name(const struct session *session, uint64_t addr, char *buf,
		       size_t cap)
{
	char name[160];

	*buf = '\0';
	if (symbols_format(session->symbols, addr, name, sizeof(name)))
		snprintf(buf, cap, " <%s>", name);
}

static int add_insn(void *ctx, const struct insn *insn)
{
	struct lines *lines = ctx;
	struct code_line *line;

	if (lines->count == lines->max)
		return 1;
	lines->failed = GROW(lines->line, lines->cap, lines->count + 1,
			     "instructions", lines->err);
	if (lines->failed)
		return 1;
	line = &lines->line[lines->count++];
	*line = (struct code_line){.addr = insn->addr};
	if (lines->session->symbols)
		symbols_format(lines->session->symbols, insn->addr, line->label,
			       sizeof(line->label));
	snprintf(line->text, sizeof(line->text), "%s%s",
		 insn->addr == lines->mark ? "=> " : "", insn->text);
	add_name(lines->session, insn, line->text, sizeof(line->text));
	lines->next = insn->addr + insn->size;
	return 0;
}

int code_lines(struct session *session, uint64_t addr, uint64_t len,
	       uint64_t mark, size_t max, struct code_line **out,
	       uint32_t *count, uint64_t *next, bool *now, struct error *err)
{
	struct lines lines = {.session = session,
			      .mark = mark,
			      .max = max,
			      .next = addr,
			      .err = err};
	AUTO_FREE uint8_t *code = xmalloc(len);
	struct disasm *disasm;

	/* The end of a mapping may come sooner than the bytes asked for. */
	while (session_read(session, addr, code, len, now, err)) {
		if (len <= 16)
			return -1;
		len = len / 2;
	}
	if (disasm_open(session_word(session), &disasm, err))
		return -1;
	disasm_each(disasm, code, len, addr, add_insn, &lines);
	disasm_close(disasm);
	if (lines.failed) {
		free(lines.line);
		return -1;
	}
	if (!lines.count) {
		free(lines.line);
		return error_at(err, ERR_CORRUPT, addr,
				"no instruction at 0x%" PRIx64, addr);
	}
	*out = lines.line;
	*count = (uint32_t)lines.count;
	*next = lines.next;
	return 0;
}

static int disas_run(struct session *session, const struct words *words,
		     struct view **out, struct error *err)
{
	const char *where = words->count == 2 ? words->word[1] : "$pc";
	uint64_t addr, start, len = BLIND_BYTES, next;
	struct symbol symbol = {0};
	struct code_line *line;
	uint32_t count;
	char title[200];
	bool now;

	if (words->count > 2)
		return error_set(err, ERR_USAGE, "disas takes one address");
	if (session_address(session, where, &addr, err))
		return -1;
	start = addr;
	snprintf(title, sizeof(title), "code at 0x%" PRIx64, addr);
	if (session->symbols && symbols_at(session->symbols, addr, &symbol) &&
	    !symbol.is_object && symbol.size) {
		start = symbol.addr;
		len = symbol.size < FUNCTION_MAX ? symbol.size : FUNCTION_MAX;
		snprintf(title, sizeof(title), "%.140s in %.40s", symbol.name,
			 symbol.module ? symbol.module->name : "?");
	}
	if (code_lines(session, start, len, addr == start ? 0 : addr, SIZE_MAX,
		       &line, &count, &next, &now, err))
		return -1;
	if (view_lines(title, line, count, out, err))
		return -1;
	if (symbol.size && next < start + len) {
		view_warn(*out,
			  "no instruction at 0x%" PRIx64 ": %" PRIu64
			  " bytes of the function are not shown",
			  next, start + len - next);
		(*out)->complete = false;
	}
	return 0;
}

const struct command command_entry_disas = {
	.name = "disas",
	.alias = "disassemble",
	.args = "[ADDR]",
	.summary = "the instructions of a function",
	.help = "The function that ADDR is in (=> marks ADDR); where none is\n"
		"known, the instructions from ADDR on. Without ADDR: where "
		"the\n"
		"current thread is.\n"
		"\n"
		"  disas malloc\n"
		"  disas $pc\n",
	.need = NEED_TARGET,
	.run = disas_run,
};

static int symbol_run(struct session *session, const struct words *words,
		      struct view **out, struct error *err)
{
	struct symbol symbol;
	uint64_t addr;

	if (words->count != 2)
		return error_set(err, ERR_USAGE,
				 "symbol takes an address or a name");
	if (session_address(session, words->word[1], &addr, err))
		return -1;
	/* Not in a module: only a snapshot knows chunks and stacks. */
	symbol.module = NULL;
	if (!session->current && !symbols_at(session->symbols, addr, &symbol) &&
	    !symbol.module && session_snapshot(session, NULL, err))
		return -1;
	if (view_symbol(session->current, session->symbols, addr, out, err))
		return -1;
	view_of_symbols(*out, session->symbols);
	return 0;
}

static size_t symbol_complete(struct session *session, const char *word,
			      const char **out, size_t cap)
{
	if (!session->symbols || strlen(word) < 2)
		return 0;
	return symbols_complete(session->symbols, word, out, cap);
}

const struct command command_entry_symbol = {
	.name = "symbol",
	.args = "ADDR|NAME",
	.summary = "what an address is, or where a name is",
	.help = "Symbol and offset, module and source line; or the chunk, the\n"
		"stack frame, the mapping it lies in.\n"
		"\n"
		"  symbol main_arena\n"
		"  symbol 0x7f3d1c0a2c60\n"
		"  symbol #2\n",
	.need = NEED_TARGET,
	.run = symbol_run,
	.complete = symbol_complete,
};

int code_info_line(struct session *session, const struct words *words,
		   struct view **out, struct error *err)
{
	/* gdb writes an address that is no symbol as *0x401136. */
	const char *text = words->count == 3 ? words->word[2] : "";
	AUTO_FREE char *said = NULL;
	char name[2][200];
	struct line line;
	uint64_t addr;

	if (!*text)
		return error_set(err, ERR_USAGE,
				 "info line takes an address or a function");
	if (session_address(session, text + (*text == '*'), &addr, err))
		return -1;
	if (!session->symbols || !symbols_line(session->symbols, addr, &line))
		return error_set(err, ERR_NOT_FOUND,
				 "no source line of 0x%" PRIx64 " is known",
				 addr);
	place_name(session, line.start, name[0], sizeof(name[0]));
	place_name(session, line.end, name[1], sizeof(name[1]));
	said = xasprintf("Line %u of \"%s\" starts at address 0x%" PRIx64
			 "%s and ends at 0x%" PRIx64 "%s.",
			 line.line, line.file, line.start, name[0], line.end,
			 name[1]);
	return view_text("", said, out, err);
}

/*
 * A program with bytes of its debug information changed: lines, functions,
 * types and variables are answered or refused.
 */
#define _GNU_SOURCE 1
#include <check.h>
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/alloc.h"
#include "symbols/dwarf_lines.h"
#include "symbols/dwarf_module.h"
#include "tests/fuzz/fuzz.h"

enum { MOST = 256 << 10, SECTIONS = 16, ASKED = 24 };

/* tests/fixtures/frames, and where its debug sections are. */
static struct {
	uint8_t byte[MOST];
	size_t len;
	size_t at[SECTIONS], size[SECTIONS];
	unsigned sections;
	uint64_t low, high; /* its code */
} own;

static void find_sections(void)
{
	Elf64_Ehdr e;
	Elf64_Shdr s, names;

	memcpy(&e, own.byte, sizeof e);
	memcpy(&names, own.byte + e.e_shoff + e.e_shstrndx * sizeof names,
	       sizeof names);
	for (unsigned i = 0; i < e.e_shnum && own.sections < SECTIONS; i++) {
		const char *name;

		memcpy(&s, own.byte + e.e_shoff + i * sizeof s, sizeof s);
		name = (const char *)own.byte + names.sh_offset + s.sh_name;
		if (!strcmp(name, ".text")) {
			own.low = s.sh_addr;
			own.high = s.sh_addr + s.sh_size;
		}
		if (strncmp(name, ".debug_", 7) || !s.sh_size)
			continue;
		own.at[own.sections] = s.sh_offset;
		own.size[own.sections++] = s.sh_size;
	}
}

static void load_own(void)
{
	const char *top = getenv("top_builddir");
	AUTO_FREE char *path =
		xasprintf("%s/tests/fixtures/frames", top ? top : ".");
	FILE *file = own.len ? NULL : fopen(path, "re");

	if (own.len)
		return;
	ck_assert_msg(file != NULL, "%s is not built", path);
	own.len = fread(own.byte, 1, MOST, file);
	fclose(file);
	ck_assert_uint_lt(own.len, MOST);
	find_sections();
	ck_assert_uint_gt(own.sections, 3);
}

static bool read_zeros(void *ctx, uint64_t addr, void *buf, size_t len)
{
	(void)ctx, (void)addr;
	memset(buf, 0, len);
	return true;
}

/* Its type, and those that it consists of. */
static void ask_type(struct type *type, unsigned depth)
{
	const struct member *member;
	struct strbuf text = {0};
	size_t count;

	type_name(type, &text);
	strbuf_deinit(&text);
	type_size(type);
	type = type_strip(type);
	count = type_members(type, &member);
	for (size_t i = 0; i < count && i < ASKED && depth; i++)
		ask_type(member[i].type, depth - 1);
	if (depth)
		ask_type(type_target(type), depth - 1);
}

static int on_local(void *ctx, const struct local *local)
{
	const struct frame_state *state = ctx;
	uint8_t bytes[64];
	uint64_t size = type_size(local->type);

	ask_type(local->type, 2);
	if (size <= sizeof bytes)
		(void)!location_read(&local->where, state, bytes, size);
	return 0;
}

static int on_global(void *ctx, const struct global *global)
{
	unsigned *left = ctx;

	ask_type(global->type, 2);
	return !--*left;
}

static int on_type(void *ctx, struct type *type, struct error *err)
{
	unsigned *left = ctx;
	struct strbuf text = {0};

	type_define(type, &text);
	strbuf_deinit(&text);
	ask_type(type, 2);
	return --*left ? 0 : error_set(err, ERR_FORMAT, "enough");
}

/* What is sought by its name. */
static void ask_names(struct dwarf *dwarf, const struct module *module)
{
	static const char *const names[] = {"frames_pass", "main", "int",
					    "pthread_t", "frame"};
	unsigned left = ASKED;
	struct global global;
	struct error err;
	int64_t value;
	uint64_t pc;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct type *type = NULL;

		if (dwarf_function_find(dwarf, NULL, names[i], &pc))
			type = dwarf_function_type(dwarf, pc);
		if (type)
			ask_type(type, 2);
		dwarf_enumerator(dwarf, names[i], &value);
		dwarf_global_find(dwarf, NULL, names[i], module, &global);
		type = dwarf_type_named(dwarf, TYPE_STRUCT, names[i]);
		if (type)
			ask_type(type, 2);
	}
	(void)!dwarf_each_type(dwarf, on_type, &left, &err);
}

/* Whoever calls has given something: half of it is found. */
static bool given(void *ctx, const struct entry_place *at, uint64_t *value)
{
	(void)ctx;
	*value = (uint64_t)at->at;
	return at->at & 1;
}

static bool on_call(void *ctx, const struct call_site *site)
{
	unsigned *left = ctx;

	ck_assert(!site->name || strlen(site->name) < MOST);
	return --*left;
}

/* What the code at pc calls, and returns to. */
static void ask_calls(struct dwarf *dwarf, const struct module *module,
		      const struct frame_state *state)
{
	struct entry_place at = {.at = 5};
	struct call from = {.caller = state,
			    .ret = state->pc,
			    .callee = dwarf_function_entry(dwarf, state->pc),
			    .name = "frames_pass"};
	struct call_site site;
	unsigned left = ASKED;
	uint64_t value;

	dwarf_each_tail_call(dwarf, module, from.callee, on_call, &left);
	if (dwarf_call_site(dwarf, module, &from, &site))
		dwarf_call_value(dwarf, module, &from, &at, &value);
}

static void ask_at(struct dwarf *dwarf, struct dwarf_lines *lines, uint64_t pc)
{
	static const struct module module = {.path = "", .name = ""};
	struct frame_state state = {.pc = pc,
				    .cfa = 0x10000,
				    .has_reg = 0x1ffff,
				    .read = read_zeros,
				    .entry = given};
	struct inlined in[8];
	struct dwarf_line line;
	uint64_t unit = 0;
	size_t count = dwarf_inlined_at(dwarf, pc, in, 8, &unit);

	ck_assert_uint_le(count, 8);
	for (size_t i = 0; lines && i < count; i++)
		dwarf_lines_file(lines, unit, in[i].call_file);
	if (lines && dwarf_lines_find(lines, pc, &line)) {
		ck_assert_ptr_nonnull(line.file);
		ck_assert(line.start <= pc && pc < line.end);
	}
	dwarf_local_each(dwarf, &module, &state, on_local, &state);
	ask_calls(dwarf, &module, &state);
}

static void ask(const struct elf *elf)
{
	static const struct module module = {.path = "", .name = ""};
	struct dwarf_from from = {.elf = elf, .path = "", .word = 8};
	struct dwarf *dwarf = dwarf_open(&from);
	struct dwarf_lines *lines;
	unsigned left = ASKED;
	struct error err;

	if (!dwarf)
		return;
	lines = dwarf_lines_open(dwarf);
	for (unsigned i = 0; i < ASKED; i++)
		ask_at(dwarf, lines,
		       own.low + (own.high - own.low) * i / ASKED);
	(void)!dwarf_global_each(dwarf, &module, on_global, &left, &err);
	ask_names(dwarf, &module);
	dwarf_lines_close(lines);
	dwarf_close(dwarf);
}

void fuzz_dwarf(const uint8_t *data, size_t size)
{
	static uint8_t file[MOST];
	struct bytes b = {data, size};
	struct elf *elf;
	struct error err;
	int fd;

	load_own();
	memcpy(file, own.byte, own.len);
	while (b.size) {
		unsigned i = take8(&b) % own.sections;
		size_t at = take16(&b) % own.size[i];

		file[own.at[i] + at] = (uint8_t)take8(&b);
	}
	fd = memfd_create("fuzz", MFD_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, file, own.len), (ssize_t)own.len);
	if (!elf_open(fd, &elf, &err)) {
		ask(elf);
		elf_close(elf);
	}
}

#ifdef FUZZ_TARGET
#include "tests/fuzz/fuzz_main.h"

FUZZ_MAIN(fuzz_dwarf)
#endif

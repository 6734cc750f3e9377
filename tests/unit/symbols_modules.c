#include "symbols/symbols.h"

#include <dlfcn.h>
#include <gnu/libc-version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "tests/lib/hs_test.h"
#include "tests/lib/mapped.h"

static const uint64_t EXE = 0x555500000000, LIB = 0x7f0000000000;

static const struct symbols_opts no_debug = {.debug_dir = "/nonexistent"};

static const char *libc_path(void)
{
	Dl_info info;

	ck_assert(dladdr((void *)gnu_get_libc_version, &info));
	return info.dli_fname;
}

static const char *fixture_path(void)
{
	static char path[4096];
	const char *top = getenv("top_builddir");

	snprintf(path, sizeof path, "%s/tests/fixtures/cxx_names",
		 top ? top : ".");
	return path;
}

static struct symbols *open_symbols(struct mapped *m)
{
	struct symbols *s;
	struct error err;

	OK(symbols_open(&m->target, &no_debug, &s, &err));
	return s;
}

TEST(modules_are_placed_where_their_segments_say)
{
	struct mapped m;

	mapped_init(&m);
	mapped_load(&m, fixture_path(), EXE);
	mapped_load(&m, libc_path(), LIB);
	struct symbols *s = open_symbols(&m);

	ck_assert_uint_eq(symbols_module_count(s), 2);
	const struct module *exe = symbols_module_at(s, EXE);
	const struct module *lib = symbols_module_at(s, LIB + 0x1000);

	ck_assert_ptr_eq(exe, symbols_module(s, 0));
	ck_assert_ptr_eq(lib, symbols_module(s, 1));
	ck_assert_str_eq(lib->path, libc_path());
	ck_assert_str_eq(lib->name, strrchr(libc_path(), '/') + 1);
	ck_assert_str_eq(lib->why, "");
	ck_assert_uint_eq(lib->start, LIB);
	ck_assert_uint_eq(lib->bias, LIB);
	ck_assert_ptr_null(symbols_module_at(s, lib->end));
	ck_assert_ptr_null(symbols_module_at(s, EXE - 1));
	ck_assert_ptr_null(symbols_module_at(s, exe->end + 4096));
	symbols_close(s);
	mapped_deinit(&m);
}

TEST(one_file_loaded_twice_is_two_modules)
{
	struct mapped m;
	struct symbol a, b;
	struct error err;

	mapped_init(&m);
	mapped_load(&m, libc_path(), LIB);
	mapped_load(&m, libc_path(), LIB + 0x10000000);
	struct symbols *s = open_symbols(&m);

	ck_assert_uint_eq(symbols_module_count(s), 2);
	OK(symbols_find(s, "malloc", &a, &err));
	ck_assert_ptr_eq(a.module, symbols_module(s, 0));
	ck_assert(symbols_at(s, a.addr + 0x10000000 + 1, &b));
	ck_assert_str_eq(b.name, "malloc");
	ck_assert_uint_eq(b.offset, 1);
	ck_assert_ptr_eq(b.module, symbols_module(s, 1));
	symbols_close(s);
	mapped_deinit(&m);
}

TEST(a_library_that_is_only_looked_at_is_no_module)
{
	struct mapped m;

	mapped_init(&m);
	mapped_load(&m, fixture_path(), EXE);
	mapped_look(&m, libc_path(), LIB);
	struct symbols *s = open_symbols(&m);

	ck_assert_uint_eq(symbols_module_count(s), 1);
	ck_assert_ptr_null(symbols_module_at(s, LIB));
	symbols_close(s);
	mapped_deinit(&m);
}

TEST(a_file_that_cannot_be_opened_is_read_from_memory)
{
	struct mapped m;
	struct symbol file, memory;
	struct error err;
	char text[200];

	mapped_init(&m);
	mapped_load(&m, libc_path(), LIB);
	struct symbols *s = open_symbols(&m);

	OK(symbols_find(s, "malloc", &file, &err));
	ck_assert(!elf_is_memory(file.module->elf));
	symbols_close(s);

	m.no_files = true;
	s = open_symbols(&m);
	const struct module *lib = symbols_module(s, 0);

	ck_assert_ptr_nonnull(lib->elf);
	ck_assert(elf_is_memory(lib->elf));
	ck_assert(lib->why[0]);
	OK(symbols_find(s, "malloc", &memory, &err));
	ck_assert_uint_eq(memory.addr, file.addr);
	ck_assert_uint_eq(memory.size, file.size);
	ck_assert(symbols_format(s, memory.addr + 3, text, sizeof text));
	ck_assert_str_eq(text, "malloc+0x3");
	symbols_close(s);
	mapped_deinit(&m);
}

TEST(a_file_that_cannot_be_had_at_all_is_still_named)
{
	struct mapped m;
	char text[200], wanted[200];

	mapped_init(&m);
	mapped_load(&m, libc_path(), LIB);
	m.no_files = m.no_memory = true;
	struct symbols *s = open_symbols(&m);

	ck_assert_uint_eq(symbols_module_count(s), 1);
	const struct module *lib = symbols_module(s, 0);

	ck_assert_ptr_null(lib->elf);
	ck_assert(lib->why[0]);
	ck_assert(symbols_format(s, LIB + 0x1234, text, sizeof text));
	snprintf(wanted, sizeof wanted, "%s+0x1234", lib->name);
	ck_assert_str_eq(text, wanted);
	symbols_close(s);
	mapped_deinit(&m);
}

TEST(refresh_keeps_what_stayed_and_drops_what_went)
{
	struct mapped m;
	struct symbol sym;
	struct error err;

	mapped_init(&m);
	mapped_load(&m, fixture_path(), EXE);
	struct symbols *s = open_symbols(&m);
	const struct module *exe = symbols_module(s, 0);

	ck_assert_int_eq(symbols_find(s, "malloc", &sym, &err), -1);
	mapped_load(&m, libc_path(), LIB);
	OK(symbols_refresh(s, &err));
	ck_assert_uint_eq(symbols_module_count(s), 2);
	ck_assert_ptr_eq(symbols_module(s, 0), exe);
	OK(symbols_find(s, "malloc", &sym, &err));

	mapped_reset(&m);
	mapped_load(&m, fixture_path(), EXE);
	OK(symbols_refresh(s, &err));
	ck_assert_uint_eq(symbols_module_count(s), 1);
	ck_assert_ptr_eq(symbols_module(s, 0), exe);
	ck_assert(!symbols_at(s, LIB + 0x1000, &sym));
	ck_assert_ptr_null(sym.module);
	symbols_close(s);
	mapped_deinit(&m);
}

TEST(a_target_without_modules_has_no_symbols)
{
	struct mapped m;
	struct symbol sym;
	struct line line;
	struct error err;
	char text[20] = "old";

	mapped_init(&m);
	struct symbols *s = open_symbols(&m);

	ck_assert_uint_eq(symbols_module_count(s), 0);
	ck_assert(!symbols_at(s, 0, &sym));
	ck_assert(!symbols_at(s, UINT64_MAX, &sym));
	ck_assert(!symbols_line(s, LIB, &line));
	ck_assert(!symbols_format(s, LIB, text, sizeof text));
	ck_assert_str_eq(text, "");
	FAILS(ERR_NOT_FOUND, symbols_find(s, "main", &sym, &err));
	ck_assert_ptr_null(symbols_exe(s));
	symbols_close(s);
	mapped_deinit(&m);
}

/* Everything that a session asks of symbols; true if all was there. */
static bool ask_all(struct mapped *m)
{
	struct symbols *s;
	struct symbol sym;
	struct line line;
	struct error err = {0};
	const char *names[3];
	char text[100];
	bool all;

	if (symbols_open(&m->target, NULL, &s, &err)) {
		ck_assert(err.code != ERR_NONE && err.msg[0]);
		return false;
	}
	all = symbols_module_count(s) == 2 &&
	      !symbols_find(s, "Foo::bar", &sym, &err);
	if (all) {
		all = symbols_format(s, sym.addr, text, sizeof text) &&
		      symbols_line(s, sym.addr, &line) &&
		      symbols_complete(s, "mallo", names, 3) > 0;
	}
	if (symbols_refresh(s, &err))
		ck_assert(err.msg[0]);
	symbols_close(s);
	return all;
}

TEST(no_failing_read_is_worse_than_a_missing_name)
{
	struct mapped m;
	uint64_t k;

	mapped_init(&m);
	mapped_load(&m, fixture_path(), EXE);
	mapped_load(&m, libc_path(), LIB);
	for (k = 1;; k++) {
		m.reads = 0;
		m.fail_read = k;
		bool all = ask_all(&m);

		if (m.reads < k) {
			ck_assert(all);
			break;
		}
	}
	ck_assert_uint_gt(k, 2);
	mapped_deinit(&m);
}

TEST(no_memory_is_an_error_or_a_missing_name)
{
	struct mapped m;
	int missed = 0;
	bool all = false;

	mapped_init(&m);
	mapped_load(&m, fixture_path(), EXE);
	mapped_load(&m, libc_path(), LIB);
	for (uint64_t k = 1; k < 300; k++) {
		alloc_fail_checked_at(k);
		all = ask_all(&m);
		alloc_fail_checked_at(0);
		missed += !all;
	}
	ck_assert_int_gt(missed, 0);
	ck_assert(all); /* in the end nothing is left to fail */
	mapped_deinit(&m);
}

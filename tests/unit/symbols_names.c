#include "symbols/symbols.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/lib/fixture.h"
#include "tests/lib/hs_test.h"

/* The fixture cxx_names, open. */
struct scene {
	struct fixture f;
	struct target *target;
	struct symbols *symbols;
};

static void begin(struct scene *s)
{
	struct error err;

	fixture_start(&s->f, "cxx_names", NULL, NULL);
	OK(target_open_live(s->f.pid, NULL, &s->target, &err));
	OK(symbols_open(s->target, NULL, &s->symbols, &err));
}

static void end(struct scene *s)
{
	symbols_close(s->symbols);
	target_close(s->target);
	fixture_end(&s->f);
}

/* The address that the fixture says a name has. */
static uint64_t said(const struct scene *s, const char *name)
{
	const char *at = s->f.said;
	uint64_t addr;
	int used;

	while (sscanf(at, "is %" SCNx64 " %n", &addr, &used) == 1) {
		size_t len = strcspn(at + used, "\n");

		if (len == strlen(name) && !strncmp(at + used, name, len))
			return addr;
		at += used + (int)len + 1;
	}
	ck_abort_msg("the fixture does not name %s", name);
	return 0;
}

TEST(every_name_that_the_fixture_says_is_found_both_ways)
{
	struct scene s;
	const char *at;
	uint64_t addr;
	int count = 0, used;

	begin(&s);
	for (at = s.f.said; sscanf(at, "is %" SCNx64 " %n", &addr, &used) == 1;
	     count++) {
		char name[100];
		struct symbol by_addr, by_name;
		struct error err;
		size_t len = strcspn(at + used, "\n");

		snprintf(name, sizeof name, "%.*s", (int)len, at + used);
		ck_assert_msg(symbols_at(s.symbols, addr, &by_addr), "%s",
			      name);
		ck_assert_str_eq(by_addr.name, name);
		ck_assert_uint_eq(by_addr.addr, addr);
		ck_assert_uint_eq(by_addr.offset, 0);
		OK(symbols_find(s.symbols, name, &by_name, &err));
		ck_assert_uint_eq(by_name.addr, addr);
		ck_assert_ptr_eq(by_name.module, symbols_exe(s.symbols));
		at += used + (int)len + 1;
	}
	ck_assert_int_ge(count, 6);
	end(&s);
}

TEST(a_word_of_an_object_is_its_name_and_offset)
{
	struct scene s;
	struct symbol sym;
	char text[100];

	begin(&s);
	uint64_t vtable = said(&s, "vtable for Foo");

	ck_assert(symbols_format(s.symbols, vtable + 16, text, sizeof text));
	ck_assert_str_eq(text, "vtable for Foo+0x10");
	ck_assert(symbols_at(s.symbols, vtable + 16, &sym));
	ck_assert(sym.is_object);
	ck_assert_str_eq(sym.raw, "_ZTV3Foo");
	ck_assert(symbols_at(s.symbols, said(&s, "in_bss") + 399, &sym));
	ck_assert_str_eq(sym.name, "in_bss");
	ck_assert_uint_eq(sym.offset, 399);
	ck_assert(symbols_at(s.symbols, said(&s, "main") + 1, &sym));
	ck_assert(!sym.is_object);
	/* too little room cuts, and ends the text */
	ck_assert(symbols_format(s.symbols, vtable, text, 7));
	ck_assert_str_eq(text, "vtable");
	end(&s);
}

TEST(names_take_offsets_modules_and_no_parameters)
{
	struct scene s;
	struct symbol sym;
	struct error err;
	uint64_t bar;

	begin(&s);
	bar = said(&s, "Foo::bar(int)");
	OK(symbols_find(s.symbols, "Foo::bar", &sym, &err));
	ck_assert_uint_eq(sym.addr, bar);
	OK(symbols_find(s.symbols, "_ZN3Foo3barEi", &sym, &err));
	ck_assert_uint_eq(sym.addr, bar);
	OK(symbols_find(s.symbols, "Foo::bar(int)+0x3", &sym, &err));
	ck_assert_uint_eq(sym.addr, bar);
	ck_assert_uint_eq(sym.offset, 3);
	OK(symbols_find(s.symbols, "cxx_names:Foo::count", &sym, &err));
	ck_assert_uint_eq(sym.addr, said(&s, "Foo::count"));
	OK(symbols_find(s.symbols, "libc:malloc", &sym, &err));
	ck_assert_str_eq(sym.name, "malloc");
	OK(symbols_find(s.symbols, "libc.so.6:malloc+8", &sym, &err));
	ck_assert_uint_eq(sym.offset, 8);
	FAILS(ERR_NOT_FOUND,
	      symbols_find(s.symbols, "libc:Foo::count", &sym, &err));
	FAILS(ERR_NOT_FOUND, symbols_find(s.symbols, "", &sym, &err));
	FAILS(ERR_NOT_FOUND, symbols_find(s.symbols, "Foo::ba", &sym, &err));
	FAILS(ERR_NOT_FOUND, symbols_find(s.symbols, "+0x10", &sym, &err));
	end(&s);
}

TEST(completion_lists_what_begins_so)
{
	struct scene s;
	const char *names[4];

	begin(&s);
	ck_assert_uint_eq(symbols_complete(s.symbols, "own_func", names, 4), 1);
	ck_assert_str_eq(names[0], "own_function");
	ck_assert_uint_eq(symbols_complete(s.symbols, "Foo::b", names, 4), 1);
	ck_assert_str_eq(names[0], "Foo::bar(int)");
	ck_assert_uint_eq(symbols_complete(s.symbols, "", names, 4), 4);
	ck_assert_uint_eq(symbols_complete(s.symbols, "no_such", names, 4), 0);
	end(&s);
}

TEST(the_vdso_is_read_from_memory)
{
	struct scene s;
	struct symbol sym;
	struct error err;

	begin(&s);
	if (symbols_find(s.symbols, "__vdso_clock_gettime", &sym, &err)) {
		end(&s);
		SKIP("no vdso");
	}
	ck_assert_str_eq(sym.module->name, "[vdso]");
	ck_assert(elf_is_memory(sym.module->elf));
	end(&s);
}

TEST(libc_functions_have_the_names_that_people_use)
{
	static const char *const names[] = {"malloc", "free", "calloc",
					    "realloc", "mallinfo2"};
	struct scene s;
	struct symbol found, sym;
	struct error err;

	begin(&s);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		OK(symbols_find(s.symbols, names[i], &found, &err));
		/* "malloc", not "__libc_malloc", which is the same place;
		 * the dynamic linker has a malloc of its own in some releases
		 */
		ck_assert(symbols_at(s.symbols, found.addr, &sym));
		ck_assert_str_eq(sym.name, names[i]);
	}
	end(&s);
}

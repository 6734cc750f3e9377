#include "symbols/symbols.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "tests/lib/hs_test.h"
#include "tests/lib/mapped.h"

static const uint64_t BASE = 0x555500000000;

static char dir[] = "/tmp/heapscope-debug.XXXXXX";

static int remove_one(const char *path, const struct stat *st, int type,
		      struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

static void remove_dir(void)
{
	nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Runs a shell command in the folder; $F is the folder of the fixtures. */
static void run(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static void run(const char *fmt, ...)
{
	const char *top = getenv("top_builddir");
	va_list ap;

	va_start(ap, fmt);
	AUTO_FREE char *cmd = xvasprintf(fmt, ap);
	va_end(ap);
	AUTO_FREE char *all = xasprintf("F='%s/tests/fixtures'; cd %s && %s",
					top ? top : ".", dir, cmd);
	ck_assert_msg(system(all) == 0, "%s", all);
}

static bool begin(void)
{
	if (system("objcopy --version >/dev/null 2>&1"))
		return false;
	ck_assert_ptr_nonnull(mkdtemp(dir));
	atexit(remove_dir);
	return true;
}

static char *path_in(const char *name)
{
	return xasprintf("%s/%s", dir, name);
}

/* ".build-id/xx/rest.debug" of a file in the folder; NULL if it has no id. */
static char *build_id_name(const char *name)
{
	AUTO_FREE char *path = path_in(name);
	struct elf *elf;
	struct error err;
	char *result = NULL;

	OK(elf_open(open(path, O_RDONLY), &elf, &err));
	if (*elf_build_id(elf))
		result = xasprintf(".build-id/%.2s/%s.debug", elf_build_id(elf),
				   elf_build_id(elf) + 2);
	elf_close(elf);
	return result;
}

struct scene {
	struct mapped m;
	struct symbols *symbols;
	const struct module *module;
};

/* Loads a file of the folder, with the folder as --debug-dir. */
static void load(struct scene *s, const char *name)
{
	AUTO_FREE char *path = path_in(name);
	struct symbols_opts opts = {.debug_dir = dir};
	struct error err;

	mapped_init(&s->m);
	mapped_load(&s->m, path, BASE);
	OK(symbols_open(&s->m.target, &opts, &s->symbols, &err));
	s->module = symbols_module(s->symbols, 0);
	symbols_load(s->symbols, s->module);
}

static void unload(struct scene *s)
{
	symbols_close(s->symbols);
	mapped_deinit(&s->m);
}

static bool has_own_function(struct scene *s)
{
	struct symbol sym;
	struct error err;

	return !symbols_find(s->symbols, "own_function", &sym, &err);
}

TEST(a_stripped_file_alone_has_no_names_of_its_own)
{
	struct scene s;

	if (!begin())
		SKIP("no objcopy");
	run("objcopy --strip-all $F/cxx_names prog");
	load(&s, "prog");
	ck_assert(!has_own_function(&s));
	ck_assert_str_eq(s.module->debug_path, "");
	ck_assert_str_eq(s.module->debug_note, "");
	unload(&s);
}

TEST(the_debug_file_of_the_build_id_is_used)
{
	struct scene s;
	struct symbol sym;
	struct error err;
	struct line line;

	if (!begin())
		SKIP("no objcopy");
	run("objcopy --strip-all $F/cxx_names prog");
	AUTO_FREE char *name = build_id_name("prog");
	if (!name)
		SKIP("the linker makes no build-id");
	run("mkdir -p $(dirname %s) && "
	    "objcopy --only-keep-debug $F/cxx_names %s",
	    name, name);
	load(&s, "prog");
	AUTO_FREE char *path = path_in(name);
	ck_assert_str_eq(s.module->debug_path, path);
	ck_assert_str_eq(s.module->debug_note, "");
	OK(symbols_find(s.symbols, "own_function", &sym, &err));
	ck_assert(symbols_line(s.symbols, sym.addr, &line));
	ck_assert_ptr_nonnull(strstr(line.file, "cxx_names.c"));
	unload(&s);
}

TEST(a_debug_file_of_another_build_is_not_used_and_that_is_said)
{
	struct scene s;

	if (!begin())
		SKIP("no objcopy");
	run("objcopy --strip-all $F/cxx_names prog");
	AUTO_FREE char *name = build_id_name("prog");
	if (!name)
		SKIP("the linker makes no build-id");
	run("mkdir -p $(dirname %s) && "
	    "objcopy --only-keep-debug $F/one_block %s",
	    name, name);
	load(&s, "prog");
	ck_assert_str_eq(s.module->debug_path, "");
	ck_assert_ptr_nonnull(strstr(s.module->debug_note, "another build"));
	ck_assert_ptr_nonnull(strstr(s.module->debug_note, name));
	ck_assert(!has_own_function(&s));
	unload(&s);
}

TEST(a_debug_file_that_is_garbage_is_not_used_and_that_is_said)
{
	struct scene s;

	if (!begin())
		SKIP("no objcopy");
	run("objcopy --strip-all $F/cxx_names prog");
	AUTO_FREE char *name = build_id_name("prog");
	if (!name)
		SKIP("the linker makes no build-id");
	run("mkdir -p $(dirname %s) && echo garbage > %s", name, name);
	load(&s, "prog");
	ck_assert_str_eq(s.module->debug_path, "");
	ck_assert(s.module->debug_note[0]);
	unload(&s);
}

#define NO_ID "--remove-section=.note.gnu.build-id"

TEST(a_debuglink_leads_to_the_file_of_its_checksum)
{
	struct scene s;

	if (!begin())
		SKIP("no objcopy");
	run("objcopy --only-keep-debug " NO_ID " $F/cxx_names prog.debug");
	run("objcopy --strip-all " NO_ID " $F/cxx_names prog");
	run("objcopy --add-gnu-debuglink=prog.debug prog");
	load(&s, "prog");
	AUTO_FREE char *path = path_in("prog.debug");
	ck_assert_str_eq(s.module->debug_path, path);
	ck_assert(has_own_function(&s));
	unload(&s);

	/* in .debug beside it, and below --debug-dir */
	run("mkdir .debug && mv prog.debug .debug/");
	load(&s, "prog");
	ck_assert(has_own_function(&s));
	unload(&s);
	run("mkdir -p .%s && mv .debug/prog.debug .%s/", dir, dir);
	load(&s, "prog");
	ck_assert(has_own_function(&s));
	unload(&s);
}

TEST(a_debuglink_with_another_checksum_is_not_used)
{
	struct scene s;

	if (!begin())
		SKIP("no objcopy");
	run("objcopy --only-keep-debug " NO_ID " $F/cxx_names prog.debug");
	run("objcopy --strip-all " NO_ID " $F/cxx_names prog");
	run("objcopy --add-gnu-debuglink=prog.debug prog");
	run("echo x >> prog.debug");
	load(&s, "prog");
	ck_assert_str_eq(s.module->debug_path, "");
	ck_assert_ptr_nonnull(strstr(s.module->debug_note, "checksum"));
	ck_assert(!has_own_function(&s));
	unload(&s);
}

/* "prog" without symbols but for those in .gnu_debugdata, made of the fixture
 * "of" in the way of Fedora's find-debuginfo. */
static void make_mini(const char *of)
{
	run("nm -D --format=posix --defined-only $F/%s | "
	    "awk '{ print $1 }' | sort >dynamic",
	    of);
	run("nm --format=posix --defined-only $F/%s | awk "
	    "'$2 == \"T\" || $2 == \"t\" || $2 == \"D\" { print $1 }' | "
	    "sort >all && comm -13 dynamic all >kept",
	    of);
	run("objcopy --only-keep-debug $F/%s full && "
	    "objcopy -S --keep-symbols=kept full mini && xz -kf mini",
	    of);
	run("objcopy --strip-all $F/cxx_names prog");
}

static bool begin_mini(void)
{
	return !system("xz --version >/dev/null 2>&1") && begin();
}

TEST(a_stripped_file_has_the_names_that_it_carries_compressed)
{
	struct scene s;
	struct symbol sym;
	struct error err;
	char text[64];

	if (!begin_mini())
		SKIP("no objcopy, or no xz");
	make_mini("cxx_names");
	run("objcopy --add-section .gnu_debugdata=mini.xz prog");
	load(&s, "prog");
#ifdef HAVE_LZMA
	OK(symbols_find(s.symbols, "own_function", &sym, &err));
	ck_assert_str_eq(s.module->debug_note, "");
	/* they are the mapped file's own */
	ck_assert(symbols_format_own(s.symbols, sym.addr, text, sizeof text));
	ck_assert_str_eq(text, "own_function");
#else
	(void)sym, (void)err, (void)text;
	ck_assert(!has_own_function(&s));
	ck_assert_ptr_nonnull(strstr(s.module->debug_note, "liblzma"));
#endif
	unload(&s);
}

TEST(names_are_the_same_where_they_are_its_own_with_a_debug_file)
{
	struct scene s;
	struct symbol sym;
	struct error err;
	char text[64];

#ifndef HAVE_LZMA
	SKIP("built without liblzma");
#endif
	if (!begin_mini())
		SKIP("no objcopy, or no xz");
	make_mini("cxx_names");
	run("objcopy --add-section .gnu_debugdata=mini.xz prog");
	AUTO_FREE char *name = build_id_name("prog");
	if (!name)
		SKIP("the linker makes no build-id");
	run("mkdir -p $(dirname %s) && cp full %s", name, name);
	load(&s, "prog");
	ck_assert(s.module->debug_path[0]);
	OK(symbols_find(s.symbols, "own_function", &sym, &err));
	ck_assert(symbols_format_own(s.symbols, sym.addr, text, sizeof text));
	ck_assert_str_eq(text, "own_function");
	unload(&s);
}

static void mini_is_not_used(const char *why)
{
	struct scene s;

	load(&s, "prog");
	ck_assert(!has_own_function(&s));
	ck_assert_ptr_nonnull(strstr(s.module->debug_note, ".gnu_debugdata"));
#ifndef HAVE_LZMA
	why = "liblzma";
#endif
	ck_assert_msg(strstr(s.module->debug_note, why), "%s",
		      s.module->debug_note);
	unload(&s);
}

TEST(compressed_names_that_are_damaged_or_anothers_are_not_used)
{
	if (!begin_mini())
		SKIP("no objcopy, or no xz");
	make_mini("cxx_names");
	run("head -c 300 mini.xz >cut && "
	    "objcopy --add-section .gnu_debugdata=cut prog");
	mini_is_not_used("damaged");
	run("objcopy --update-section .gnu_debugdata=mini prog");
	mini_is_not_used("not compressed by xz");
	run("echo text | xz >text.xz && "
	    "objcopy --update-section .gnu_debugdata=text.xz prog");
	mini_is_not_used("not an ELF file");
	make_mini("one_block");
	run("objcopy --add-section .gnu_debugdata=mini.xz prog");
	AUTO_FREE char *name = build_id_name("prog");
	if (name)
		mini_is_not_used("another build");
}

/*
 * The names that are read without libdwarf are those that are read through it,
 * in the same order, whatever the compiler made of a source.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/parallel.h"
#include "symbols/dwarf_scan.h"
#include "tests/lib/hs_test.h"

static struct elf *open_file(const char *path)
{
	struct elf *elf;
	struct error err;

	OK(elf_open(open(path, O_RDONLY | O_CLOEXEC), &elf, &err));
	return elf;
}

static struct dwarf *read_names(const struct elf *elf, const char *path,
				bool by_libdwarf)
{
	struct dwarf_from from = {
		.elf = elf, .path = path, .module = path, .word = 8};
	struct dwarf *d = dwarf_open(&from);
	struct error err;

	ck_assert_ptr_nonnull(d);
	scan_by_libdwarf(by_libdwarf);
	OK(dwarf_index_names(d, &err));
	OK(dwarf_index_vars(d, &err));
	scan_by_libdwarf(false);
	return d;
}

static void is_same_pairs(const struct sort_pair *a, const struct sort_pair *b,
			  size_t count, const char *path)
{
	for (size_t i = 0; i < count; i++)
		ck_assert_msg(a[i].key == b[i].key && a[i].value == b[i].value,
			      "%s: %zu of %zu: 0x%llx 0x%llx, not 0x%llx "
			      "0x%llx",
			      path, i, count, (unsigned long long)a[i].key,
			      (unsigned long long)a[i].value,
			      (unsigned long long)b[i].key,
			      (unsigned long long)b[i].value);
}

/* How many names.  ordinary: nothing in it is left to libdwarf. */
static size_t is_same(const char *path, bool ordinary)
{
	struct elf *elf = open_file(path);
	struct dwarf *a = read_names(elf, path, false);
	struct dwarf *b = read_names(elf, path, true);
	size_t names = a->names;

	if (ordinary)
		ck_assert_msg(!a->odd_units, "%s: %zu units are odd", path,
			      a->odd_units);
	ck_assert_uint_gt(b->odd_units, 0);
	ck_assert_str_eq(dwarf_note(a), dwarf_note(b));
	ck_assert_msg(a->names == b->names, "%s: %zu, not %zu names", path,
		      a->names, b->names);
	ck_assert_uint_eq(a->insides, b->insides);
	ck_assert_uint_eq(a->vars, b->vars);
	is_same_pairs(a->name, b->name, names, path);
	is_same_pairs(a->inside, b->inside, a->insides, path);
	for (size_t i = 0; i < a->vars; i++)
		ck_assert_msg(a->var[i].var == b->var[i].var &&
				      a->var[i].function == b->var[i].function,
			      "%s: variable %zu of %zu", path, i, a->vars);
	dwarf_close(a);
	dwarf_close(b);
	elf_close(elf);
	return names;
}

TEST(the_names_of_ourselves)
{
	static const unsigned threads[] = {1, 2, 4};

	for (size_t i = 0; i < 3; i++) {
		parallel_threads(threads[i]);
		ck_assert_uint_gt(is_same("/proc/self/exe", true), 1000);
	}
}

/* Some of what compilers can do is not everywhere to be had. */
static bool compile(const char *compiler, const char *how, const char *source,
		    const char *folder)
{
	const char *given = getenv("top_srcdir");
	AUTO_FREE char *top = realpath(given ? given : ".", NULL);
	/* There, as compilers leave split units where they are run. */
	AUTO_FREE char *command = xasprintf(
		"cd '%s' && %s -w -g -O1 -pthread -fPIC -shared %s -I'%s' "
		"-I'%s/tests' -o lib.so '%s/tests/fixtures/%s' >/dev/null 2>&1",
		folder, compiler, how, top, top, top, source);

	return !system(command);
}

TEST(the_names_of_what_compilers_make)
{
	static const char *const compilers[] = {"gcc", "clang"};
	static const char *const sources[] = {"typed.c", "scopes.cc",
					      "typed_names.cc"};
	static const char *const ways[] = {"-gdwarf-5", "-gdwarf-2",
					   "-gdwarf64", "-fdebug-types-section",
					   "-gsplit-dwarf"};
	char folder[] = "/tmp/heapscope-scan.XXXXXX";
	AUTO_FREE char *path = NULL, *dwz = NULL, *clean = NULL;
	unsigned compared = 0;

	ck_assert_ptr_nonnull(mkdtemp(folder));
	path = xasprintf("%s/lib.so", folder);
	clean = xasprintf("rm -r '%s'", folder);
	dwz = xasprintf("dwz '%s' 2>/dev/null", path);
	for (size_t c = 0; c < 2; c++) {
		for (size_t s = 0; s < sizeof sources / sizeof *sources; s++) {
			for (size_t w = 0; w < sizeof ways / sizeof *ways;
			     w++) {
				if (!compile(compilers[c], ways[w], sources[s],
					     folder))
					continue;
				compared += is_same(path, w == 0) > 0;
				if (w == 0 && !system(dwz))
					compared += is_same(path, true) > 0;
			}
		}
	}
	ck_assert_int_eq(system(clean), 0);
	ck_assert_uint_gt(compared, 10);
}

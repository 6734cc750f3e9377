#include "target/maps.h"

#include <string.h>

#include "tests/lib/hs_test.h"

static const char text[] =
	"55d0c0a3f000-55d0c0a40000 r-xp 00002000 fe:01 123 /usr/bin/a b\n"
	"55d0c0a40000-55d0c0a50000 rw-p 00000000 00:00 0 \n"
	"55d0c0a60000-55d0c0a70000 rw-p 00000000 00:00 0                  "
	"        [heap]\n"
	"7f0000000000-7f0000200000 rw-s 00000000 00:01 7     /memfd:x "
	"(deleted)\n"
	"7f0000200000-7f0000400000 rw-p 00000000 00:0f 9     /anon_hugepage "
	"(deleted)\n"
	"ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0 "
	"[vsyscall]\n";

static struct error err;

TEST(maps_are_read_field_by_field)
{
	struct maps maps;

	OK(maps_parse(text, strlen(text), &maps, &err));
	ck_assert_uint_eq(maps.count, 6);
	ck_assert_uint_eq(maps.map[0].start, 0x55d0c0a3f000);
	ck_assert_uint_eq(maps.map[0].end, 0x55d0c0a40000);
	ck_assert_uint_eq(maps.map[0].prot, MAP_R | MAP_X);
	ck_assert_uint_eq(maps.map[0].offset, 0x2000);
	ck_assert_uint_eq(maps.map[0].dev_major, 0xfe);
	ck_assert_uint_eq(maps.map[0].dev_minor, 1);
	ck_assert_uint_eq(maps.map[0].inode, 123);
	ck_assert_str_eq(maps.map[0].path, "/usr/bin/a b");
	ck_assert_str_eq(maps.map[1].path, "");
	ck_assert_uint_eq(maps.map[3].prot, MAP_R | MAP_W | MAP_S);
	ck_assert_str_eq(maps.map[3].path, "/memfd:x (deleted)");
	ck_assert_uint_eq(maps.map[5].prot, MAP_X);
	maps_deinit(&maps);
}

TEST(private_memory_without_a_file_is_anonymous)
{
	static const bool wanted[] = {false, true, true, false, true, false};
	struct maps maps;

	OK(maps_parse(text, strlen(text), &maps, &err));
	for (size_t i = 0; i < maps.count; i++)
		ck_assert_msg(map_is_anonymous(&maps.map[i]) == wanted[i], "%s",
			      maps.map[i].path);
	maps_deinit(&maps);
}

TEST(an_address_finds_its_mapping)
{
	struct maps maps;

	OK(maps_parse(text, strlen(text), &maps, &err));
	ck_assert_ptr_null(maps_find(&maps, 0));
	ck_assert_ptr_null(maps_find(&maps, 0x55d0c0a3efff));
	ck_assert_ptr_eq(maps_find(&maps, 0x55d0c0a3f000), &maps.map[0]);
	ck_assert_ptr_eq(maps_find(&maps, 0x55d0c0a3ffff), &maps.map[0]);
	ck_assert_ptr_eq(maps_find(&maps, 0x55d0c0a40000), &maps.map[1]);
	ck_assert_ptr_null(maps_find(&maps, 0x55d0c0a50000));
	ck_assert_ptr_eq(maps_find(&maps, 0xffffffffff600fff), &maps.map[5]);
	ck_assert_ptr_null(maps_find(&maps, UINT64_MAX));
	maps_deinit(&maps);
}

TEST(a_copy_stands_alone)
{
	struct maps maps, copy;

	OK(maps_parse(text, strlen(text), &maps, &err));
	OK(maps_copy(&maps, &copy, &err));
	memset(maps.text, '!', 50);
	maps_deinit(&maps);
	ck_assert_uint_eq(copy.count, 6);
	ck_assert_str_eq(copy.map[0].path, "/usr/bin/a b");
	ck_assert_str_eq(copy.map[2].path, "[heap]");
	maps_deinit(&copy);
}

TEST(nothing_is_a_map_of_nothing)
{
	struct maps maps;

	OK(maps_parse("", 0, &maps, &err));
	ck_assert_uint_eq(maps.count, 0);
	ck_assert_ptr_null(maps_find(&maps, 5));
	maps_deinit(&maps);
	maps_deinit(&maps);
	maps_deinit(NULL);
}

TEST(a_damaged_map_is_an_error)
{
	static const char *const bad[] = {
		"x",
		"1000-2000",
		"2000-1000 rw-p 00000000 00:00 0\n",
		"1000-1000 rw-p 00000000 00:00 0\n",
		"1000-2000 qw-p 00000000 00:00 0\n",
		"1000-2000 rw-x 00000000 00:00 0\n",
		"1000-2000 rw",
		"1000-2000 rw-p 0000000g 00:00 0\n",
		"1000-2000 rw-p 00000000 0000 0\n",
		"1000-2000 rw-p 00000000 00:00 \n",
		"11111111111111111-2 rw-p 00000000 00:00 0\n",
		"1000-3000 rw-p 0 00:00 0\n2000-4000 rw-p 0 00:00 0\n",
		"3000-4000 rw-p 0 00:00 0\n1000-2000 rw-p 0 00:00 0\n",
		"\n",
	};
	struct maps maps;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		FAILS(ERR_FORMAT,
		      maps_parse(bad[i], strlen(bad[i]), &maps, &err));
}

TEST(any_prefix_of_a_map_is_read_or_refused)
{
	struct maps maps;

	for (size_t len = 0; len < strlen(text); len++)
		if (maps_parse(text, len, &maps, &err) == 0)
			maps_deinit(&maps);
		else
			ck_assert_int_eq(err.code, ERR_FORMAT);
}

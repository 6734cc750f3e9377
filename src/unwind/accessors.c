/* What libunwind asks of a process, answered by target_read and registers. */
#include <string.h>

#include "unwind/unwind_impl.h"

/* Exported by libunwind, in no header of it: perf(1) uses it the same way. */
int UNW_OBJ(dwarf_search_unwind_table)(unw_addr_space_t as, unw_word_t ip,
				       unw_dyn_info_t *di, unw_proc_info_t *pi,
				       int need_unwind_info, void *arg);

static int find_proc_info(unw_addr_space_t as, unw_word_t ip,
			  unw_proc_info_t *pi, int need_unwind_info, void *arg)
{
	struct unwinder *u = arg;
	const struct tables *t = tables_find(u, ip);
	unw_dyn_info_t di = {0};
	int ret;

	if (!t || t->word != 8) {
		u->no_tables = true;
		return -UNW_ENOINFO;
	}
	di.format = UNW_INFO_FORMAT_REMOTE_TABLE;
	di.start_ip = t->start;
	di.end_ip = t->end;
	di.u.rti.segbase = t->hdr;
	di.u.rti.table_data = t->search;
	di.u.rti.table_len = t->count * 8 / sizeof(unw_word_t);
	ret = UNW_OBJ(dwarf_search_unwind_table)(as, ip, &di, pi,
						 need_unwind_info, arg);
	if (ret < 0)
		u->no_tables = true;
	return ret;
}

static void put_unwind_info(unw_addr_space_t as, unw_proc_info_t *pi, void *arg)
{
	(void)as, (void)pi, (void)arg; /* libunwind's pool owns it */
}

static int get_dyn_info_list_addr(unw_addr_space_t as, unw_word_t *addr,
				  void *arg)
{
	(void)as, (void)addr, (void)arg;
	return -UNW_ENOINFO;
}

static bool read_own_table(const struct unwinder *u, uint64_t addr,
			   unw_word_t *value)
{
	uint64_t i = (addr - OWN_TABLES) / OWN_TABLE_ROOM;
	uint64_t off = (addr - OWN_TABLES) % OWN_TABLE_ROOM;
	const struct tables *t = &u->tables[i];

	/* eight bytes an entry, and one entry more than count */
	if (i >= u->table_count || !t->index || off > 8 * t->count)
		return false;
	memcpy(value, (const char *)t->index + off, sizeof *value);
	return true;
}

static int access_mem(unw_addr_space_t as, unw_word_t addr, unw_word_t *value,
		      int write, void *arg)
{
	struct unwinder *u = arg;

	(void)as;
	if (write || !u->reads_left)
		return -UNW_EINVAL;
	u->reads_left--;
	if (addr >= OWN_TABLES)
		return read_own_table(u, addr, value) ? 0 : -UNW_EINVAL;
	return cache_read(u, addr, value, sizeof *value) ? 0 : -UNW_EINVAL;
}

/* libunwind numbers registers of x86-64 as DWARF does. */
static int access_reg(unw_addr_space_t as, unw_regnum_t reg, unw_word_t *value,
		      int write, void *arg)
{
	const struct unwinder *u = arg;

	(void)as;
	if (write || reg < 0 || reg >= REG_COUNT_)
		return -UNW_EBADREG;
	*value = u->regs.r[reg];
	return 0;
}

static int access_fpreg(unw_addr_space_t as, unw_regnum_t reg,
			unw_fpreg_t *value, int write, void *arg)
{
	(void)as, (void)reg, (void)value, (void)write, (void)arg;
	return -UNW_EBADREG;
}

static int resume(unw_addr_space_t as, unw_cursor_t *cursor, void *arg)
{
	(void)as, (void)cursor, (void)arg;
	return -UNW_EINVAL;
}

static int get_proc_name(unw_addr_space_t as, unw_word_t addr, char *buf,
			 size_t len, unw_word_t *offset, void *arg)
{
	(void)as, (void)addr, (void)buf, (void)len, (void)offset, (void)arg;
	return -UNW_EINVAL;
}

const unw_accessors_t unwind_accessors = {
	.find_proc_info = find_proc_info,
	.put_unwind_info = put_unwind_info,
	.get_dyn_info_list_addr = get_dyn_info_list_addr,
	.access_mem = access_mem,
	.access_reg = access_reg,
	.access_fpreg = access_fpreg,
	.resume = resume,
	.get_proc_name = get_proc_name,
};

#include "symbols/dwarf_object.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "symbols/dwarf_impl.h"
#include "symbols/elf_bytes.h"

/* The same under two names: libdwarf before 0.3, and since. */
#ifdef HAVE_DWARF_INIT_B_ACCESS
typedef Dwarf_Half section_number;
typedef Dwarf_Endianness byte_order;
#define LITTLE_ENDIAN_FILE DW_OBJECT_LSB
typedef struct Dwarf_Obj_Access_Interface_s object_interface;
#else
typedef Dwarf_Unsigned section_number;
typedef Dwarf_Small byte_order;
#define LITTLE_ENDIAN_FILE DW_END_little
typedef struct Dwarf_Obj_Access_Interface_a_s object_interface;
#endif

struct dwarf_object {
	struct dwarf *dwarf;
	const struct elf *elf;
	object_interface interface;
};

static bool is_for_libdwarf(const char *name)
{
	return strncmp(name, ".debug_rnglists", 15) &&
	       strncmp(name, ".debug_loclists", 15);
}

#ifdef HAVE_DWARF_INIT_B_ACCESS
static int section_info(void *object, section_number index,
			Dwarf_Obj_Access_Section *out, int *error)
{
	struct elf_section s;

	(void)error;
	if (!elf_section_at(((struct dwarf_object *)object)->elf, index, &s))
		return DW_DLV_NO_ENTRY;
	*out = (Dwarf_Obj_Access_Section){
		.name = is_for_libdwarf(s.name) ? s.name : "",
		.addr = s.addr,
		.type = s.type,
		.size = s.size,
		.link = s.link,
		.info = s.info,
		.entrysize = s.entry};
	return DW_DLV_OK;
}
#else
static int section_info(void *object, section_number index,
			Dwarf_Obj_Access_Section_a *out, int *error)
{
	struct elf_section s;

	(void)error;
	if (!elf_section_at(((struct dwarf_object *)object)->elf, index, &s))
		return DW_DLV_NO_ENTRY;
	*out = (Dwarf_Obj_Access_Section_a){
		.as_name = is_for_libdwarf(s.name) ? s.name : "",
		.as_addr = s.addr,
		.as_type = s.type,
		.as_size = s.size,
		.as_flags = s.flags,
		.as_offset = s.offset,
		.as_addralign = s.align,
		.as_link = s.link,
		.as_info = s.info,
		.as_entrysize = s.entry};
	return DW_DLV_OK;
}

static Dwarf_Unsigned file_size(void *object)
{
	(void)object; /* that of what is unpacked, too: no bound */
	return INT64_MAX;
}
#endif

static byte_order order(void *object)
{
	(void)object; /* elf_open() takes no other */
	return LITTLE_ENDIAN_FILE;
}

static Dwarf_Small word(void *object)
{
	return (Dwarf_Small)elf_word(((struct dwarf_object *)object)->elf);
}

static Dwarf_Unsigned section_count(void *object)
{
	return elf_section_count(((struct dwarf_object *)object)->elf);
}

static int load_section(void *object, section_number index, Dwarf_Small **out,
			int *error)
{
	struct dwarf_object *o = object;
	const void *data;
	struct error err;
	size_t size;

	if (dwarf_load_section(o->dwarf, o->elf, index, &data, &size, &err)) {
		*error = DW_DLE_FILE_UNAVAILABLE;
		return DW_DLV_ERROR;
	}
	/* libdwarf writes into sections only to relocate them. */
	*out = (Dwarf_Small *)(uintptr_t)data;
	return size ? DW_DLV_OK : DW_DLV_NO_ENTRY;
}

#ifdef HAVE_DWARF_INIT_B_ACCESS
static const Dwarf_Obj_Access_Methods methods = {
	section_info, order, word, word, section_count, load_section, NULL};
#else
static const Dwarf_Obj_Access_Methods_a methods = {
	.om_get_section_info = section_info,
	.om_get_byte_order = order,
	.om_get_length_size = word,
	.om_get_pointer_size = word,
	.om_get_filesize = file_size,
	.om_get_section_count = section_count,
	.om_load_section = load_section};
#endif

static void set_interface(struct dwarf_object *o)
{
#ifdef HAVE_DWARF_INIT_B_ACCESS
	o->interface = (object_interface){o, &methods};
#else
	o->interface =
		(object_interface){.ai_object = o, .ai_methods = &methods};
#endif
}

int dwarf_object_open(struct dwarf *d, const struct elf *elf,
		      struct dwarf_object **out, Dwarf_Debug *dbg)
{
	Dwarf_Error e = NULL;
	int ret;

	if (elf_is_memory(elf))
		return -1;
	*out = xcalloc(1, sizeof **out);
	(*out)->dwarf = d;
	(*out)->elf = elf;
	set_interface(*out);
	ret = dwarf_object_init_b(&(*out)->interface, NULL, NULL,
				  DW_GROUPNUMBER_ANY, dbg, &e);
	if (ret == DW_DLV_OK)
		return 0;
	if (ret == DW_DLV_ERROR) {
		log_info("dwarf: %s", dwarf_errmsg(e));
#ifdef HAVE_DWARF_DEALLOC_ERROR
		dwarf_dealloc_error(NULL, e);
#endif
	}
	free(*out);
	return -1;
}

void dwarf_object_close(struct dwarf_object *object, Dwarf_Debug dbg)
{
#ifdef HAVE_DWARF_FINISH_ERROR
	Dwarf_Error e;

	dwarf_object_finish(dbg, &e);
#else
	dwarf_object_finish(dbg);
#endif
	free(object);
}

/* How long values in .debug_info are (DWARF 5, 7.5.6; GNU's own). */
#include "symbols/dwarf_impl.h"
#include "symbols/dwarf_raw_impl.h"

static int fixed_size(unsigned form)
{
	switch (form) {
	case DW_FORM_flag_present:
	case DW_FORM_implicit_const:
		return 0;
	case DW_FORM_data1:
	case DW_FORM_flag:
	case DW_FORM_ref1:
	case DW_FORM_strx1:
	case DW_FORM_addrx1:
		return 1;
	case DW_FORM_data2:
	case DW_FORM_ref2:
	case DW_FORM_strx2:
	case DW_FORM_addrx2:
		return 2;
	case DW_FORM_strx3:
	case DW_FORM_addrx3:
		return 3;
	case DW_FORM_data4:
	case DW_FORM_ref4:
	case DW_FORM_ref_sup4:
	case DW_FORM_strx4:
	case DW_FORM_addrx4:
		return 4;
	case DW_FORM_data8:
	case DW_FORM_ref8:
	case DW_FORM_ref_sig8:
	case DW_FORM_ref_sup8:
		return 8;
	case DW_FORM_data16:
		return 16;
	default:
		return -1;
	}
}

int raw_form_size(unsigned form, const struct raw_unit *u)
{
	switch (form) {
	case DW_FORM_addr:
		return u->address;
	case DW_FORM_ref_addr:
		return u->format == 2 ? u->address : u->word;
	case DW_FORM_strp:
	case DW_FORM_line_strp:
	case DW_FORM_sec_offset:
	case DW_FORM_strp_sup:
	case DW_FORM_GNU_ref_alt:
	case DW_FORM_GNU_strp_alt:
		return u->word;
	case DW_FORM_block:
	case DW_FORM_block1:
	case DW_FORM_block2:
	case DW_FORM_block4:
	case DW_FORM_exprloc:
	case DW_FORM_string:
	case DW_FORM_sdata:
	case DW_FORM_udata:
	case DW_FORM_ref_udata:
	case DW_FORM_strx:
	case DW_FORM_addrx:
	case DW_FORM_loclistx:
	case DW_FORM_rnglistx:
	case DW_FORM_GNU_addr_index:
	case DW_FORM_GNU_str_index:
		return RAW_VARIES;
	default:
		return fixed_size(form);
	}
}

bool raw_skip_form(struct raw_cursor *c, const struct raw_attr *a)
{
	if (a->size != RAW_VARIES)
		return raw_skip_bytes(c, a->size);
	switch (a->form) {
	case DW_FORM_block:
	case DW_FORM_exprloc:
		return raw_skip_bytes(c, raw_take_uleb(c));
	case DW_FORM_block1:
		return raw_skip_bytes(c, raw_take(c, 1));
	case DW_FORM_block2:
		return raw_skip_bytes(c, raw_take(c, 2));
	case DW_FORM_block4:
		return raw_skip_bytes(c, raw_take(c, 4));
	case DW_FORM_string:
		return raw_skip_string(c);
	default: /* a LEB128, of either sign */
		raw_take_uleb(c);
		return !c->failed;
	}
}

#include "symbols/disasm.h"

#include <string.h>

#include "tests/lib/hs_test.h"

struct all {
	struct insn insn[16];
	int count, stop_at;
};

static int keep(void *ctx, const struct insn *insn)
{
	struct all *all = ctx;

	all->insn[all->count++] = *insn;
	return all->count == all->stop_at ? 7 : 0;
}

static int decode(unsigned word, const char *code, size_t len, uint64_t addr,
		  struct all *all)
{
	struct disasm *d;
	struct error err;
	int ret;

	OK(disasm_open(word, &d, &err));
	ret = disasm_each(d, (const uint8_t *)code, len, addr, keep, all);
	disasm_close(d);
	return ret;
}

#define DECODE(word, code, addr, all)                                          \
	decode(word, code, sizeof(code) - 1, addr, all)

TEST(a_rip_relative_operand_becomes_an_address)
{
	struct all all = {0};
	const uint64_t at = 0x401000;

	/* mov 0x10(%rip),%rax; lea -0x20(%rip),%rdi; mov 8(%rbx),%rax */
	DECODE(8,
	       "\x48\x8b\x05\x10\x00\x00\x00"
	       "\x48\x8d\x3d\xe0\xff\xff\xff"
	       "\x48\x8b\x43\x08",
	       at, &all);
	ck_assert_int_eq(all.count, 3);
	ck_assert(all.insn[0].has_mem && !all.insn[0].is_lea);
	ck_assert_uint_eq(all.insn[0].mem, at + 7 + 0x10);
	ck_assert(all.insn[1].has_mem && all.insn[1].is_lea);
	ck_assert_uint_eq(all.insn[1].mem, at + 14 - 0x20);
	ck_assert(!all.insn[2].has_mem && !all.insn[2].is_fs);
	ck_assert_uint_eq(all.insn[2].addr, at + 14);
	ck_assert_ptr_nonnull(strstr(all.insn[0].text, "mov"));
}

TEST(calls_jumps_and_returns_are_told_apart)
{
	struct all all = {0};
	const uint64_t at = 0x401000;

	/* call +5; call *%rax; jmp -2; ret */
	DECODE(8, "\xe8\x05\x00\x00\x00\xff\xd0\xeb\xfe\xc3", at, &all);
	ck_assert_int_eq(all.count, 4);
	ck_assert_int_eq(all.insn[0].kind, INSN_CALL);
	ck_assert(all.insn[0].has_target);
	ck_assert_uint_eq(all.insn[0].target, at + 10);
	ck_assert_int_eq(all.insn[1].kind, INSN_CALL);
	ck_assert(!all.insn[1].has_target);
	ck_assert_int_eq(all.insn[2].kind, INSN_JUMP);
	ck_assert_uint_eq(all.insn[2].target, at + 7);
	ck_assert_int_eq(all.insn[3].kind, INSN_RET);
}

TEST(thread_memory_is_marked)
{
	struct all all = {0}, i386 = {0};

	/* mov %fs:0x28,%rax; mov %fs:(%rax),%rax */
	DECODE(8,
	       "\x64\x48\x8b\x04\x25\x28\x00\x00\x00"
	       "\x64\x48\x8b\x00",
	       0, &all);
	ck_assert_int_eq(all.count, 2);
	ck_assert(all.insn[0].is_fs && !all.insn[0].has_mem);
	ck_assert(all.insn[1].is_fs);
	/* i386: mov %gs:0x14,%eax */
	DECODE(4, "\x65\xa1\x14\x00\x00\x00", 0, &i386);
	ck_assert_int_eq(i386.count, 1);
	ck_assert(i386.insn[0].is_fs);
}

/* call .+5; add $0x2ffb,%ebx: what is behind the call and 0x2ffb is the GOT */
#define I386_GOT "\xe8\x00\x00\x00\x00\x81\xc3\xfb\x2f\x00\x00"

TEST(i386_code_reaches_data_from_its_offset_table)
{
	/* lea 0x120(%ebx),%eax; mov %ebx,%esi; mov -0x10(%esi),%ecx; call .+5;
	 * mov 4(%ebx),%eax; mov 4(%ecx),%eax; xor %ebx,%ebx; mov 4(%ebx),%eax
	 */
	static const char code[] = I386_GOT "\x8d\x83\x20\x01\x00\x00"
					    "\x89\xde\x8b\x4e\xf0"
					    "\xe8\x00\x00\x00\x00"
					    "\x8b\x43\x04\x8b\x41\x04"
					    "\x31\xdb\x8b\x43\x04";
	const uint64_t at = 0xf7c01000, got = at + 5 + 0x2ffb;
	struct all all = {0}, none = {0};
	struct disasm *d;
	struct error err;

	OK(disasm_open(4, &d, &err));
	disasm_set_got(d, got);
	disasm_each(d, (const uint8_t *)code, sizeof code - 1, at, keep, &all);
	ck_assert_int_eq(all.count, 10);
	ck_assert(all.insn[2].has_mem && all.insn[2].is_lea);
	ck_assert_uint_eq(all.insn[2].mem, got + 0x120);
	ck_assert(all.insn[4].has_mem && !all.insn[4].is_lea);
	ck_assert_uint_eq(all.insn[4].mem, got - 0x10);
	ck_assert_uint_eq(all.insn[6].mem, got + 4);
	ck_assert(!all.insn[7].has_mem && !all.insn[9].has_mem);
	/* Another call of it knows nothing of the registers of this one. */
	disasm_each(d, (const uint8_t *)code + 11, 6, at + 11, keep, &none);
	ck_assert(!none.insn[0].has_mem);
	disasm_close(d);
}

TEST(a_no_op_touches_no_memory)
{
	struct all all = {0};

	/* nopw %cs:0x0(%rax,%rax,1); nopl 0(%rip) */
	DECODE(8,
	       "\x66\x2e\x0f\x1f\x84\x00\x00\x00\x00\x00"
	       "\x0f\x1f\x05\x00\x00\x00\x00",
	       0, &all);
	ck_assert_int_eq(all.count, 2);
	ck_assert(!all.insn[0].has_mem && !all.insn[1].has_mem);
}

TEST(decoding_ends_where_the_caller_or_the_code_says)
{
	struct all all = {.stop_at = 2}, bad = {0}, cut = {0};

	ck_assert_int_eq(DECODE(8, "\x90\x90\x90", 0, &all), 7);
	ck_assert_int_eq(all.count, 2);
	/* 0x06 is no instruction in 64-bit mode */
	ck_assert_int_eq(DECODE(8, "\x90\x06\x90", 0, &bad), 0);
	ck_assert_int_eq(bad.count, 1);
	ck_assert_int_eq(DECODE(8, "\x90\xe8\x00", 0, &cut), 0);
	ck_assert_int_eq(cut.count, 1);
}

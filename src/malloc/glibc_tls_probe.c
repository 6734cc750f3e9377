/*
 * Where libc's thread-local block lies (GLIBC.md 8.4 a) and which word of it
 * malloc's code takes for the tcache (8.4 c).
 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "malloc/glibc.h"
#include "symbols/disasm.h"
#include "symbols/elf.h"
#include "symbols/symbols.h"

enum { MAX_SLOTS = 256, ELF_TLS = 7, MAX_CODE = 2048, BELOW = 4096 };

struct slot {
	uint64_t addr; /* file address */
	int64_t addend;
	bool down; /* both count downwards */
};

struct slots {
	struct slot slot[MAX_SLOTS];
	unsigned count;
	bool relocated;		 /* addends are lost */
	const struct slot *used; /* by the code looked at */
	uint64_t bias;
};

static int note_slot(void *ctx, const struct elf_reloc *reloc)
{
	struct slots *s = ctx;

	if (reloc->kind == ELF_RELOC_TPOFF && !reloc->symbol &&
	    s->count < MAX_SLOTS) {
		s->slot[s->count++] = (struct slot){reloc->offset,
						    reloc->addend, reloc->down};
		s->relocated |= reloc->relocated;
	}
	return 0;
}

static const struct elf_segment *tls_segment(const struct elf *elf)
{
	const struct elf_segment *seg;
	size_t n = elf_segments(elf, &seg);

	for (size_t i = 0; i < n; i++)
		if (seg[i].type == ELF_TLS)
			return &seg[i];
	return NULL;
}

/* What a slot holds, as an offset upwards; 0, or -1 if it cannot be read. */
static int slot_value(struct target *target, uint64_t bias,
		      const struct slot *slot, int64_t *out, struct error *err)
{
	uint64_t word;

	if (target_read_word(target, bias + slot->addr, &word, err) < 0)
		return -1;
	*out = target->word == 8 ? (int64_t)word : (int32_t)word;
	if (slot->down)
		*out = -*out;
	return 0;
}

static int64_t slot_addend(const struct slot *slot)
{
	return slot->down ? -slot->addend : slot->addend;
}

/*
 * Without the file, what i386 stored in place is gone.  The lowest of what is
 * reached so stands for the beginning of the block.
 */
static void by_lowest(struct target *target, const struct module *module,
		      const struct slots *s, struct glibc_tls *out,
		      struct finding *block)
{
	struct error err;
	int64_t value;

	out->offset = INT64_MAX;
	for (unsigned i = 0; i < s->count; i++) {
		if (slot_value(target, module->bias, &s->slot[i], &value,
			       &err) < 0) {
			finding_set(block, CHECK_SKIPPED, 0,
				    "the offsets of %s cannot be read",
				    module->name);
			return;
		}
		if (value < out->offset)
			out->offset = value;
	}
	out->known = true;
	finding_set(block, CHECK_OK, 0,
		    "from thread pointer %+" PRId64 ", the lowest of %u slots",
		    out->offset, s->count);
}

/* All slots must tell the same offset. */
static void by_slots(struct target *target, const struct module *module,
		     const struct slots *s, struct glibc_tls *out,
		     struct finding *block)
{
	struct error err;

	for (unsigned i = 0; i < s->count; i++) {
		int64_t offset;

		if (slot_value(target, module->bias, &s->slot[i], &offset,
			       &err) < 0) {
			finding_set(block, CHECK_SKIPPED, 0,
				    "the offsets of %s cannot be read",
				    module->name);
			return;
		}
		offset -= slot_addend(&s->slot[i]);

		if (i && offset != out->offset) {
			finding_set(block, CHECK_FAILED, 0,
				    "thread-pointer offsets of %s disagree",
				    module->name);
			return;
		}
		out->offset = offset;
	}
	out->known = true;
	finding_set(block, CHECK_OK, 0,
		    "%" PRIu64 " bytes at thread pointer %+" PRId64
		    ", %u slots agree",
		    out->size, out->offset, s->count);
}

static int find_slot(void *ctx, const struct insn *insn)
{
	struct slots *s = ctx;

	if (!insn->has_mem)
		return 0;
	for (unsigned i = 0; i < s->count; i++)
		if (insn->mem == s->bias + s->slot[i].addr) {
			s->used = &s->slot[i];
			return 1;
		}
	return 0;
}

/* The first thread-local that exported malloc touches is the tcache. */
static void tcache_by_code(const struct module *module, struct slots *s,
			   struct glibc_tls *out, struct finding *tcache)
{
	struct elf_symbol symbol;
	struct disasm *disasm;
	struct error err;
	uint8_t code[MAX_CODE];
	uint64_t len = MAX_CODE;

	if (!elf_dynsym(module->elf, "malloc", &symbol)) {
		finding_set(tcache, CHECK_SKIPPED, 0,
			    "%s does not export malloc", module->name);
		return;
	}
	if (symbol.size && symbol.size < len)
		len = symbol.size;
	if (elf_read(module->elf, symbol.value, code, len, &err) < 0 ||
	    disasm_open(elf_word(module->elf), &disasm, &err) < 0) {
		finding_set(tcache, CHECK_SKIPPED, 0, "%.150s", err.msg);
		return;
	}
	s->bias = module->bias;
	if (elf_got(module->elf))
		disasm_set_got(disasm, module->bias + elf_got(module->elf));
	disasm_each(disasm, code, len, module->bias + symbol.value, find_slot,
		    s);
	disasm_close(disasm);
	if (!s->used) {
		finding_set(tcache, CHECK_SKIPPED, 0,
			    "malloc uses no thread-local by its offset");
		return;
	}
	out->tcache = slot_addend(s->used);
	finding_set(tcache, CHECK_OK, 0,
		    "malloc reads word 0x%" PRIx64 " of libc's TLS block first",
		    (uint64_t)out->tcache);
}

void glibc_tls_probe(struct target *target, const struct module *module,
		     struct glibc_tls *out, struct finding *block,
		     struct finding *tcache)
{
	const struct elf_segment *seg = tls_segment(module->elf);
	struct slots *s = xcalloc(1, sizeof *s);

	*out = (struct glibc_tls){.tcache = -1};
	finding_set(tcache, CHECK_SKIPPED, 0, "no thread-local block");
	if (!seg) {
		finding_set(block, CHECK_SKIPPED, 0,
			    "%s has no thread-local data", module->name);
		free(s);
		return;
	}
	out->size = seg->memsz;
	elf_each_reloc(module->elf, note_slot, s);
	if (s->count && s->relocated) {
		by_lowest(target, module, s, out, block);
	} else if (s->count) {
		by_slots(target, module, s, out, block);
		tcache_by_code(module, s, out, tcache);
	} else if (elf_is_static(module->elf)) {
		uint64_t align = seg->align ? seg->align : 1;

		out->offset =
			-(int64_t)((seg->memsz + align - 1) / align * align);
		out->known = true;
		finding_set(block, CHECK_OK, 0,
			    "static program: its block ends at the thread "
			    "pointer");
	} else if (elf_is_memory(module->elf)) {
		out->size = BELOW;
		out->offset = -(int64_t)out->size;
		out->known = true;
		finding_set(block, CHECK_SKIPPED, 0,
			    "the relocations of %s cannot be read: the %d "
			    "bytes below the thread pointer are searched",
			    module->name, BELOW);
	} else {
		finding_set(block, CHECK_SKIPPED, 0,
			    "no thread-pointer offset among the relocations "
			    "of %s",
			    module->name);
	}
	free(s);
}

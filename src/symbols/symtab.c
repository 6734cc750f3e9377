#include "symbols/symtab.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/sort.h"
#include "symbols/demangle.h"

struct loading {
	struct symtab *tab;
	struct error *err;
	bool skip_markers; /* $x, $d of ARM */
};

void symtab_deinit(struct symtab *tab)
{
	for (size_t i = 0; i < tab->count; i++)
		free(tab->sym[i].name);
	free(tab->sym);
	*tab = (struct symtab){0};
}

static bool is_wanted(const struct loading *l, const struct elf_symbol *s)
{
	if (!s->defined || s->absolute || !*s->name)
		return false;
	if (l->skip_markers && s->name[0] == '$')
		return false;
	return s->type == STT_FUNC || s->type == STT_OBJECT ||
	       s->type == STT_NOTYPE || s->type == STT_GNU_IFUNC ||
	       s->type == STT_COMMON;
}

/*
 * Of the names of one place: a sized one, not a local one, of the default
 * version, with as few underscores as can be.  Weak or not says nothing:
 * "calloc" is weak in glibc, and "__libc_calloc" is not.
 */
static uint8_t rank_of(const struct elf_symbol *s)
{
	size_t underscores = strspn(s->name, "_");
	bool mangled = s->name[underscores] == 'Z';
	uint8_t rank = 0;

	if (mangled || !underscores)
		rank = 3;
	else if (underscores < 3)
		rank = (uint8_t)(3 - underscores);
	if (!s->hidden)
		rank |= 4;
	if (s->bind != STB_LOCAL)
		rank |= 8;
	if (s->type != STT_NOTYPE)
		rank |= 16;
	if (s->size)
		rank |= 32;
	return rank;
}

static int take(void *ctx, const struct elf_symbol *s)
{
	struct loading *l = ctx;
	struct symtab *tab = l->tab;

	if (!is_wanted(l, s))
		return 0;
	if (tab->count >= SYM_NONE - 1)
		return 1;
	if (GROW(tab->sym, tab->cap, tab->count + 1, "symbol table", l->err))
		return -1;
	tab->sym[tab->count++] = (struct sym){
		.addr = s->value,
		.size = s->size,
		.raw = s->name,
		.parent = SYM_NONE,
		.rank = rank_of(s),
		.is_object = s->type == STT_OBJECT || s->type == STT_COMMON,
	};
	return 0;
}

static bool is_better(const struct sym *a, const struct sym *b)
{
	if (a->rank != b->rank)
		return a->rank > b->rank;
	size_t la = strlen(a->raw), lb = strlen(b->raw);

	return la != lb ? la < lb : strcmp(a->raw, b->raw) < 0;
}

/* Same address: the best last, where a search for "at most addr" ends. */
static void order_equals(struct symtab *tab)
{
	for (size_t i = 1; i < tab->count; i++) {
		struct sym s = tab->sym[i];
		size_t j = i;

		/* runs of equal addresses are short: aliases */
		for (; j && tab->sym[j - 1].addr == s.addr &&
		       is_better(&tab->sym[j - 1], &s) && i - j < 64;
		     j--)
			tab->sym[j] = tab->sym[j - 1];
		tab->sym[j] = s;
	}
}

/* The same symbol is in .dynsym and in .symtab. */
static void drop_doubles(struct symtab *tab)
{
	size_t n = 0;

	for (size_t i = 0; i < tab->count; i++) {
		struct sym *s = &tab->sym[i];

		if (n && tab->sym[n - 1].addr == s->addr &&
		    !strcmp(tab->sym[n - 1].raw, s->raw)) {
			if (!tab->sym[n - 1].size)
				tab->sym[n - 1].size = s->size;
			continue;
		}
		tab->sym[n++] = *s;
	}
	tab->count = n;
}

static uint64_t end_of(const struct sym *s)
{
	return s->addr + s->size < s->addr ? UINT64_MAX : s->addr + s->size;
}

/*
 * The symbols still open at a point form a stack, linked through parent; any
 * symbol that covers an address is on the chain of the last one before it.
 */
static void link_parents(struct symtab *tab)
{
	uint32_t top = SYM_NONE;

	for (uint32_t i = 0; i < tab->count; i++) {
		struct sym *s = &tab->sym[i];

		while (top != SYM_NONE && end_of(&tab->sym[top]) <= s->addr)
			top = tab->sym[top].parent;
		s->parent = top;
		if (s->size)
			top = i;
	}
}

int symtab_build(struct symtab *tab, const struct elf *elf,
		 const struct elf *more, struct error *err)
{
	struct loading l = {.tab = tab, .err = err};

	*tab = (struct symtab){0};
	l.skip_markers =
		elf_machine(elf) == EM_AARCH64 || elf_machine(elf) == EM_ARM;
	if (elf_each_dynsym(elf, take, &l) < 0 ||
	    elf_each_symtab(elf, take, &l) < 0 ||
	    (more && elf_each_symtab(more, take, &l) < 0) ||
	    sort_by_u64(tab->sym, tab->count, sizeof *tab->sym,
			offsetof(struct sym, addr), err)) {
		symtab_deinit(tab);
		return -1;
	}
	order_equals(tab);
	drop_doubles(tab);
	link_parents(tab);
	return 0;
}

struct sym *symtab_at(const struct symtab *tab, uint64_t addr, uint64_t limit)
{
	size_t lo = 0, hi = tab->count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (tab->sym[mid].addr <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (!lo)
		return NULL;

	struct sym *last = &tab->sym[lo - 1];

	for (struct sym *s = last;; s = &tab->sym[s->parent]) {
		if (s->size && addr < end_of(s))
			return s;
		if (s->parent == SYM_NONE)
			break;
	}
	return last->size || addr >= limit ? NULL : last;
}

const char *sym_name(struct sym *sym)
{
	if (!sym->name && !sym->is_plain) {
		sym->name = demangle(sym->raw);
		sym->is_plain = !sym->name;
	}
	return sym->name ? sym->name : sym->raw;
}

static bool matches(const char *full, const char *name)
{
	size_t len = strlen(name);

	return !strncmp(full, name, len) && (!full[len] || full[len] == '(');
}

struct sym *symtab_find(const struct symtab *tab, const char *name,
			bool demangled)
{
	struct sym *best = NULL;

	for (size_t i = 0; i < tab->count; i++) {
		struct sym *s = &tab->sym[i];
		bool hit = demangled ? s->raw[0] == '_' &&
					       matches(sym_name(s), name)
				     : !strcmp(s->raw, name);

		if (hit && (!best || s->rank > best->rank))
			best = s;
	}
	return best;
}

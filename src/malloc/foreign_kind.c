#include "malloc/foreign_kind.h"

#include <elf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "symbols/symbols.h"

enum { MAX_TEXT = 16 << 20, GO_INFO = 32 };

#define GO_TEXT "\xff Go buildinf:"

/* "5.3.0-0-g54eaed1d..." as a whole string: as git describes it. */
static bool jemalloc_version(const char *bytes, size_t len, char *out,
			     size_t cap)
{
	const char *at = bytes, *end = bytes + len;

	while ((at = memmem(at, (size_t)(end - at), "-g", 2))) {
		const char *from = at, *v;
		size_t n;

		while (from > bytes && strchr("0123456789.-", from[-1]) &&
		       from[-1])
			from--;
		at += 2;
		v = memchr(from, '-', (size_t)(end - from));
		n = strspn(from, "0123456789.");
		if (from == bytes || from[-1] || !v || v != from + n || n < 5 ||
		    strspn(at, "0123456789abcdef") < 7)
			continue;
		snprintf(out, cap, "%.*s", (int)n, from);
		return true;
	}
	return false;
}

static bool tcmalloc_version(const char *bytes, size_t len, char *out,
			     size_t cap)
{
	static const char name[] = "gperftools ";
	const char *at = memmem(bytes, len, name, sizeof name - 1);
	size_t n = at ? strspn(at + sizeof name - 1, "0123456789.") : 0;

	snprintf(out, cap, "%.*s", (int)n, n ? at + sizeof name - 1 : "");
	return n > 0;
}

/* A string that is three numbers and nothing else; there is but one. */
static bool musl_version(const char *bytes, size_t len, char *out, size_t cap)
{
	for (size_t i = 1; i + 12 < len; i++) {
		const char *s = bytes + i;
		size_t a, b, c;

		if (s[-1] || *s != '1')
			continue;
		a = strspn(s, "0123456789");
		b = s[a] == '.' ? strspn(s + a + 1, "0123456789") : 0;
		c = b && s[a + 1 + b] == '.'
			    ? strspn(s + a + b + 2, "0123456789")
			    : 0;
		if (!c || s[a + b + c + 2])
			continue;
		snprintf(out, cap, "%.*s", (int)(a + b + c + 2), s);
		return true;
	}
	return false;
}

/* Since Go 1.18 the text is followed by the version, its length first. */
static bool go_version(const char *bytes, size_t len, char *out, size_t cap)
{
	const char *at = memmem(bytes, len, GO_TEXT, sizeof GO_TEXT - 1);
	size_t n;

	if (!at || (size_t)(bytes + len - at) < GO_INFO + 128)
		return false;
	n = (unsigned char)at[GO_INFO];
	if (n < 3 || n > 30 || strncmp(at + GO_INFO + 1, "go", 2) != 0)
		return false;
	snprintf(out, cap, "%.*s", (int)n - 2, at + GO_INFO + 3);
	return true;
}

#define ITS_NUMBERS "its own numbers: "

const struct foreign_kind foreign_kinds[] = {
	{"jemalloc",
	 "libjemalloc.",
	 {"mallctl", "je_mallctl", "je_malloc"},
	 {"je_", "mallctl", "mallocx", "dallocx"},
	 NULL,
	 "<jemalloc>: ",
	 ITS_NUMBERS "start it with MALLOC_CONF=stats_print:true, or let it "
		     "call malloc_stats_print()",
	 jemalloc_version},
	{"tcmalloc",
	 "libtcmalloc",
	 {"tc_malloc", "MallocExtension_GetStats",
	  "TCMalloc_Internal_MallocExtension"},
	 {"tc_", "MallocExtension_"},
	 NULL,
	 "tcmalloc: allocation failed",
	 ITS_NUMBERS "start it with MALLOCSTATS=1, or let it call "
		     "MallocExtension_GetStats()",
	 tcmalloc_version},
	{"mimalloc",
	 "libmimalloc",
	 {"mi_malloc"},
	 {"mi_"},
	 NULL,
	 "mimalloc: warning: ",
	 ITS_NUMBERS "start it with MIMALLOC_SHOW_STATS=1, or let it call "
		     "mi_stats_print()",
	 NULL},
	{"musl",
	 "ld-musl-",
	 {"__libc_malloc_impl", "__malloc_donate"},
	 {NULL},
	 "musl libc (",
	 "No error information", /* its strerror(0) */
	 "",
	 musl_version},
	{"snmalloc",
	 "libsnmalloc",
	 {"sn_malloc"},
	 {"sn_"},
	 NULL,
	 NULL,
	 "",
	 NULL},
	{"rpmalloc", "librpmalloc", {"rpmalloc"}, {"rp"}, NULL, NULL, "", NULL},
	{"Hoard", "libhoard", {"hoardmalloc"}, {"hoard"}, NULL, NULL, "", NULL},
	{"Scudo",
	 "libscudo",
	 {"__scudo_print_stats"},
	 {"__scudo_"},
	 NULL,
	 NULL,
	 ITS_NUMBERS "let it call __scudo_print_stats()",
	 NULL},
	{"AddressSanitizer",
	 "libasan.",
	 {"__asan_init"},
	 {NULL},
	 NULL,
	 NULL,
	 "it looks for leaks itself when the program ends "
	 "(ASAN_OPTIONS=detect_leaks=1)",
	 NULL},
	{"the Go runtime",
	 NULL,
	 {"runtime.mallocgc"},
	 {NULL},
	 GO_TEXT,
	 NULL,
	 "its own profile: net/http/pprof or runtime/pprof, go tool pprof",
	 go_version},
	{.name = NULL}};

typedef bool piece_fn(void *ctx, const char *bytes, size_t len);

/* What is mapped of the file, piece by piece, until fn says true. */
static void each_piece(const struct module *m, piece_fn *fn, void *ctx)
{
	const struct elf_segment *seg;
	size_t n = elf_segments(m->elf, &seg);
	bool done = false;

	for (size_t i = 0; i < n && !done; i++) {
		struct error err;
		char *bytes;

		if (seg[i].type != PT_LOAD || !seg[i].filesz ||
		    seg[i].filesz > MAX_TEXT)
			continue;
		bytes = malloc(seg[i].filesz + 1);
		if (bytes && !elf_read(m->elf, seg[i].vaddr, bytes,
				       seg[i].filesz, &err)) {
			bytes[seg[i].filesz] = '\0';
			done = fn(ctx, bytes, seg[i].filesz);
		}
		free(bytes);
	}
}

struct by_text {
	const struct foreign_kind *kind;
	const char *text;
	bool sure;
	uint64_t kinds; /* a bit a kind: a text of its is in the file */
};

static bool has(const char *bytes, size_t len, const char *text)
{
	return text && memmem(bytes, len, text, strlen(text));
}

static bool look_for_text(void *ctx, const char *bytes, size_t len)
{
	struct by_text *found = ctx;

	for (size_t i = 0; foreign_kinds[i].name; i++) {
		const struct foreign_kind *k = &foreign_kinds[i];

		bool proof = has(bytes, len, k->proof);

		if (!proof && !has(bytes, len, k->hint))
			continue;
		found->kinds |= UINT64_C(1) << i;
		if (proof ? found->sure : found->kind != NULL)
			continue;
		found->kind = k;
		found->text = proof ? k->proof : k->hint;
		found->sure |= proof;
	}
	return false;
}

/*
 * Who has the texts of many has them to know them by, as heapscope itself, not
 * from what is linked in: that would be one, or one over another.
 */
enum { ONLY_KNOWS = 3 };

const struct foreign_kind *foreign_by_text(const struct module *m,
					   const char **text, bool *sure)
{
	struct by_text found = {0};

	each_piece(m, look_for_text, &found);
	if (__builtin_popcountll(found.kinds) >= ONLY_KNOWS)
		return NULL;
	*text = found.text;
	*sure = found.sure;
	/* The first byte of Go's is no text. */
	if (found.text && found.text[0] < 0)
		++*text;
	return found.kind;
}

struct version {
	const struct foreign_kind *kind;
	char *out;
	size_t cap;
};

static bool look_for_version(void *ctx, const char *bytes, size_t len)
{
	const struct version *v = ctx;

	return v->kind->version(bytes, len, v->out, v->cap);
}

/* mi_version() returns 209 for 2.0.9: mov $209, %eax. */
static void mimalloc_version(const struct module *m, char *out, size_t cap)
{
	struct elf_symbol symbol;
	uint8_t code[16];
	struct error err;

	if (!m->elf || !elf_dynsym(m->elf, "mi_version", &symbol) ||
	    elf_read(m->elf, symbol.value, code, sizeof code, &err))
		return;
	for (size_t i = 0; i + 6 <= sizeof code; i++) {
		unsigned n = code[i + 1] | (unsigned)code[i + 2] << 8;

		if (code[i] != 0xb8 || code[i + 5] != 0xc3)
			continue;
		if (n >= 100 && n < 1000)
			snprintf(out, cap, "%u.%u.%u", n / 100, n / 10 % 10,
				 n % 10);
		return;
	}
}

void foreign_version(const struct foreign_kind *kind, const struct module *m,
		     char *out, size_t cap)
{
	struct version v = {kind, out, cap};

	*out = '\0';
	if (!strcmp(kind->name, "mimalloc"))
		mimalloc_version(m, out, cap);
	else if (kind->version && m->elf)
		each_piece(m, look_for_version, &v);
}

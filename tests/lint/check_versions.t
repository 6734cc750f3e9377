#!/bin/sh
# check-versions finds what it is there to find.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"

mkdir -p "$T/src/malloc" "$T/ui"
lint() {
	"$top_srcdir/tests/lint/check-versions" "$T" >"$T/out"
}
finds() { # WHAT CONTENT
	printf 'static void f(void)\n{\n%s\n}\n' "$2" >"$T/src/malloc/a.c"
	if lint; then
		check "$1" false
	else
		check "$1" grep -q '^src/malloc/a.c:[0-9]*: ' "$T/out"
	fi
}
passes() { # WHAT CONTENT
	printf 'static void f(void)\n{\n%s\n}\n' "$2" >"$T/src/malloc/a.c"
	check "$1" lint
}

passes "a version may be told" \
	'	snprintf(text, sizeof text, "%s", g->version);'
passes "and kept" '	memcpy(best->version, rest->version, 16);'
passes "and the releases of a row" \
	'	say("layout of %s", row ? row->releases : "");'
finds "a version that is compared" '	if (!strcmp(g->version, "2.36"))
		align = 8;'
finds "over two lines" '	if (strverscmp("2.36",
		       g->version) < 0)
		align = 8;'
finds "as a number" '	minor = atoi(g->version + 2);'
finds "by a character" "	if (g->version[2] == '3')
		align = 8;"
finds "by the seam" "	if (a->version(state)[2] == '3')
		align = 8;"
finds "a row by its releases" '	if (strstr(row->releases, "2.17"))
		align = 8;'
finds "the libc that we run on" '	v = gnu_get_libc_version();'
finds "and that we were built with" '#if __GLIBC_MINOR__ > 30
	align = 8;
#endif'
done_testing

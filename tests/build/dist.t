#!/bin/sh
# A release holds every file of the checkout.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need git make
top=$(git -C "$top_srcdir" rev-parse --show-toplevel 2>/dev/null)
[ "$top" = "$(cd "$top_srcdir" && pwd -P)" ] ||
	skip_all "the sources are not a git checkout"

# A make of its own, whatever make runs us.
unset MAKEFLAGS MFLAGS MAKELEVEL
make -s -C "$top_builddir" distdir distdir="$T/dist" >"$T/make" 2>&1 || {
	cat "$T/make"
	bail "make distdir failed"
}
(cd "$T/dist" && find . -type f | sed 's|^\./||' | sort) >"$T/have"
# .gitignore and .gitattributes are about the checkout.
git -C "$top_srcdir" ls-files | while read -r file; do
	[ ! -e "$top_srcdir/$file" ] || echo "$file"
done | grep -v '^\.git' | sort >"$T/want"
check "the checkout has files" test -s "$T/want"
is "no file of the checkout is left out" \
	"$(comm -13 "$T/have" "$T/want")" ""
is "nothing that was built is in it" \
	"$(grep -E '\.(o|a|so|log|trs)$' "$T/have")" ""
done_testing

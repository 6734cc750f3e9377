#!/bin/sh
# The house rules that a program can check.  "make lint" runs this too.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
cd "$top_srcdir" || bail "no source tree"

: "${HS_CPPFLAGS:=-include config.h -I$top_srcdir/src -I$top_srcdir}"
STRICT="-std=gnu17 -Wall -Wextra -Werror"

list() { # PATTERN... : the project's files with such names, one a line
	for pattern in "$@"; do
		find src ui tests -name "$pattern" -type f
	done | sort
}

# command_of COMPILER: that checks the syntax of files, each by itself.  Of
# clang the one that its driver would start anew for every file, which takes
# longer than most files do.
command_of() {
	set -- "$1 $STRICT $HS_CPPFLAGS -I. -fsyntax-only -x c"
	# The flags are words on purpose.
	# shellcheck disable=SC2086
	one=$($1 -### /dev/null 2>&1 | tail -n 1)
	case $one in
	*' "-cc1" '*' "/dev/null"') echo "${one%'"/dev/null"'}" ;;
	*) echo "$1" ;;
	esac
}
# compile COMPILER: the files on stdin, two processes at a time.  From the build
# tree: config.h is there, and the paths in HS_CPPFLAGS start there.
compile() {
	cd "$top_builddir" || return
	xargs -n 32 -P 2 sh -c "$(command_of "$1") \"\$@\"" "$1"
}
sources() {
	list '*.c' | sed "s|^|$top_srcdir/|" | (compile "$1")
}
# A header alone must compile, and twice must do no harm.
headers() {
	mkdir -p "$T/alone"
	for header in $(list '*.h'); do
		printf '#include "%s"\n#include "%s"\n' "$top_srcdir/$header" \
			"$top_srcdir/$header" \
			>"$T/alone/$(echo "$header" | tr / -).c"
	done
	find "$T/alone" -name '*.c' | (compile "$1")
}
# A source that nobody builds rots.
all_built() {
	list '*.c' '*.t' | sed -n -e '/^src\/main\.c$/d' \
		-e 's|^src/|SOURCES += &|p' -e 's|^ui/|SOURCES += &|p' \
		-e 's|^\(tests/unit/.*\)\.c$|unit_tests += \1|p' \
		-e 's|^.*\.t$|script_tests += &|p' | sort >"$T/wanted"
	grep -oE '(SOURCES|unit_tests|script_tests) \+= [^ ]*$' Makefile.am |
		sort -u >"$T/lines"
	comm -23 "$T/wanted" "$T/lines" |
		sed 's/^/Makefile.am has no line: /' | grep . && return 1
	return 0
}
has_config() {
	[ -f "$top_builddir/config.h" ]
}

check "there is a configured tree" has_config
check "every source and every test is in Makefile.am" all_built
check "layers, library owners, lengths" tests/lint/check-layers .
check "no version decides anything" tests/lint/check-versions .

if command -v clang-format >/dev/null; then
	# shellcheck disable=SC2046
	check "clang-format" clang-format --dry-run -Werror \
		$(list '*.[ch]')
else
	skip "clang-format" "clang-format is not installed"
fi
if command -v shellcheck >/dev/null; then
	# shellcheck disable=SC2046
	check "shellcheck" shellcheck -x -P "$top_srcdir" \
		-e SC2154,SC2317 bootstrap .ci/run tests/lint/check-layers \
		tests/lint/check-versions \
		$(list '*.sh' '*.t')
else
	skip "shellcheck" "shellcheck is not installed"
fi
if ! ls doc/*.[1-8] >/dev/null 2>&1; then
	skip "manual pages" "there are none"
elif command -v mandoc >/dev/null; then
	check "manual pages" mandoc -T lint -W warning doc/*.[1-8]
else
	skip "manual pages" "mandoc is not installed"
fi
for compiler in gcc clang; do
	if command -v "$compiler" >/dev/null; then
		check "every header alone, $compiler" headers "$compiler"
		check "all sources, $compiler" sources "$compiler"
	else
		skip "headers and sources, $compiler" \
			"$compiler is not installed"
	fi
done
done_testing

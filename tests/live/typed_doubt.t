#!/bin/sh
# What looks like a type and is not known to be one: a header before an empty
# payload is no array, nor is the buffer that a union may lead to a struct, and a
# table of virtual functions tells what a chunk begins with, not that it is all.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need_ptrace
need jq gcc c++ strip

# What the program tells, and what is said of the same chunks.
judge() { # WORD: of the manifest's lines
	hs -p "$PID" --json --limit 0 chunks
	jq -r '.rows[] | [.addr, (if .named_by | IN("path", "size", "vtable")
		then .type else "-" end)] | @tsv' "$T/out" | sort >"$T/got"
	sed -n 's/^'"$1"' \([^ ]*\) /\1\t/p; s/^none \(.*\)/\1\t-/p' \
		"$T/manifest" | sort >"$T/wanted"
	join -t "$(printf '\t')" "$T/wanted" "$T/got" >"$T/judged"
	is "$how: of all chunks that the program tells something is said" \
		"$(wc -l <"$T/judged")" "$(wc -l <"$T/wanted")"
	is "$how: no more than is known" \
		"$(awk -F '\t' '$2 != $3' "$T/judged")" ""
}
for flags in -O0 -O2; do
	how="C $flags"
	gcc -g "$flags" -o "$T/typed_doubt" \
		"$top_srcdir/tests/fixtures/typed_doubt.c" 2>"$T/log" ||
		bail "gcc"
	FIXTURES=$T start_fixture typed_doubt
	judge named
	stop_fixture
done
c++ -g -O0 -o "$T/typed_doubt" "$top_srcdir/tests/fixtures/typed_doubt.cc" \
	2>"$T/log" || bail "c++"
how="C++"
FIXTURES=$T start_fixture typed_doubt
judge named
lone=$(awk '$3 == "Lone+" { print $2; exit }' "$T/manifest")
hs -p "$PID" --json type "$lone"
check "$how: why" jq -e '[.rows[] | select(.section == "why") | .what] |
	any(contains("not just one"))' "$T/out"
stop_fixture
strip "$T/typed_doubt"
how="C++, stripped"
FIXTURES=$T start_fixture typed_doubt
judge bare
hs -p "$PID" --json count type=Circle
is "$how: of a set of Circle are no more" "$(jq '.rows[0].count // .count' \
	"$T/out")" 1
stop_fixture
done_testing

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
	jq -r '.rows[] | [.addr, (if .named_by | IN("path", "size", "vtable",
		"part", "tag") then .type else "-" end)] | @tsv' "$T/out" | sort >"$T/got"
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
	last=$(awk '$1 == "last" { print $2 }' "$T/manifest")
	hs -p "$PID" --json type "$last"
	is "$how: a long list's end has its whole way" \
		"$(jq -r '.rows | map(select(.section == "why"))[0].what' "$T/out")" \
		"g_links->next (x$(awk '$1 == "last" { print $3 }' "$T/manifest"))"
	for word in denied alone guess hangs; do
		hs -p "$PID" --json type "$(awk '$1 == "'$word'" {
			print $2; exit }' "$T/manifest")"
		cp "$T/out" "$T/$word"
	done
	is "$how: what the words deny is shown" "$(jq -c '[.rows[] |
		select(.section == "its size or words contradict") | .what]' \
		"$T/denied")" '["struct numbers at +24, by g_middle"]'
	is "$how: so is what one pointer alone says" "$(jq -c '[.rows[] |
		select(.section == "one pointer alone says") | .what]' \
		"$T/alone")" '["struct plain at +16, by g_lone"]'
	check "$how: that a size alone told a type is said" jq -e '.rows |
		any(.what | contains("the only one that has such a part"))' \
		"$T/guess"
	check "$how: and of what hangs on that, which" jq -e '.rows | any(.what |
		contains("somewhere on that way a type was a candidate"))' \
		"$T/hangs"
	check "$how: which its size has not told" jq -e '.rows | all(.what |
		contains("such a part") | not)' "$T/hangs"
	hs -p "$PID" --json "count \"type=struct twin\""
	is "$how: both of one name go by it" "$(jq '.rows[0].count' "$T/out")" 2
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
hs -p "$PID" --json -e 'chunks size>=1M' -e 'retained --all' \
	-e 'set types on' -e 'retained --all'
check "$how: what begins with one is not called one where types are not known" \
	jq -e -s '[.[0].rows[].content] | sort ==
		["begins with Circle", "begins with Lone"]' "$T/out"
large=$(jq -s -c '[.[0].rows[].addr]' "$T/out")
# shellcheck disable=SC2016 # jq's
names='.[$n].rows | map(select(.addr | IN($large[])) | .type) | sort'
is "$how: nor in other tables" "$(jq -s -c --argjson large "$large" \
	--argjson n 1 "$names" "$T/out")" \
	'["begins with Circle","begins with Lone"]'
is "$how: which have the type where they are named by types" "$(jq -s -c \
	--argjson large "$large" --argjson n 3 "$names" "$T/out")" \
	'["Circle+","Lone+"]'
hs -p "$PID" --json count type=Circle
is "$how: of a set of Circle are no more" "$(jq '.rows[0].count // .count' \
	"$T/out")" 1
stop_fixture

# Of two structs of one name none is chosen for who knows the name alone.
for part in 1 2 3; do
	gcc -g -O0 -DPART=$part -c -o "$T/part$part.o" \
		"$top_srcdir/tests/fixtures/typed_opaque.c" || bail "gcc"
done
gcc -o "$T/typed_opaque" "$T/part1.o" "$T/part2.o" "$T/part3.o" || bail "gcc"
FIXTURES=$T start_fixture typed_opaque
for name in opaque single first second; do
	hs -p "$PID" "ptype g_$name"
	cp "$T/out" "$T/$name"
done
check "two definitions: none is taken" grep -q "incomplete type" "$T/opaque"
check "one definition: it is taken" grep -q "long known" "$T/single"
check "the first file has its own" grep -q "next;" "$T/first"
check "so has the second" grep -q "double d" "$T/second"
hs -p "$PID" "print *g_opaque"
check "what is not chosen is not printed" test "$status" -ne 0
check "print says that there are several" grep -q "differ" "$T/err"
stop_fixture

# A chunk that is just a base has the size of a larger struct, too.
cat >"$T/bases.c" <<'SOURCE'
#include <stdio.h>
#include <stdlib.h>
struct base {
	int kind;
	struct base *next;
};
struct old {
	int kind;
	struct base *next;
	long count;
};
struct base *g_base;
struct old *g_old;
int main(void)
{
	g_base = calloc(1, sizeof(*g_base));
	printf("base %p\nready\n", (void *)g_base);
	fflush(stdout);
	return getchar() != EOF;
}
SOURCE
gcc -g -O0 -o "$T/bases" "$T/bases.c" || bail "gcc"
FIXTURES=$T start_fixture bases
hs -p "$PID" --json "type $(sed -n 's/^base //p' "$T/manifest")"
is "what is not known is not said: begins with it" \
	"$(jq -r .totals.type "$T/out")" "struct base+"
check "that it may be just that" jq -e '.rows | any(.what |
	test("begins with one and is more, or just that"))' "$T/out"
stop_fixture
done_testing

#!/bin/sh
# The tab Types: what the command says, down to why a chunk is what it is; with
# debug information and without.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need_ptrace
need jq gcc strip
HEAPSCOPE_HISTORY=none
export HEAPSCOPE_HISTORY
gcc -g -O1 -o "$T/typed_heap" "$top_srcdir/tests/fixtures/typed_heap.c" \
	2>"$T/log" || skip_all "gcc makes no such program here"

play() { # NAME: runs the script on standard input
	cat >"$T/script"
	hs -p "$PID" --script "$T/script"
	is "$1: exit status 0" "$status" 0
}
FIXTURES=$T
start_fixture typed_heap
play "the tab" <<END
key 0
save-screen $T/types
key o
save-screen $T/sorted
command types
key /
type struct tree
key Enter
save-screen $T/filtered
key Enter
save-screen $T/chunks
key Enter
save-screen $T/why
key Enter
save-screen $T/chunk
key Backspace Backspace Backspace
save-screen $T/back
key Esc
resize 120x40
save-screen $T/large
resize 20x5
save-screen $T/small
key Enter Down ? Backspace Backspace 1 0
save-screen $T/still
END
play "a name with quotes" <<END
key 0 /
type TLS
key Enter Enter
save-screen $T/quoted
END
check "Enter: its chunks, too" grep -q \
	'^(heapscope) chunks used "type=held by thread' "$T/quoted"
check "there is one" grep -q ' 1$' "$T/quoted"
check "it has its name among all, on 80 columns" \
	grep -q '^1Heap 2Sizes .* 9Growth \[0Types\]' "$T/types"
check "and on 120" grep -q '^ 1 Heap .*\[0 Types\]' "$T/large"
hs -p "$PID" --json --limit 0 types
jq -r '.rows[] | "\(.type) \(.count)"' "$T/out" | sort >"$T/wanted"
sed -n '/TYPE /,/^$/p' "$T/large" | sed -n \
	's/^[^ ]* *\(.*[^ ]\)  *\([0-9][0-9,]*\)  *[0-9.]* [KMi]*B .*/\1 \2/p' |
	sed 's/  */ /g' | sort >"$T/rows"
check "rows" test "$(wc -l <"$T/rows")" -gt 20
is "none but those of the command" "$(comm -23 "$T/rows" "$T/wanted")" ""
is "/: those with that text alone" "$(sed -n '/TYPE /,/^$/p' "$T/filtered" |
	grep -c '%')" 1
trees=$(sed -n 's/^struct tree //p' "$T/wanted")
check "Enter: its chunks" grep -q \
	'^(heapscope) chunks used "type=struct tree"' "$T/chunks"
check "as many as it says" grep -q " 1-[0-9]* of $trees\$" "$T/chunks"
tree=$(sed -n 's/^▸ \(0x[^ ]*\) .*/\1/p' "$T/chunks")
check "which are some of that type" grep -q "^type $tree struct tree" \
	"$T/manifest"
check "Enter: why, by which way" grep -q "^(heapscope) type $tree" "$T/why"
check "which is told" grep -q 'named by: path' "$T/why"
check "Enter: the chunk itself" grep -q "^(heapscope) chunk $tree" "$T/chunk"
check "Backspace: the same row" grep -q '^▸ struct tree ' "$T/back"
check "o: another column" grep -q 'SHARE▼' "$T/sorted"
is "20 columns, 5 lines: no more" "$(wc -l <"$T/small")" 5
check "some of it is there" grep -q TYPE "$T/small"
check "and again" grep -q TYPE "$T/still"
stop_fixture

strip -o "$T/stripped" "$T/typed_heap"
start_fixture stripped
play "without debug information" <<END
key 0
save-screen $T/bare
END
check "it says what lacks, and why" grep -q \
	'stripped: no debug information' "$T/bare"
check "it says all of it: no line is cut" test "$(sed -n '/^ *! /,/^$/p' \
	"$T/bare" | grep -c '[^ ].*…$')" -eq 0
check "and has what is known without" grep -q 'unknown' "$T/bare"
stop_fixture

# Names that are longer than the screen is wide.
if ! g++ -g -O1 -o "$T/typed_heap" "$top_srcdir/tests/fixtures/typed_heap.cc" \
	2>"$T/log"; then
	skip "long names" "g++ makes no such program here"
	done_testing
fi
start_fixture typed_heap
hs -p "$PID" --json --limit 0 types
longest=$(jq -r '.rows | max_by(.type | length).type' "$T/out")
check "there is one" test "${#longest}" -gt 100
hs -p "$PID" types
check "no terminal: it is not cut" grep -qF "$longest" "$T/out"
hs -p "$PID" --csv types
check "nor in CSV" grep -qF "$(echo "$longest" | sed 's/"/""/g')" "$T/out"
play "long names" <<END
key 0 /
type $longest
key Enter
save-screen $T/long
key Esc /
type unknown
key Enter
save-screen $T/short
END
check "it is cut, and columns stay where they are" grep -Eq \
	"^▸ $(echo "$longest" | cut -c -12 | sed 's/[][*+.()]/./g').*… +[0-9]+ +[0-9.]+ [KMi]*B +[0-9.]+%  [a-z]+\$" \
	"$T/long"
is "below it is in full" "$(sed -n '/── this row in full/,/^(heapscope)/p' \
	"$T/long" | sed '1d;$d' | tr -d ' \n')" "$(echo "$longest" | tr -d ' ')"
check "where nothing is cut there is nothing below" test "$(grep -c \
	'── this row in full' "$T/short")" -eq 0
stop_fixture
done_testing

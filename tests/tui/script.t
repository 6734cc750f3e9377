#!/bin/sh
# Screens by a script of keys, without a terminal: what they show is what the
# commands say.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need_ptrace
HEAPSCOPE_HISTORY=none
export HEAPSCOPE_HISTORY
# play NAME ...: runs the script on standard input; OPTIONS may be set.
play() {
	cat >"$T/script"
	status=0
	# shellcheck disable=SC2086
	"$HS" -p "$PID" --script "$T/script" ${OPTIONS-} \
		>"$T/out" 2>"$T/err" </dev/null || status=$?
	is "$1: exit status 0" "$status" 0
	check "$1: silent" test ! -s "$T/out" -a ! -s "$T/err"
}
start_fixture leaky_server
port=$(sed -n 's/^port //p' "$T/manifest")
class=$(sed -n 's/^class //p' "$T/manifest")
visit="$top_builddir/tests/fixtures/leaky_server --poke $port"
$visit 5 >&2

play "the tabs" <<END
save-screen $T/heap
key 2
save-screen $T/sizes
key 3
save-screen $T/diff
resize 120x60
key 4
save-screen $T/chunks
key 5
save-screen $T/leaks
key 6
save-screen $T/retained
key 7
save-screen $T/threads
key 8
save-screen $T/maps
key 9
save-screen $T/growth
key 0
save-screen $T/types
END
for tab in Heap Sizes Diff Chunks Leaks Retained Threads Maps Growth Types; do
	screen=$T/$(echo "$tab" | tr '[:upper:]' '[:lower:]')
	check "$tab is marked without colour" grep -Eq "\[[0-9] ?$tab\]" "$screen"
	check "$tab has the title" \
		grep -q "leaky_server $PID .* running" "$screen"
done
is "24 lines" "$(wc -l <"$T/heap")" 24
is "none longer than 80 columns" \
	"$(grep -Ec '^.{81}' "$T/heap")" 0
check "one snapshot is no diff: it says what to do" \
	grep -q 'press S for a second' "$T/diff"
check "nor is it growth" grep -q 'there is one so far' "$T/growth"

# The screen has the rows that the command prints.
hs -p "$PID" --limit 0 chunks
grep -o '^ *0x[0-9a-f]*' "$T/out" | tr -d ' ' >"$T/wanted"
sed -n 's/^..\(0x[0-9a-f]*\) .*used.*/\1/p' "$T/chunks" >"$T/got"
check "there are chunks" test -s "$T/wanted"
check "tab Chunks has the rows of chunks" cmp "$T/wanted" "$T/got"
sed -n "s/^. *\($class\) .*/\1/p" "$T/sizes" >"$T/got"
is "tab Sizes has the class of the receipts" "$(cat "$T/got")" "$class"

# Down and End move in the bytes once Tab went there: the table keeps its row.
play "the panes" <<END
key 4
save-screen $T/table
key Tab Down Down
save-screen $T/bytes
key Tab Down
save-screen $T/back
END
row_of() {
	grep '^▸' "$1" || grep '^>' "$1"
}
first_bytes() {
	sed -n '/bytes of 0x/{n;s/^ *\([^ ]*\) .*/\1/p;}' "$1"
}
check "the table has a row" row_of "$T/table"
is "in the bytes: the table's row stays" "$(row_of "$T/bytes")" \
	"$(row_of "$T/table")"
is "the bytes begin at their start" "$(first_bytes "$T/table")" "+0"
is "two lines down: two words" "$(first_bytes "$T/bytes")" "+16"
check "the pane says that keys move in it" \
	grep -q 'bytes of 0x.*Tab: the table' "$T/bytes"
check "back in the table: another row" \
	test "$(row_of "$T/back")" != "$(row_of "$T/table")"

play "the main job" <<END
command shell $visit 12
save-screen $T/visited
key S
save-screen $T/second
key d
save-screen $T/diff
key w
save-screen $T/near
key Backspace Enter Enter
save-screen $T/chunk
key Backspace
save-screen $T/back
key 1 3
save-screen $T/returned
key 3
save-screen $T/root
END
check "what the step said is said" grep -q '12 visitors served' "$T/visited"
check "S says what it took" \
	grep -Eq '^\(heapscope\) snapshot  snapshot 2: .* stopped for' "$T/second"
check "the new receipts" grep -Eq "^. +$class +12 " "$T/diff"
check "near by a key" grep -q "^(heapscope) near $class" "$T/near"
check "Enter, Enter: a chunk" grep -q '^(heapscope) chunk 0x' "$T/chunk"
check "the crumbs say how we came" \
	grep -q "^ diff . chunks new class=$class . chunk 0x" "$T/chunk"
check "its bytes are named" grep -q 'bytes of 0x.* as in snapshot 2' "$T/chunk"
check "Backspace: the chunks" grep -q '^ diff . chunks new' "$T/back"
check "a tab is as it was left" grep -q '^ diff . chunks new' "$T/returned"
check "pressed again it begins anew" grep -Eq "^. +$class +12 " "$T/root"

play "what grows, and who holds it" <<END
command shell $visit 12
key S
command shell $visit 12
key S
command shell $visit 12
key S +
save-screen $T/growth
key Enter
save-screen $T/new
key Enter
save-screen $T/chunk
key Backspace Backspace
save-screen $T/back
key w
save-screen $T/near
key s
save-screen $T/suspects
key Enter
save-screen $T/held
key Backspace
save-screen $T/suspects2
key 5 Enter
save-screen $T/leaked
key Backspace
save-screen $T/leaks
END
check "all tabs have their names on 80 columns" \
	grep -q '^1Heap 2Sizes 3Diff .* \[9Growth\] 0Types' "$T/growth"
check "+: the receipts grow" \
	grep -Eq "^▸ +$class +\+12 .* 1.00 " "$T/growth"
check "Enter: the new ones of that class, in the same tab" \
	grep -q "^(heapscope) diff 1 4 --chunks class=$class" "$T/new"
is "36 of them" "$(sed -n 's/.* 1-[0-9]* of \([0-9]*\)$/\1/p' "$T/new")" 36
check "Enter: one of them" \
	grep -q "^(heapscope) chunk $(sed -n 's/^▸ \(0x[^ ]*\) .*/\1/p' \
		"$T/new")" "$T/chunk"
is "Backspace, Backspace: growth, the same row" "$(grep '^▸' "$T/back")" \
	"$(grep '^▸' "$T/growth")"
check "w: near" grep -q "^(heapscope) near $class" "$T/near"
check "s: suspects" grep -q 'no root leads to' "$T/suspects"
# Beginning and end of a sentence that no line has room for.
below() {
	sed -n '/── this row in full/,/^(heapscope)/p' "$1" |
		sed '1d;$d' | tr -s ' \n' ' '
}
check "in full" expr "$(below "$T/suspects")" : \
	' no root leads to .* new since snapshot [0-9][^…]*$'
check "Enter: what it holds" \
	grep -q '^(heapscope) retained nobody' "$T/held"
is "Backspace: suspects" "$(grep '^▸' "$T/suspects2")" \
	"$(grep '^▸' "$T/suspects")"
check "Enter on a leak: its group" \
	grep -q '^ leaks › chunks like 0x' "$T/leaked"
check "Backspace: the groups" grep -q '^▸ definite' "$T/leaks"

play "a value that no line has room for" <<END
command print "first 12345678 22345678 32345678 42345678 52345678 62345678 last"
save-screen $T/value
END
check "print: all of it can be read" expr "$(below "$T/value")" : \
	' "first 12345678 .* 62345678 last" '

play "other snapshots" <<END
command snapshot before
key S
command use before
save-screen $T/used
command drop before
save-screen $T/dropped
command snapshots
save-screen $T/held
END
check "use says what all speaks of" \
	grep -q 'all speaks of snapshot before now' "$T/used"
check "and does" grep -q 'snapshot before  *[0-9]*$' "$T/used"
check "drop says how many are left" grep -q '2 snapshots are held' "$T/dropped"
is "and they are" "$(grep -c '^..[12] ' "$T/held")" 2

play "what is typed" <<END
type :echo of no consequence
save-screen $T/typing
key Enter
save-screen $T/said
type :nothing-of-the-kind
key Enter
save-screen $T/unknown
resize 40x24
save-screen $T/narrow
key Esc
save-screen $T/quiet
resize 80x24
key ?
save-screen $T/keys
type /snapshot
key Enter
save-screen $T/found
key Backspace 2
type /$class
key Enter
save-screen $T/filtered
key Esc
save-screen $T/unfiltered
command sort count up
save-screen $T/sorted
command sort nonsense
save-screen $T/unsorted
END
check "it is seen" grep -q '^(heapscope) echo of no consequence' "$T/typing"
check "a sentence is said in place" \
	grep -q '^(heapscope) echo of no consequence  of no consequence' "$T/said"
check "what is wrong is said" \
	grep -q 'unknown command "nothing-of-the-kind"' "$T/unknown"
check "in whole words where it is narrow" \
	grep -q '^ unknown command' "$T/narrow"
check "Esc takes it away" test "$(grep -c 'unknown command' "$T/quiet")" = 0
check "? lists the keys" grep -q '^   S  *take a snapshot' "$T/keys"
check "/ finds in text" grep -q '^ *S  *take a snapshot' "$T/found"
check "/ shows the rows with the text" \
	grep -Eq "^. +$class .*" "$T/filtered"
check "and says so" grep -q "/$class  1\$" "$T/filtered"
check "the totals say of how many rows they are" grep -Eq \
	'total of all [0-9]+ rows \(1 shown\):' "$T/filtered"
is "only them" "$(grep -c ' KiB  \| B  ' "$T/filtered")" 1
check "Esc shows all" test "$(grep -c ' KiB  \| B  ' "$T/unfiltered")" -gt 1
check "sort by name" grep -q 'COUNT▲' "$T/sorted"
check "no such column" grep -q 'no column "nonsense"' "$T/unsorted"

play "the list of keys on 80 columns" <<END
resize 80x24
key ?
save-screen $T/keys.1
key PgDn
save-screen $T/keys.2
key End
save-screen $T/keys.3
END
check "is the list of keys" grep -q "A key runs a command line" "$T/keys.1"
cat "$T"/keys.? >"$T/keys"
is "no line of it is cut" "$(grep '…' "$T/keys")" ""

OPTIONS=--no-color
LC_ALL=C
export LC_ALL
play "plain ASCII" <<END
save-screen $T/ascii
key 2
save-screen $T/ascii2
END
is "has nothing but ASCII" \
	"$(cat "$T/ascii" "$T/ascii2" | tr -d '\n -~' | wc -c)" 0
OPTIONS=

for size in 20x5 16x3 1x1 200x100; do
	play "at $size" <<END
resize $size
key 1 2 3 4 5 6 Down PgDn End Enter Backspace ? Backspace x x Tab S v
key S + Down Enter Backspace s Enter Backspace
type :heap
key Enter
END
done

play "the end of the target" <<END
command shell kill -KILL $PID
wait-end
save-screen $T/ended
key 4
save-screen $T/after
key S
save-screen $T/refused
END
check "is said" grep -q "process $PID has ended" "$T/ended"
check "stays in the title" grep -q "leaky_server $PID .* ended" "$T/after"
check "leaves the snapshot" grep -q '0x[0-9a-f]* .* used' "$T/after"
check "forbids another" grep -q 'has ended' "$T/refused"
exec 9>&-

for lib in /usr/lib/*/libjemalloc.so.2 /usr/lib/libjemalloc.so.2 \
	/usr/lib64/libjemalloc.so.2; do
	[ -e "$lib" ] && break
done
if [ -e "$lib" ]; then
	LC_ALL=C.UTF-8
	# For the fixture alone.
	LD_PRELOAD=$lib
	export LD_PRELOAD
	start_fixture one_block
	unset LD_PRELOAD
	play "another allocator" <<END
save-screen $T/first
key 1
save-screen $T/heap
key 7
save-screen $T/threads
key S
save-screen $T/second
END
	check "Maps comes first" grep -q '\[8Maps\]' "$T/first"
	check "the allocator is named" grep -q 'it uses jemalloc' "$T/first"
	check "and what works" grep -q 'threads, bt' "$T/first"
	check "Heap says why not" grep -q 'it uses jemalloc' "$T/heap"
	check "there are threads" grep -q "^. *$PID " "$T/threads"
	check "and further snapshots" grep -q 'snapshot 2: threads and maps' \
		"$T/second"
	stop_fixture
else
	skip "another allocator" "libjemalloc.so.2 is not installed"
fi

echo 'press S' >"$T/script"
hs -p "$$" --script "$T/script"
is "a line that is none: usage" "$status" 2
check "it is named" grep -q 'press S' "$T/err"
hs -p "$$" --script "$T/none"
is "a script that is not there: usage, as with -x" "$status" 2
check "and it is named" grep -q "cannot read $T/none" "$T/err"
done_testing

#!/bin/sh
# A core file: the same answers as from the running process, and the truth
# about what it is not, has not, or cannot do.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need jq gcore
need_ptrace

FIXTURE_DIR=$T/cores
mkdir "$FIXTURE_DIR"
start_fixture call_tree
core=$T/core
gcore_of "$PID" "$core"
hs -p "$PID" --json -e heap -e 'chunks used' -e bt
cp "$T/out" "$T/live"
stop_fixture
# But for what a core does not know: which pages were touched.
rows() {
	jq -c 'del(.target, .snapshot, .warnings, .totals.other_memory,
		.totals.malloc_trim.touched_bytes) |
		.rows[] |= del(.name, .state, .section)' "$1"
}

hs -c "$core" --json -e heap -e 'chunks used' -e bt
is "exit status" "$status" 0
is "what the running process said" "$(rows "$T/out")" "$(rows "$T/live")"
check "of a core" jq -e '.target.kind == "core"' "$T/out"
check "with names" grep -q '"main"' "$T/out"
hs -c "$core" -e snapshots -e "x/4gx \$rsp"  -e 'disas main' -e 'symbol main' \
	-e maps -e threads -e verify -e 'sleep 0'
is "all that needs no process works" "$status" 0
hs -c "$core" snapshot
is "snapshot: usage" "$status" 2
check "snapshot: says why" grep -q 'nothing runs' "$T/err"
hs -c "$core" -p "$$" heap
is "-p and -c" "$status" 2
hs -p "$$" --exe /bin/sh heap
is "--exe without -c" "$status" 2
hs -c "$T/nothing" heap
is "no such file" "$status" 2
hs -c "$0" heap
is "not a core" "$status" 2
check "not a core: says so" grep -q 'not a core file' "$T/err"
hs -c "$HS" heap
is "a program" "$status" 2
check "a program: says so" grep -q -e '--exe' "$T/err"

cat >"$T/script" <<END
save-screen $T/screen
key S
save-screen $T/again
END
HEAPSCOPE_HISTORY=none hs -c "$core" --script "$T/script"
is "the screen" "$status" 0
check "the screen: of a core" grep -q 'call_tree .* core file' "$T/screen"
check "the screen: the heap" grep -q '^ heap of call_tree' "$T/screen"
check "the screen: no other snapshot" grep -q 'nothing runs' "$T/again"

# Whose file is not of the core's build is said, and not used.
hs -c "$core" --exe "$HS" --json bt
check "another build: said" grep -q "is of another build: not used" "$T/err"
check "another build: not used" jq -e \
	'[.rows[] | select(.symbol == "main")] == []' "$T/out"
mkdir "$T/sysroot"
hs -c "$core" --sysroot "$T/sysroot" --json heap
is "no files: status" "$status" 0
is "no files: the same heap" "$(rows "$T/out" | jq -c '[.rows, .totals]')" \
	"$(head -n 1 "$T/live" >"$T/heap" && rows "$T/heap" |
		jq -c '[.rows, .totals]')"

# Half of it: what is missing is said.
size=$(wc -c <"$core")
head -c $((size / 2)) "$core" >"$T/half"
hs -c "$T/half" --json maps
is "cut short: status" "$status" 6
check "cut short: says so" grep -q 'cut short' "$T/err"
check "cut short: incomplete" jq -e '.complete == false' "$T/out"
head -c 20 "$core" >"$T/stub"
hs -c "$T/stub" heap
is "the first bytes alone" "$status" 2

# What a core was not to hold is said to be left out.
start_fixture one_block
for filter in 0x0 0x1 0x10; do
	echo "$filter" >"/proc/$PID/coredump_filter"
	gcore_of "$PID" "$T/filtered"
	hs -c "$T/filtered" heap
	is "filter $filter: no heap" "$status" 5
	check "filter $filter: what is not there" grep -q \
		'the core holds no .* coredump_filter' "$T/err"
	hs -c "$T/filtered" --json threads
	is "filter $filter: threads are" "$status $(jq -c \
		'[.complete, (.rows | length)]' "$T/out")" "6 [false,1]"
done
echo 0x33 >"/proc/$PID/coredump_filter"
gcore_of "$PID" "$T/filtered"
hs -c "$T/filtered" heap
is "no filter: the heap" "$status" 0
stop_fixture

if command -v zstd >/dev/null; then
	zstd -q "$core" -o "$T/core.zst"
	hs -c "$T/core.zst" --json -e heap -e 'chunks used' -e bt
	is "packed: status" "$status" 0
	is "packed: the same" "$(rows "$T/out")" "$(rows "$T/live")"
else
	skip "packed" "zstd is not installed"
fi

# Two of one process are two snapshots; of two processes they are not.
start_fixture leaky_server
port=$(sed -n 's/^port //p' "$T/manifest")
gcore_of "$PID" "$T/before"
"$top_builddir/tests/fixtures/leaky_server" --poke "$port" 3 >&2
gcore_of "$PID" "$T/after"
stop_fixture
hs --json diff "$T/before" "$T/after"
is "diff of two cores: status" "$status" 0
class=$(sed -n 's/^class //p' "$T/manifest")
is "diff of two cores: the receipts" "$(jq -c --argjson class "$class" \
	'.rows[] | select(.size == $class) | [.new_count, .gone_count]' \
	"$T/out")" "[3,0]"
hs --json diff "$T/before" "$T/after" --by=content
is "diff of two cores: what receipts begin with" "$(jq -c \
	'.rows[] | select(.name == "sale_receipt_ops") | [.new_count,
		.gone_count]' "$T/out")" "[3,0]"
hs --json diff "$T/after" "$T/before" --by=content
is "the other way round they are gone, though their bytes are" "$(jq -c \
	'.rows[] | select(.name == "sale_receipt_ops") | [.new_count,
		.gone_count]' "$T/out")" "[0,3]"
hs --json diff "$T/before" "$T/after"
is "diff of two cores: no word of touched memory" \
	"$(jq '.totals.touched_delta_bytes' "$T/out")" null
hs --json diff "$T/before" "$T/after"
jq -c .rows "$T/out" >"$T/rows"
hs --json --limit 0 -c "$T/before" -c "$T/after" diff
is "each with -c: the same" "$(jq -c .rows "$T/out")" "$(cat "$T/rows")"
hs --json --limit 0 diff --all "$T/before" "$T/after"
is "behind an option: the same" "$(jq -c .rows "$T/out")" "$(cat "$T/rows")"
hs --json leaks -c "$T/after"
jq -c .rows "$T/out" >"$T/rows"
hs --json -c "$T/after" leaks
is "-c behind the command: the same" "$(jq -c .rows "$T/out")" "$(cat "$T/rows")"
hs --json -c "$T/before" -c "$T/after" leaks --since 1
is "leaks of the later one, what is new since the earlier" "$(jq -c \
	'[.snapshot.name, ([.rows[].count] | add) -
		([.rows[].new_count] | add) > 0,
		([.rows[].new_count] | add) > 0]' "$T/out")" '["2",true,true]'
hs leaks "$T/after"
is "-c forgotten: usage" "$status" 2
check "says what was meant" grep -qF -- "heapscope -c $T/after leaks" "$T/err"
hs diff "$T/after"
is "diff of one: usage" "$status" 2
check "says how many" grep -q 'diff compares two cores' "$T/err"
for command in diff growth 'leaks --since 1' 'chunks new'; do
	hs -c "$T/after" -e "$command"
	is "$command of one: usage" "$status" 2
	check "$command: says what to give" grep -q 'each with -c' "$T/err"
done
top=$("$HS" -c "$T/after" --json chunks top | jq -r '.rows[0].addr')
hs -c "$T/after" leaks "$top"
check "leaks of a chunk not in use says so" \
	grep -q 'is top: leaks are chunks in use' "$T/err"
hs -c "$T/after" path nosuch
check "what is no address says where to read on" \
	grep -q 'help addresses' "$T/err"
hs diff "$T/before" "$core"
is "diff of two processes: usage" "$status" 2
check "diff of two processes: says so" grep -q 'not of one process' "$T/err"

# By the kernel, of a process that was killed by a signal.
start_fixture heap_threads
if kernel_dumps "$PID"; then
	hs -p "$PID" --json -e heap -e 'chunks used'
	cp "$T/out" "$T/live"
	core_of "$PID" "$T/core.abrt"
	hs -c "$T/core.abrt" --json -e heap -e 'chunks used'
	is "by the kernel: status" "$status" 0
	is "by the kernel: the same" "$(rows "$T/out")" "$(rows "$T/live")"
	hs -c "$T/core.abrt" bt
	check "by the kernel: the signal" grep -q 'stopped by signal 6' "$T/out"
else
	skip "by the kernel" "core_pattern or a limit forbids it"
fi
done_testing

#!/bin/sh
# The JSON that scripts rely on: keys, numbers that tie, and the fixture's own
# mallinfo2.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need jq
need_ptrace

# keys FILTER: of the first row, sorted, on one line
keys() {
	jq -r "$1 | keys | join(\" \")" "$T/out"
}

start_fixture heap_threads
hs --json -p "$PID" heap
is "heap ends with 0" "$status" 0
cp "$T/out" "$T/heap"
is "an answer is one line" "$(wc -l <"$T/out")" 1
is "its head, in order" "$(jq -r 'keys_unsorted | join(" ")' "$T/out")" \
	"heapscope command target snapshot title complete warnings columns row_count rows totals"
is "the target" "$(jq -c .target "$T/out")" \
	"{\"kind\":\"live\",\"pid\":$PID,\"exe\":\"$(readlink "/proc/$PID/exe")\",\"glibc\":$(jq -c .target.glibc "$T/out"),\"word\":8}"
check "the time of the snapshot is ISO 8601 with microseconds" jq -e \
	'.snapshot.taken | test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}[.][0-9]{6}Z$")' "$T/out"
check "how long the process stood" jq -e \
	'.snapshot.stopped_us | type == "number" and . > 0' "$T/out"
check "columns say key, title and kind" jq -e \
	'.columns | all(has("key") and has("title") and has("kind"))' "$T/out"
# shellcheck disable=SC2016 # for jq
check "rows have just the columns" jq -e \
	'[.columns[].key] as $k | .rows | all(keys == ($k | sort))' "$T/out"
is "keys of heap" "$(keys '.rows[0]')" \
	"addr arena cached_bytes cached_count copy doubtful free_bytes free_count heaps malloc module system_bytes threads top_bytes used_bytes used_count"
check "the last row is of mmapped chunks" jq -e \
	'.rows[-1].arena == "mmapped" and .rows[-1].addr == null' "$T/out"
for key in system_bytes used_count used_bytes free_count free_bytes \
	cached_count cached_bytes top_bytes; do
	is "$key of the rows make the total" \
		"$(jq "[.rows[].$key] | add" "$T/out")" \
		"$(jq ".totals.$key" "$T/out")"
done
told=$(sed -n 's/^mallinfo2 //p' "$T/manifest" | tail -n 1 | jq -cS .)
is "mallinfo2 is what the fixture's malloc says" \
	"$(jq -cS .totals.mallinfo2 "$T/out")" "$told"

hs --json -p "$PID" chunks all
is "chunks all ends with 0" "$status" 0
is "keys of chunks" "$(keys '.rows[0]')" \
	"addr arena chunk_size content leak named_by new size state type"
check "addresses are strings" jq -e \
	'.rows | all(.addr | test("^0x[0-9a-f]+$"))' "$T/out"
check "states are the four" jq -e \
	'[.rows[].state] | unique - ["cached","free","top","used"] == []' "$T/out"
check "new is null without a diff" jq -e '.rows | all(.new == null)' "$T/out"
for state in used free cached; do
	is "heap counts the $state chunks" \
		"$(jq ".totals.${state}_count" "$T/heap")" \
		"$(jq "[.rows[] | select(.state == \"$state\")] | length" "$T/out")"
	is "heap sums the $state chunks" \
		"$(jq ".totals.${state}_bytes" "$T/heap")" \
		"$(jq "[.rows[] | select(.state == \"$state\").chunk_size] | add // 0" "$T/out")"
done
is "totals count the rows" "$(jq .totals.count "$T/out")" \
	"$(jq '.rows | length' "$T/out")"
is "and sum them" "$(jq .totals.bytes "$T/out")" \
	"$(jq '[.rows[].chunk_size] | add' "$T/out")"

hs --json -p "$PID" sizes
is "keys of sizes" "$(keys '.rows[0]')" "bytes count share size"
is "sizes sums what heap sums" "$(jq '[.rows[].bytes] | add' "$T/out")" \
	"$(jq .totals.used_bytes "$T/heap")"
check "most bytes first" jq -e \
	'[.rows[].bytes] | . == (sort | reverse)' "$T/out"
hs --json -p "$PID" count free
is "count of a set" "$(jq .rows[0].count "$T/out")" \
	"$(jq .totals.free_count "$T/heap")"

hs --json -p "$PID" -e snapshot -e snapshot -e diff -e 'chunks used'
is "one object a command" "$(wc -l <"$T/out")" 4
sed -n 3p "$T/out" >"$T/diff"
is "keys of diff" "$(jq -r '.rows[0] | keys | join(" ")' "$T/diff")" \
	"delta_bytes gone_bytes gone_count kept_count new_bytes new_count \
reused_count size unsure_count"
is "nothing changed, all is kept" \
	"$(jq -c '[([.rows[].kept_count] | add), .totals.new_count]' "$T/diff")" \
	"[$(jq .totals.used_count "$T/heap"),0]"
check "new is false after a diff" sh -c \
	"sed -n 4p '$T/out' | jq -e '.rows | all(.new == false)'"

hs --json -p "$PID" -e threads -e bt -e maps -e verify -e snapshots \
	-e 'symbol main' -e 'x/2gx main' -e 'disas main' -e show -e 'info proc'
is "the others end with 0" "$status" 0
check "each of them has rows" sh -c \
	"jq -e '.rows | length > 0' '$T/out' | sort -u | grep -qx true"
is "threads lists the tasks" \
	"$(sed -n 1p "$T/out" | jq -r '.rows[].tid' | sort -n | tr '\n' ' ')" \
	"$(find "/proc/$PID/task" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort -n | tr '\n' ' ')"
is "keys of bt" "$(sed -n 2p "$T/out" | jq -r '.rows[0] | keys | join(" ")')" \
	"args cfa depth file frame function guess inlined line module offset pc section symbol tail_call tid where"

hs --json -p "$PID" 'symbol no_such_symbol_anywhere'
is "an error is an object too" \
	"$(jq -r '[.command, .error.code, .complete] | map(tostring) | join("|")' "$T/out")" \
	"symbol no_such_symbol_anywhere|not_found|false"
check "and a sentence on stderr" grep -q no_such_symbol_anywhere "$T/err"
stop_fixture
done_testing

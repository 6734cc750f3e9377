#!/bin/sh
# The command language: sequences, files, prefixes, formats, sorting, limits.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need jq
need_ptrace

start_fixture heap_single
cat >"$T/script" <<'END'
# a comment

echo from a file
!echo from the shell
  count   used
END
hs -p "$PID" -e 'echo first' -x "$T/script" -e 'echo last'
is "-e and -x run in order" "$(sed '/^chunks/,/^ *[0-9]/d; /^$/d' "$T/out")" \
	"first
from a file
from the shell
last"
echo 'symbol nosuchsymbol' >"$T/bad"
echo "source $T/bad" >"$T/outer"
hs -p "$PID" -x "$T/outer"
check "a failure names file and line" grep -q "outer:1: .*bad:1: " "$T/err"
is "and is a failure" "$status" 2
echo "source $T/self" >"$T/self"
hs -p "$PID" -x "$T/self"
is "a file that sources itself ends" "$status" 2
hs -p "$PID" -x "$T/nothing-here"
is "a file that is not there" "$status" 2
hs -p "$PID" -e quit -e 'echo not reached'
is "quit ends the run" "$(cat "$T/out")" ""

hs -p "$PID" -e 'shell exit 3' -e 'shell exit 3'
is "each failure of the shell is told" "$(grep -c 'status 3' "$T/err")" 2

hs --json -p "$PID" ver
is "a prefix" "$(jq -r .command "$T/out")" verify
hs --json -p "$PID" where
is "an alias" "$(jq -r .command "$T/out")" bt
hs --json -p "$PID" info threads
is "info" "$(jq -r .command "$T/out")" threads
hs --json -p "$PID" -e 'shell echo loud' -e 'shell exit 3'
is "the shell's output is not in the JSON" "$(jq -c .rows "$T/out")" "[]
[]"
check "but on stderr" grep -qx loud "$T/err"
is "its exit status is told" "$(sed -n 2p "$T/out" | jq .totals.status)" 3
hs -p "$PID" shell "printf '%s\n'" '"a  b"'
is "the rest of the line is the shell's" "$(cat "$T/out")" "a  b"

hs --json -p "$PID" chunks used
cp "$T/out" "$T/all"
# shellcheck disable=SC2016 # for jq
largest=$(jq -c '[.rows[].size] | sort | reverse | .[:3]' "$T/all")
hs --json --sort size --limit 3 -p "$PID" chunks used
is "--sort and --limit" "$(jq -c '[.rows[].size]' "$T/out")" "$largest"
is "how many there are is said" "$(jq .row_count "$T/out")" \
	"$(jq '.rows | length' "$T/all")"
is "totals are of all" "$(jq -c .totals "$T/out")" "$(jq -c .totals "$T/all")"
hs -p "$PID" chunks used --json --sort=size --limit 3
is "the same after the command" "$(jq -c '[.rows[].size]' "$T/out")" "$largest"
hs --json --sort -size --limit 1 -p "$PID" chunks used
is "--sort the other way" "$(jq '.rows[0].size' "$T/out")" \
	"$(jq '[.rows[].size] | min' "$T/all")"
hs -p "$PID" --limit 2 chunks used
check "in text what is cut is said" grep -q '^\.\.\. 2 of .* rows' "$T/out"
hs --json -p "$PID" -e 'set limit 1' -e 'chunks used' -e 'set format csv' \
	-e 'count used'
is "set limit" "$(sed -n 2p "$T/out" | jq '.rows | length')" 1
is "set format" "$(sed -n 4p "$T/out" | tr -d '\r')" count,bytes,usable_bytes

hs --csv -p "$PID" sizes
is "CSV has a header" "$(head -n 1 "$T/out" | tr -d '\r')" size,count,bytes,share
is "and the rows" "$(sed 1d "$T/out" | cut -d, -f1 | sort -n | tr '\n' ' ')" \
	"$(jq -r '.rows[].chunk_size' "$T/all" | sort -nu | tr '\n' ' ')"
hs --csv -p "$PID" echo 'a "b", c'
is "CSV quotes" "$(sed -n 2p "$T/out" | tr -d '\r')" '"a ""b"", c"'

used=$(sed -n 's/^used \(0x[^ ]*\) .*/\1/p' "$T/manifest" | head -n 1)
if [ -z "$used" ]; then
	used=$(jq -r .rows[5].addr "$T/all")
fi
size=$(jq --arg a "$used" '.rows[] | select(.addr == $a).size' "$T/all")
hs --json -p "$PID" chunk "$used+8"
is "chunk: any address in it" "$(jq -r '.rows[0].addr' "$T/out")" "$used"
check "its size is told" grep -q "$(printf "%s" "$size" |
	sed ':a;s/\B[0-9]\{3\}\>/,&/;ta') usable bytes" "$T/out"
is "its sections" "$(jq -r '[.rows[].section] | unique | sort | join("|")' "$T/out")" \
	"its bytes|neighbours|pointed at by|points at|the chunk"
hs --json -p "$PID" -e 'chunks used' -e 'chunk #4'
is "#4 is the fourth row" "$(sed -n 2p "$T/out" | jq -r '.rows[0].addr')" \
	"$(jq -r .rows[3].addr "$T/all")"
hs -p "$PID" -e "x/3xb $used" -e x
is "x goes on where it ended" "$(sed -n 5p "$T/out" | cut -d' ' -f1)" \
	"$(printf '0x%x' $((used + 3)))"
hs --json -p "$PID" near "class>=1k"
is "near takes a set" "$status" 0
hs -p "$PID" near 99999999
is "near of a class that no chunk has: 2" "$status" 2
check "says where the classes are" grep -q 'sizes lists' "$T/err"
hs -p "$PID" near 0x10
is "near of an address in no chunk: 2" "$status" 2
check "says that it was taken for an address" \
	grep -q '0x10 is in no chunk' "$T/err"
hs --json -p "$PID" -e snapshot -e bogus
is "JSON names the line that is wrong" "$(jq -r .command "$T/out")" bogus
hs -p "$PID" help near
check "help has an example" grep -q 'near 352' "$T/out"
hs -p "$PID" --exact count used
bytes=$(jq .totals.bytes "$T/all")
check "--exact shows all digits" grep -qw "$bytes" "$T/out"

hs --json -p "$PID" -e 'snapshot a' -e 'snapshot b' -e 'use a' -e count \
	-e 'drop b' -e snapshots
is "use makes it current" "$(sed -n 4p "$T/out" | jq -r .snapshot.name)" a
is "drop forgets" "$(sed -n 6p "$T/out" | jq -r '[.rows[].name] | join(" ")')" a
hs -p "$PID" -e 'snapshot a' -e 'snapshot a'
is "a name is taken once" "$status" 2
for verb in use drop; do
	hs -p "$PID" -e snapshot -e "$verb nosuch"
	check "$verb of none says what lists them" \
		grep -q '"nosuch"; snapshots lists them' "$T/err"
done
hs -p "$PID" -e 'set contents none' -e snapshot -e 'near 32'
is "near needs contents" "$status" 2
check "and says so" grep -q "not kept" "$T/err"
hs -p "$PID" -e snapshot -e detach -e count
is "the snapshot answers after detach" "$status" 0
hs -p "$PID" -e snapshot -e detach -e snapshot
is "but there is no process any more" "$status" 2
stop_fixture
done_testing

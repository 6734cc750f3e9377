#!/bin/sh
# python3 running a script that serves on a socket and keeps what it is told.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
# shellcheck source=tests/e2e/e2e.sh
. "$top_srcdir/tests/e2e/e2e.sh"

cat >"$T/serve.py" <<'END'
import socket, sys
kept = []
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
s.listen()
print("ready", flush=True)
while True:
    c, _ = s.accept()
    for line in c.makefile():
        word = line.split()
        if word[0] == "keep":
            kept.extend(bytearray(3000) for _ in range(int(word[1])))
        c.sendall(b"have %d\n" % len(kept))
        break
    c.close()
END
# Objects are chunks then, too.
PYTHONMALLOC=malloc
export PYTHONMALLOC
told python3 "$T/serve.py" "$T/socket" >"$T/said" &
PID=$!
unset PYTHONMALLOC
kill_at_exit "$PID"
wait_until grep -q ready "$T/said" || bail "python3 does not start"
serves() {
	$PEER line "$T/socket" ask | grep '^have [0-9]'
}
STEP="$PEER line $T/socket 'keep 200'"
the_job

grown=$(jq -c 'select(.command | startswith("diff")) | .rows[0] |
	.new_count >= 200 and .size > 3000 and .size < 3100' "$T/answers")
is "the kept bytearrays come first" "$grown" true

# What doc/tour.md shows: rounds, and why it is still there.
hs --json --limit 0 -p "$PID" -e snapshot -e "shell $STEP" -e snapshot \
	-e "shell $STEP" -e snapshot -e "shell $STEP" -e snapshot -e growth \
	-e 'leaks --since 1' -e suspects -e 'diff 1 4 --by=type' \
	-e 'chunks new size>3000 size<3100'
is "the rounds end well" "$status" 0
[ "$status" = 0 ] || hs_said
answer() { # COMMAND FILTER
	jq -c --arg c "$1" 'select(.command | startswith($c))' "$T/out" |
		jq -c "$2"
}
is "growth: 200 a round" "$(answer growth '.rows[] |
	select(.size > 3000 and .size < 3100) |
	[.per_round_count, .rounds, .steadiness]')" "[200,3,1]"
is "growth: and as many bytearrays, by their type" "$(answer growth \
	'[.rows[] | select(.type == "PyByteArray_Type") |
	.per_round_count > 180 and .per_round_count < 220]')" "[true]"
check "leaks: nothing of it is lost" jq -e -s 'map(select(.command |
	startswith("leaks")))[0].rows | map(select(.kind == "definite" and
	.size > 3000 and .size < 3100)) == []' "$T/out"
check "suspects: a list, or what is in it" jq -e -s 'map(select(.command |
	startswith("suspects")))[0].rows | any(.class > 3000 and .class < 3100)
	' "$T/out"
# By debug information, if python3 has some, they are objects as others.
check "diff: bytearrays are new" jq -e -s 'map(select(.command |
	startswith("diff")))[0].rows | any(.type != "unknown" and
	.new_count > 500 and .new_count < 700)' "$T/out"
buffer=$(answer chunks '.rows[0].addr' | tr -d '"')
hs --json -p "$PID" -e "refs $buffer" -e "path $buffer" \
	-e "path $buffer --all 3" -e "path $buffer --exclude global"
is "why: they end well" "$status" 0
is "refs: its bytearray holds it" "$(answer refs '[.rows[].type] | unique')" \
	'["PyByteArray_Type"]'
is "path: from a root, by the list and the bytearray" \
	"$(answer path '[.rows[] | select(.kind == "chunk") | .type] |
		[index("PyList_Type") != null, .[-2]]' | head -n 1)" \
	'[true,"PyByteArray_Type"]'
bytearray=$(answer path '.rows[-2].addr' | head -n 1 | tr -d '"')
# shellcheck disable=SC2016 # the variable is jq's
check "path --all: others, to the same" jq -e -s --arg to "$buffer" '
	.[2].rows | group_by(.path) | length > 1 and all(.[-1].addr == $to)
	' "$T/out"
check "path --exclude: not from a variable" jq -e -s '.[3].rows |
	length > 0 and .[0].kind != "global"' "$T/out"
hs --json -p "$PID" path "$buffer" --exclude "$bytearray"
is "without its bytearray nothing leads to it" "$(jq -c .rows "$T/out")" "[]"

# With all its objects in malloc's heap: a dict with a list for each number.
cat >"$T/keep.py" <<'END'
import sys
table = {i: [i + 1000000] for i in range(int(sys.argv[1]))}
print("ready", flush=True)
sys.stdin.read()
END
mkfifo "$T/in"
exec 8<>"$T/in"
# Not into the same file: the first one said "ready" there, too.
PYTHONMALLOC=malloc python3 "$T/keep.py" 60000 <"$T/in" >"$T/kept" &
PID=$!
kill_at_exit "$PID"
wait_until grep -qs ready "$T/kept" || bail "python3 does not start"
the_tables
is "all is nearest to the runtime's own variable" \
	"$(jq -r 'select(.command == "retained --by=symbol") | .rows |
		max_by(.nearest_bytes) | .name' "$T/tables")" _PyRuntime
is "a table with all the lists is the suspect" \
	"$(suspects 'select(.kind == "shared" and .direct_count >= 60000) |
		[(.root == "_PyRuntime"), .alone_bytes < .bytes]')" \
	'[true,true]'
# The dict alone has a pointer to the beginning of its table.  A short string
# that was written over part of an old pointer may name the inside of it, and be
# as near to the root: the way leads through one of both.
suspects 'select(.kind == "shared" and .direct_count >= 60000) | .text |
	capture("^chunk (?<table>0x[0-9a-f]*), [0-9]* pointers from _PyRuntime .*" +
	"by way of chunk (?<by>0x[0-9a-f]*) ")' >"$T/way"
table=$(jq -r .table "$T/way")
hs --json --limit 0 -p "$PID" "refs $table"
is "it is the table of a dict" "$(jq -c '[.rows[] |
	select(.from_kind == "chunk" and .to_offset == 0) | .type]' "$T/out")" \
	'["PyDict_Type"]'
# shellcheck disable=SC2016 # the variable is jq's
check "the way to it is by a chunk that points at it" \
	jq -e --arg by "$(jq -r .by "$T/way")" '.rows |
	any(.name | startswith("chunk \($by) "))' "$T/out"
check "every thread is unharmed" each_task_unharmed
exec 8>&-
done_testing

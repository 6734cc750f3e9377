#!/bin/sh
# What python3.11's blocks are, by the debug information of python3.11-dbg:
# most have a type or an owner, and as many are bytes as python has made.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
# shellcheck source=tests/e2e/e2e.sh
. "$top_srcdir/tests/e2e/e2e.sh"
# shellcheck source=tests/e2e/typed.sh
. "$top_srcdir/tests/e2e/typed.sh"
need jq
# Debian's, whatever else has that name: the debug information is for that.
python=/usr/bin/python3.11
[ -x "$python" ] || skip_all "Debian's python3.11 is not installed"

cat >"$T/keep.py" <<'END'
import gc, sys
class Node:
    def __init__(self, i):
        self.i, self.name, self.children = i, "node %d" % i, []
nodes = [Node(i) for i in range(5000)]
table = {"key %d" % i: (i + 1000000, float(i), [i]) for i in range(5000)}
kept = []
print("made 0", flush=True)
for line in sys.stdin:
    kept.extend(bytes(700) for _ in range(int(line)))
    print("made", len(kept), "lists",
          sum(type(o) is list for o in gc.get_objects()), flush=True)
END
start() { # MALLOC
	rm -f "$T/in" "$T/said"
	mkfifo "$T/in"
	exec 8<>"$T/in"
	PYTHONMALLOC=$1 "$python" "$T/keep.py" <"$T/in" >"$T/said" 2>&1 8>&- &
	PID=$!
	kill_at_exit "$PID"
	wait_until grep -qs 'made 0' "$T/said" || bail "python does not start"
}
start malloc
types_of
[ "$(jq .totals.typed_bytes "$T/types")" != 0 ] ||
	skip_all "no debug information of python3.11 here"
at_least 80 python
# By its tag, or by the variable alone.
named='.type | test("PyBytes") and (startswith("held") | not)'
before=$(count_of "$named")
echo 1000 >&8
wait_until grep -q 'made 1000' "$T/said"
types_of
is "1000 bytes objects more" "$(count_of "$named")" $((before + 1000))
lists=$(sed -n 's/.*lists //p' "$T/said")
check "no more lists than python has ($lists)" \
	test "$(count_of '.type | test("PyList") and
		(startswith("held") | not)')" -le $((lists + 80))
check "every thread is unharmed" each_task_unharmed

# Without debug information, but for the symbols that python exports.
hs --debug-dir "$T" --json --limit 0 -p "$PID" types
is "bare: types ends well" "$status" 0
cp "$T/out" "$T/types"
if [ "$(jq .totals.typed_bytes "$T/types")" = 0 ]; then
	told=$(jq -r '.totals | "\(.alike_share | round) % alike, \(
		.unknown_share | round) % unknown"' "$T/types")
	check "bare: of 90 % something is known ($told)" \
		jq -e '.totals | .unknown_share <= 10 and .alike_share >= 10' \
		"$T/types"
else
	skip "bare: python has its debug information in itself" "no other file"
fi
exec 8>&-

start pymalloc
types_of
at_least 80 "python with pymalloc"
# Python's own pools are no owner that says anything: what is in them is.
# shellcheck disable=SC2016 # jq's own
check "python with pymalloc: as many are more than in some memory" jq -e '
	([.rows[] | select(.type | startswith("held by other memory")) |
		.share] | add // 0) as $other |
	.totals | .typed_share + .owned_share - $other >= 80' "$T/types"
before=$(count_of "$named")
echo 1000 >&8
wait_until grep -q 'made 1000' "$T/said"
types_of
is "1000 large bytes objects more" "$(count_of "$named")" $((before + 1000))
exec 8>&-
done_testing

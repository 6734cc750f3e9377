#!/bin/sh
# Long lists in which each step must be told before the next one can be: all of
# them are, by work that grows with their length, not with its square.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
# shellcheck source=tests/lib/typed.sh
. "$top_srcdir/tests/lib/typed.sh"
need_ptrace
need jq gcc

judge_fixture typed_chains
build -g -O0 || bail "gcc: $(cat "$T/log")"
FIXTURES=$T
# Of its processor's time a second is used, of which half is there at once;
# where each step goes through all of the heap, it is minutes.
limited() {
	status=0
	# shellcheck disable=SC3045 # where it is not, there is no limit
	(ulimit -t 15 2>/dev/null; exec "$HS" "$@") >"$T/out" 2>"$T/err" \
		</dev/null || status=$?
}
for kind in objects bare payloads sizes; do
	start_fixture typed_chains "$kind"
	limited -p "$PID" --json --limit 0 types
	is "$kind: types ends, before it is ended" "$status" 0
	[ "$status" = 0 ] || hs_said
	sed -n 's/^count //p' "$T/manifest" | while read -r count name; do
		echo "$count $name"
	done >"$T/wanted"
	is "$kind: all are told" "$(while read -r count name; do
		jq -r --arg name "$name" '[.rows[] | select(.type == $name) |
			.count] | "\(add) \($name)"' "$T/out"
	done <"$T/wanted")" "$(cat "$T/wanted")"
	# What is bare begins with an object, and that is all that is known.
	[ "$kind" = bare ] ||
		is "$kind: in no doubt" "$(jq -r '.rows[] | select(.type |
			test("[+]|\\[\\]")) | .type' "$T/out")" ""
	stop_fixture
done
done_testing

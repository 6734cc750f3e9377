#!/bin/sh
# Differences and neighbourhoods by the commands, against what the fixture says.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
# shellcheck source=tests/lib/holders.sh
. "$top_srcdir/tests/lib/holders.sh"
need_ptrace
need jq

start_fixture holders

near list
is "near of a list" "$status" 0
is "the group" "$(rows 'select(.part == "header") | [.count, .size]')" \
	"[$(count list),$(class list)]"
is "they hold each other" \
	"$(rows 'select(.part == "held" and .kind == "chunk") |
		[.count, .of, .offset, .size]')" \
	"[$(($(count list) - 1)),$(count list),0,$(class list)]"
is "a global holds the first" \
	"$(rows 'select(.kind == "global") | [.count, .what, .member]')" \
	"[1,\"list_head\",\"$(address list)\"]"
is "they point at their names" \
	"$(rows 'select(.part == "points" and .offset == 8) |
		[.count, .kind, .size]')" \
	"[$(count list),\"chunk\",$(class name)]"

near entry
is "objects are known by what they begin with" \
	"$(rows 'select(.part == "points" and .offset == 0) |
		[.count, .kind, .what]')" \
	"[$(count entry),\"code\",\"at +0: entry_operations\"]"
is "and by their text" \
	"$(rows 'select(.part == "text") | [.count, .offset, .what]')" \
	"[$(count entry),16,\"at +16: \\\"session key\\\"\"]"

for held in stack:stack thread:stack tls:tls register:register; do
	near "${held%:*}"
	is "${held%:*} is held by a ${held#*:}" \
		"$(rows 'select(.part == "held") | .kind' | sort -u)" \
		"\"${held#*:}\""
done

# The repro step between two snapshots.
mkfifo "$T/go"
status=0
"$HS" --json -p "$PID" -e snapshot -e "shell cat $T/go" -e snapshot \
	-e diff -e "near $(class list)" -e 'diff --by=content' \
	>"$T/out" 2>"$T/err" </dev/null &
hs=$!
kill_at_exit "$hs"
exec 8>"$T/go"
fixture_say "grow 77" grown
exec 8>&-
wait "$hs" || status=$?
is "diff" "$status" 0
answer() { # COMMAND'S PREFIX
	jq -c "select(.command | startswith(\"$1\"))" "$T/out"
}
for what in list name; do
	is "77 more of $what" \
		"$(answer diff | head -n 1 | jq -c ".rows[] |
			select(.size == $(class $what)) |
			[.new_count, .new_bytes, .gone_count, .delta_bytes]")" \
		"[77,$((77 * $(class $what))),0,$((77 * $(class $what)))]"
done
is "near speaks of the new ones" \
	"$(answer near | jq -c '.rows[] | select(.part == "header") | .count')" \
	77
is "all but the last hold each other" \
	"$(answer near | jq -c '.rows[] | select(.part == "held" and
		.kind == "chunk" and (.what | startswith("each"))) | .count')" \
	76
is "names are told by their first letters" \
	"$(answer "diff --by" | jq -c '.rows[] |
		select(.name == "\"node 000\"") | .new_count')" 77
stop_fixture
done_testing

#!/bin/sh
# What blocks are named by is the same whatever was asked before: by their
# types only where types were asked for, or after "set types on".
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need_ptrace
need jq gcc gcore tac

gcc -g -O1 -I "$top_srcdir" -o "$T/grower" \
	"$top_srcdir/tests/fixtures/grower.c" 2>"$T/log" ||
	skip_all "gcc makes no such program here"
FIXTURES=$T
start_fixture grower
for i in 1 2 3; do
	fixture_say round round
	gcore_of "$PID" "$T/core$i"
done
stop_fixture

cat >"$T/tables" <<END
growth
leaks
retained
retained --nearest
suspects
diff 1 3 --chunks
diff 1 3 --by=type
near new
leaks --by=type
chunks used
types
END
asked() { # FILE-OF-LINES
	hs -c "$T/core1" -c "$T/core2" -c "$T/core3" --json --limit 0 -x "$1"
	jq -c 'select(.columns | length > 1) |
		{command, rows, totals}' "$T/out" | sort -u
}
for setting in off on; do
	first="echo as it comes"
	[ "$setting" = off ] || first="set types on"
	{
		echo "$first"
		echo "diff 1 3" # what is new, of near and chunks
		cat "$T/tables"
	} >"$T/lines"
	asked "$T/lines" >"$T/$setting"
	{
		echo "$first"
		echo "diff 1 3"
		tac "$T/tables"
		tac "$T/tables"
	} >"$T/lines"
	asked "$T/lines" >"$T/again"
	is "types $setting: every table answered" \
		"$(jq -r .command "$T/$setting" | sort)" "$(echo "diff 1 3" | sort - "$T/tables")"
	check "types $setting: the same in any order" \
		cmp "$T/$setting" "$T/again"
done
named() { # SETTING
	jq -r 'select(.command == "retained") | .rows[].type // empty' "$T/$1" |
		grep -c '^struct block'
}
is "types off: none is named by debug information" "$(named off)" 0
check "types on: some are" test "$(named on)" -gt 0
# Gone chunks: by their types if these were kept, else by their first word.
start_fixture grower
mkfifo "$T/go"
for setting in on off; do
	"$HS" --json -p "$PID" -e "set types $setting" -e snapshot \
		-e "shell cat $T/go" -e snapshot -e 'diff --by=type' \
		-e 'drop 1' -e 'set types off' >"$T/diff.$setting" \
		2>"$T/err.$setting" </dev/null 9>&- &
	hs=$!
	kill_at_exit "$hs"
	exec 8>"$T/go"
	for i in 1 2 3; do # one of three empties a cache
		fixture_say round round
	done
	exec 8>&-
	status=0
	wait "$hs" || status=$?
	is "types $setting: two snapshots" "$status" 0
done
gone() { # SETTING
	jq -c 'select(.command == "diff --by=type") | [.rows[] |
		select(.gone_count > 0) | .type]' "$T/diff.$1"
}
is "types on: gone chunks have their types" "$(gone on)" '["struct block+"]'
check "types off: they are named by their first words" test "$(gone off)" != \
	'["struct block+"]'
check "which is said" grep -q 'by their first word alone.*set types on' \
	"$T/err.off"
check "and with types on is not" test ! -s "$T/err.on"
stop_fixture
is "what is asked for by type is the same with either" \
	"$(grep -E 'by=type|"types"' "$T/off" | cksum)" \
	"$(grep -E 'by=type|"types"' "$T/on" | cksum)"
done_testing

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
is "what is asked for by type is the same with either" \
	"$(grep -E 'by=type|"types"' "$T/off" | cksum)" \
	"$(grep -E 'by=type|"types"' "$T/on" | cksum)"
done_testing

#!/bin/sh
# What is retained, against what the fixture adds up itself; live and in a core.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need_ptrace
need jq gcore

rows() { # COMMAND'S PREFIX, FILTER
	jq -c "select(.command | startswith(\"$1\")) | .rows[] | $2" "$T/out"
}
count_bytes() { # KIND NAME
	awk -v kind="$1" -v name="$2" \
		'$1 == kind && $2 == name { n = $(NF - 1); b = $NF }
		END { print "[" n "," b "]" }' "$T/manifest"
}
less() { # [COUNT,BYTES] [COUNT,BYTES]
	jq -cn "[($1)[0] - ($2)[0], ($1)[1] - ($2)[1]]"
}
address() {
	awk -v name="$1" '$1 == "chunk" && $2 == name { print $3 }' \
		"$T/manifest"
}
RETAINED='[.retained_count, .retained_bytes]'

# WHERE OPTION...: all questions at once, of one snapshot.
ask() {
	where=$1
	shift
	hs --json --limit 0 "$@" -e heap -e retained \
		-e 'retained --by=symbol' -e 'retained --by=thread' \
		-e 'retained --by=module' -e 'retained --by=kind' \
		-e 'retained --by=symbol --strict' -e 'retained --nearest' \
		-e 'retained --nearest left' \
		-e "retained $(address table)" -e 'retained table' \
		-e 'retained several' -e 'retained nobody'
	is "$where: all answered" "$status" 0
}

holds() {
	for name in table left right; do
		is "$where: what $name retains" \
			"$(rows 'retained --by=symbol' "select(.name == \"$name\") |
				$RETAINED" | head -n 1)" \
			"$(count_bytes owner $name)"
	done
	for name in table left right; do
		is "$where: to what $name is the nearest root" \
			"$(rows 'retained --by=symbol' "select(.name == \"$name\") |
				[.nearest_count, .nearest_bytes]" | head -n 1)" \
			"$(count_bytes nearest $name)"
	done
	is "$where: two lead there, the shorter way counts" \
		"$(rows 'retained --nearest left' "select(.holder == \"left\") |
			$RETAINED")" \
		"$(count_bytes nearest left)"
	is "$where: strictly, a list that a thread works on is not the table's" \
		"$(rows 'retained --by=symbol --strict' \
			"select(.name == \"table\") | $RETAINED")" \
		"$(less "$(count_bytes owner table)" "$(count_bytes chunk list)")"
	for name in table list both worker; do
		is "$where: what the chunk $name retains" \
			"$(rows retained "select(.addr == \"$(address $name)\") |
				$RETAINED" | head -n 1)" \
			"$(count_bytes chunk $name)"
	done
	is "$where: two of them share it" \
		"$(rows 'retained several' "select(.addr == \"$(address both)\") |
			$RETAINED")" \
		"$(count_bytes chunk both)"
	is "$where: a thread's stack holds its chain" \
		"$(rows retained "select(.addr == \"$(address worker)\") |
			.holder_kind, .holder" | head -n 2 | tr -d '\n' |
			sed 's/thread [0-9]*/thread N/; s/ ..worker..//')" \
		'"stack""thread N stack"'
	is "$where: the lists are below the table" \
		"$(rows "retained $(address table)" "select(
			.addr == \"$(address list)\") | [.holder_kind] +
			$RETAINED")" \
		"[\"chunk\",$(count_bytes chunk list | tr -d '[]')]"
	is "$where: the table is below its variable" \
		"$(rows 'retained table' '[.addr, .holder]')" \
		"[\"$(address table)\",\"table\"]"
	is "$where: a ring nobody holds has one leader" \
		"$(rows 'retained nobody' "select(.retained_count == 7) |
			$RETAINED")" \
		"$(count_bytes chunk ring)"
	is "$where: a lone one is its own" \
		"$(rows 'retained nobody' "select(.addr == \"$(address lone)\") |
			[.unreachable] + $RETAINED")" \
		"[true,$(count_bytes chunk lone | tr -d '[]')]"
}

# Every table is the whole heap.
adds_up() {
	used=$(jq -c 'select(.command == "heap") |
		[.totals.used_count, .totals.used_bytes]' "$T/out")
	for by in symbol thread module kind 'symbol --strict'; do
		for what in retained nearest; do
			is "$where: --by=$by adds up to what heap says, $what" \
				"$(jq -c "select(.command == \"retained --by=$by\") |
					[([.rows[].${what}_count] | add),
					([.rows[].${what}_bytes] | add)]" \
					"$T/out")" \
				"$used"
		done
		is "$where: --by=$by: nobody is nearest to less than he retains" \
			"$(jq -c "select(.command == \"retained --by=$by\") |
				[.rows[] | select(.kind != \"several\" and
				.nearest_bytes < .retained_bytes)]" "$T/out")" '[]'
	done
	is "$where: so do the chunks that none dominates" \
		"$(jq -c 'select(.command == "retained") | [.rows[] |
			select(.holder_kind != "chunk") | .retained_bytes] |
			add' "$T/out")" \
		"$(echo "$used" | sed 's/.*,//; s/]//')"
	is "$where: and all chunks themselves" \
		"$(jq -c 'select(.command == "retained") |
			[([.rows[].count] | add), ([.rows[].bytes] | add)]' \
			"$T/out")" "$used"
}

start_fixture dominated
gcore_of "$PID" "$T/core"
ask live -p "$PID"
holds
adds_up
mv "$T/out" "$T/live"
ask core -c "$T/core"
holds
adds_up
# But for the names of threads, which a core has only of the first.
answers() {
	jq -c 'select(.command | startswith("retained")) |
		[.command, .rows, .totals]' "$1" |
		sed 's/\(thread [0-9]*\) \\"[a-z]*\\"/\1/g'
}
answers "$T/live" >"$T/live.rows"
answers "$T/out" >"$T/core.rows"
check "the core's answers are the process's" cmp "$T/live.rows" "$T/core.rows"

fixture_say grow grown
ask grown -p "$PID"
is "what table retains then" \
	"$(rows 'retained --by=symbol' "select(.name == \"table\") | $RETAINED" |
		head -n 1)" \
	"$(count_bytes owner table)"

hs -p "$PID" -e 'retained 0x10'
is "no chunk, no variable" "$status" 2
hs -p "$PID" -e 'retained --by=color'
is "no such owners" "$status" 2
hs -p "$PID" -e 'retained --by=symbol --owner=99999999'
is "no such owner" "$status" 2
hs -p "$PID" -e 'set contents none' -e snapshot -e retained
check "without contents there is no answer" grep -q "are not kept" "$T/err"
stop_fixture
done_testing

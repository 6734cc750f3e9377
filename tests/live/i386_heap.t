#!/bin/sh
# Chunks of a 32-bit program, what is in them and who holds them: words of four
# bytes everywhere.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
# shellcheck source=tests/lib/holders.sh
. "$top_srcdir/tests/lib/holders.sh"
need jq
need_ptrace
need_m32
FIXTURES=$top_builddir/tests/fixtures32

start_fixture holders

hs --json -p "$PID" chunks used
is "chunks lie 16 bytes apart, sizes end at words" "$(jq -r '.rows[] |
	(.addr | .[-1:]) + " " + ((.chunk_size - .size) | tostring)' \
	"$T/out" | sort -u)" "0 4"
hs --json -p "$PID" sizes
is "all classes are there" "$(jq -c --argjson c "[$(awk '$3 ~ /^[0-9]+$/ {
	printf "%s%s", n++ ? "," : "", $2 }' "$T/manifest")]" \
	'[.rows[].size] as $s | $c - $s' "$T/out")" "[]"

near list
is "they hold each other" "$(rows 'select(.part == "held" and
	.kind == "chunk") | [.count, .of, .offset, .size]')" \
	"[$(($(count list) - 1)),$(count list),0,$(class list)]"
is "a global holds the first" "$(rows 'select(.kind == "global") |
	[.count, .what, .member]')" \
	"[1,\"list_head\",\"$(address list)\"]"
is "they point at their names" "$(rows 'select(.part == "points" and
	.offset == 4) | [.count, .kind, .size]')" \
	"[$(count list),\"chunk\",$(class name)]"
near entry
is "objects are known by what they begin with" \
	"$(rows 'select(.part == "points" and .offset == 0) |
		[.count, .kind, .what]')" \
	"[$(count entry),\"code\",\"at +0: entry_operations\"]"
is "no end of a pointer is taken for text" "$(rows 'select(.part == "text") |
	[.count, .offset, .what]')" \
	"[$(count entry),8,\"at +8: \\\"session key\\\"\"]"
near inside
is "pointers inside" "$(rows 'select(.part == "held") | .kind' | sort -u)" \
	'"global"'
for held in stack:stack thread:stack tls:tls register:register; do
	near "${held%:*}"
	is "${held%:*} is held by a ${held#*:}" "$(rows \
		'select(.part == "held") | .kind' | sort -u)" \
		"\"${held#*:}\""
done
check "by an i386 register" test "$(rows 'select(.part == "held") | .what' |
	grep -c 'register esi')" = 1
near tls
check "TLS is in gs" test "$(rows 'select(.part == "held") | .what' |
	grep -c 'gs:-0x')" = 1
near lost
is "lost is held by nobody" "$(rows 'select(.part == "held")')" ""

hs --json -p "$PID" chunk "$(address entry)"
is "a chunk points by words of four bytes" "$(jq -c '[.rows[] |
	select(.section == "points at") | .offset] | sort | .[:2]' "$T/out")" \
	'["0x0","0x4"]'
# A core of it says the same.
if command -v gcore >/dev/null && gcore -o "$T/core" "$PID" >"$T/gcore" 2>&1
then
	hs --json -p "$PID" -e heap -e 'chunks used' -e bt
	jq -c '.rows' "$T/out" >"$T/live"
	hs --json -c "$T/core.$PID" -e heap -e 'chunks used' -e bt
	jq -c '.rows' "$T/out" >"$T/of_core"
	for n in 1 2 3; do
		is "core: answer $n" "$(sed -n "${n}p" "$T/of_core" | jq -c \
			'[.[] | del(.section, .name, .state)]' | cksum)" \
			"$(sed -n "${n}p" "$T/live" | jq -c \
			'[.[] | del(.section, .name, .state)]' | cksum)"
	done
else
	skip "core" "gcore makes none here"
fi
fixture_say "grow 10" grown
stop_fixture
done_testing

#!/bin/sh
# Whose the blocks are that have no type, against what the program knows.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need_ptrace
need jq gcc gcore strip

gcc -g -O0 -I"$top_srcdir" -I. -o "$T/owned" \
	"$top_srcdir/tests/fixtures/owned.c" 2>"$T/log" || bail "gcc"
FIXTURES=$T start_fixture owned

# Of all chunks that the program tells of, in the sets of types' rows.
judge() { # HEAPSCOPE'S OPTIONS...
	hs "$@" --json --limit 0 types
	cp "$T/out" "$T/types"
	jq -r '.rows[] | select(.named_by == "owner") | .type' "$T/types" |
		sort -u >"$T/names"
	: >"$T/got"
	while read -r name; do
		hs "$@" --json --limit 0 "chunks \"type=$name\""
		jq -r --arg name "$name" '.rows[] | "\(.addr) \($name)"' \
			"$T/out" >>"$T/got"
	done <"$T/names"
	sort "$T/got" >"$T/all"
	sed -n 's/^owned //p; s/^none //p' "$T/manifest" | cut -d ' ' -f 1 |
		sort >"$T/told"
	join "$T/told" "$T/all" >"$T/judged"
}
judge -p "$PID"
sed -n 's/^owned //p' "$T/manifest" | sort >"$T/wanted"
check "the program tells of many" test "$(grep -c . "$T/wanted")" -gt 200
is "each owner, and none where places disagree" \
	"$(diff "$T/wanted" "$T/judged")" ""
check "rows and totals add up" jq -e '
	def sum(by): [.rows[] | select(by) | .bytes] | add // 0;
	(.totals | .typed_bytes + .owned_bytes + .content_bytes +
		.alike_bytes + .unknown_bytes
		== .bytes) and
	(.totals | .typed_count + .owned_count + .content_count +
		.alike_count + .unknown_count
		== .count) and
	(.totals | .typed_share + .owned_share + .content_share +
		.alike_share + .unknown_share
		| . > 99.99 and . < 100.01) and
	.totals.owned_bytes == sum(.named_by == "owner") and
	.totals.content_bytes == sum(.named_by | IN("symbol", "text")) and
	.totals.unknown_bytes == sum(.named_by == "unknown") and
	.totals.bytes == sum(true)' "$T/types"
# Other tables group by the same rows, where a set of that name leads.
hs -p "$PID" --json --limit 0 -e types -e 'retained --by=type' \
	-e 'leaks --by=type' -e snapshot -e 'diff --by=type'
sums='[.[].rows] | map(group_by(.type // "unknown") | map([.[0].type // "unknown",
	(map(.count // .kept_count) | add)]))'
for number in 1 2 4; do
	is "--by=type has the rows of types, $number" "$(jq -s -c \
		"[.[0, $number]] | $sums | .[0] == .[1]" "$T/out")" true
done
hs -p "$PID" types
check "in words, too" grep -q '% a certain owner' "$T/out"
hs -p "$PID" --csv types
check "and in CSV" grep -q '^held by struct session.name,.*,owner' "$T/out"

# Proof, and what disagrees.
one=$(sed -n 's/^owned \([^ ]*\) held by struct session.text/\1/p' \
	"$T/manifest" | head -n 1)
hs -p "$PID" --json -e "type $one" -e "chunk $one"
is "type: by what" "$(jq -s -c '.[0].totals | [.type, .named_by]' "$T/out")" \
	'["held by struct session.text","owner"]'
is "and where that is" "$(jq -s -c '[.[0].rows[] |
	select(.section == "held by") | .what]' "$T/out")" \
	'["struct session.text: 1 word, all into the middle of it"]'
check "the word is there" jq -s -e '[.[0].rows[] |
	select(.section == "held by") | .addr] | all(startswith("0x"))' "$T/out"
check "chunk says it" jq -s -e '.[1].rows | any(.what ==
	"held by struct session.text")' "$T/out"
none=$(sed -n 's/^none //p' "$T/manifest" | head -n 1)
hs -p "$PID" --json type "$none"
is "which places disagree" "$(jq -c '[.rows[] |
	select(.section == "held by") | .what | sub(":.*"; "")]' "$T/out")" \
	'["g_other","g_table","these disagree"]'
tight=$(sed -n 's/^tight //p' "$T/manifest")
hs -p "$PID" --json type "$tight"
is "a packed struct's word is among them" "$(jq -c '[.rows[] |
	select(.section == "held by") | .what | sub(":.*"; "")]' "$T/out")" \
	'["g_table","struct tight.more","these disagree"]'
over=$(sed -n 's/^over //p' "$T/manifest")
hs -p "$PID" --json type "$over"
is "of a text's end it is said that it is no pointer" "$(jq -c '[.rows[] |
	select(.section == "held by") | .what | sub(":.*"; "")] | sort' \
	"$T/out")" '["struct session.slot[]","the end of a text, no pointer"]'
shared=$(sed -n 's/^shared //p' "$T/manifest")
kernel=$(sed -n 's/^kernel //p' "$T/manifest")
hs -p "$PID" --json -e "type $shared" -e "type $kernel"
is "shared memory and the kernel disagree with a variable" \
	"$(jq -s -c '.[] | [.rows[] | select(.section == "held by") | .what |
	sub(" .*"; "")] | sort' "$T/out")" '["g_shared:","shared","these"]
["g_watched:","the","these"]'
lost=$(sed -n 's/^none //p' "$T/manifest" | tail -n 1)
hs -p "$PID" --json type "$lost"
check "of a lost one, that nothing leads to it" jq -e '.rows |
	any(.section == "held by" and (.what | startswith("no variable")))' \
	"$T/out"

# Of a snapshot, what is not in it cannot be looked at any more.
gcore_of "$PID" "$T/core"
judge -c "$T/core"
is "of a core the same" "$(diff "$T/wanted" "$T/judged")" ""
check "nothing is missing" test "$(jq '.warnings | length' "$T/types")" = 0

# Where shared memory was not searched, who holds what is less certain.
unsought='of memory shared with other processes were not searched'
says_unsought() { # HOW BYTES OPTIONS...
	how=$1
	bytes=$2
	shift 2
	for command in types leaks "refs $block" "retained $block"; do
		# shellcheck disable=SC2086 # a command and its argument
		hs "$@" --json $command
		# shellcheck disable=SC2016 # jq's own
		check "$how: ${command%% *} says that it was not searched" \
			jq -e --arg left "$bytes $unsought" '.warnings |
				any(contains($left))' "$T/out"
	done
}
block=$shared
hs -p "$PID" --json refs "$block"
at=$(jq -r '.rows[] | select(.from_kind == "shared") | .from' "$T/out")
gcc -o "$T/core_without" "$top_srcdir/tests/fixtures/core_without.c" ||
	bail "gcc"
check "a core without that memory" "$T/core_without" "$T/core" "$T/without" \
	"$at"
says_unsought "core" "4.0 KiB" -c "$T/without"
stop_fixture

strip "$T/owned"
FIXTURES=$T start_fixture owned
hs -p "$PID" --json --limit 0 types
check "stripped: that it has no debug information is said" jq -e \
	'.warnings | any(contains("owned: no debug information"))' "$T/out"
is "nothing has a type" "$(jq .totals.typed_bytes "$T/out")" 0
check "blocks still have owners: data without a name" jq -e '.rows |
	any(.type | test("^held by owned\\+0x[0-9a-f]* \\(.bss\\)$"))' "$T/out"
stop_fixture

gcc -g -O0 -I"$top_srcdir" -o "$T/shared_most" \
	"$top_srcdir/tests/fixtures/shared_most.c" 2>"$T/log" || bail "gcc"
FIXTURES=$T start_fixture shared_most
block=$(sed -n 's/^block //p' "$T/manifest")
says_unsought "more than is searched" \
	"$(sed -n 's/^left //p' "$T/manifest").0 MiB" -p "$PID"
stop_fixture

# Two variables and two structs of one name are two places.
gcc -g -O0 -I"$top_srcdir" -o "$T/owned_names" \
	"$top_srcdir/tests/fixtures/owned_names.c" \
	"$top_srcdir/tests/fixtures/owned_names_b.c" 2>"$T/log" || bail "gcc"
FIXTURES=$T start_fixture owned_names
judge -p "$PID"
sed -n 's/^owned //p' "$T/manifest" | sort >"$T/wanted"
is "of one name: each by its file, none where both hold" \
	"$(diff "$T/wanted" "$T/judged")" ""
none=$(sed -n 's/^none //p' "$T/manifest" | head -n 1)
hs -p "$PID" --json type "$none"
is "proof: two places" "$(jq -c '[.rows[] | select(.section == "held by") |
	.what | sub(":.*"; "")] | sort' "$T/out")" \
	'["cache (owned_names.c)","cache (owned_names_b.c)","these disagree"]'
stop_fixture
done_testing

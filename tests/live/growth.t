#!/bin/sh
# Growth over ten rounds of a real process, class by class, against the ledger
# that the program keeps: what was lost and what is still held alike.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need_ptrace
need jq

ROUNDS=10
start_fixture grower
cat >"$T/step" <<END
before=\$(grep -c '^round' "$T/manifest")
echo round >"$T/ctl"
until [ "\$(grep -c '^round' "$T/manifest")" -gt "\$before" ]; do
	sleep 0.02
done
END
# session LAST...: snapshots with a round between each two, then LAST.
session() {
	set -- -e snapshot "$@"
	session_i=0
	while [ "$session_i" -lt "$ROUNDS" ]; do
		set -- -e snapshot -e "shell sh $T/step" "$@"
		session_i=$((session_i + 1))
	done
	hs -p "$PID" --json "$@"
}
class() {
	awk -v name="$1" '$1 == "class" && $2 == name { print $3 }' \
		"$T/manifest"
}
row() { # SIZE
	jq -c ".rows[] | select(.size == $1) | $2" "$T/growth"
}

# The ledger: of each class the numbers from the first snapshot on.
ledger() {
	awk -v from="$1" '$1 == "count" { n[$3 " " $2] = $4; seen[$3] = 1
			if ($2 > last) last = $2 }
		END { for (size in seen) {
			total = 0; text = ""
			for (r = from + 1; r <= last; r++) {
				d = n[size " " r] - n[size " " (r - 1)]
				total += d
				text = text (text == "" ? "" : " ") d
			}
			if (total > 0) print size, total, text
		} }' "$T/manifest" | sort -n
}

session -e growth -e 'growth --fail' -e 'growth --until 1T' \
	-e 'growth --by=size' -e 'growth --by=content' -e diff \
	-e 'diff --by=content' -e 'diff --chunks' -e 'diff --chunks --all' \
	-e "diff class=$(class replaced)" -e 'diff --by=type' \
	-e 'diff --by=holder' -e suspects
is "growth was asked to fail, and there is some" "$status" 1
answer() { # COMMAND
	grep -F "\"command\":\"$1\"," "$T/out"
}
answer growth >"$T/growth"
ledger 1 >"$T/ledger"
check "the ledger has rows" test "$(wc -l <"$T/ledger")" -gt 4
is "every class that grew, round by round, is the ledger's" \
	"$(jq -r '.rows[] | select(.size) |
		"\(.size) \(.total_count) \(.deltas)"' "$T/growth" | sort -n)" \
	"$(cat "$T/ledger")"
is "rounds" "$(jq -c '[.rows[].rounds] | unique' "$T/growth")" "[$ROUNDS]"
check "counts and bytes agree" jq -e '.rows | all(
	(.per_round_bytes == .per_round_count * .class) and
	(.total_bytes == .total_count * .class) and
	(.steadiness >= 0 and .steadiness <= 1) and
	(.steady == (.steadiness >= 0.8)))' "$T/growth"

# What each of them is.
kept=$(class kept)
is "what a list still holds grows steadily" "$(row "$kept" \
	'[.per_round_count, .steadiness, .exact_rounds, .type]')" \
	"[2,1,$ROUNDS,\"\\\"kept\\\"\"]"
is "in a sentence" "$(row "$kept" .sentence)" \
	"\"exactly 2 x $kept B in $ROUNDS of $ROUNDS rounds, nearly all \\\"kept\\\"\""
mixed=$(class mixed)
is "a class that a cache shares is not steady" "$(row "$mixed" .steady)" false
is "what is lost in it is, by content" "$(jq -c --argjson class "$mixed" \
	'.rows[] | select(.class == $class and .size == null) |
	[.type, .per_round_count, .steadiness]' "$T/growth")" '["lost_ops",4,1]'
is "a burst is not steady" "$(row "$(class once)" \
	'[.steadiness, .grew_rounds]')" "[0,1]"
is "nor is what grows by another number each time" \
	"$(row "$(class varying)" '[.steady, .grew_rounds]')" "[false,$ROUNDS]"
# shellcheck disable=SC2016 # the variable is jq's
check "a cache is not" jq -e --argjson class "$(class cache)" \
	'[.rows[] | select(.class == $class and .steady)] == []' "$T/growth"
for kind in equal replaced; do
	is "$kind blocks are no growth" "$(row "$(class $kind)" .size)" ""
done

# Each command is about the same rounds.
is "by size" "$(answer 'growth --by=size' |
	jq -c '[.rows[] | select(.size == null)]')" "[]"
is "by content" "$(answer 'growth --by=content' |
	jq -c '[.rows[] | select(.size)]')" "[]"
answer 'growth --until 1T' >"$T/until"
is "until: rounds" "$(jq '.totals.until.rounds' "$T/until")" \
	"$(jq '.totals | ((.until.limit_bytes - .until.base_bytes)
		/ .bytes_a_round) | ceil' "$T/until")"
check "until: time" jq -e '.totals.until.seconds > 0' "$T/until"
rss=$(awk '$1 == "VmRSS:" { print $2 * 1024 }' "/proc/$PID/status")
check "until: from what is resident" test "$(jq \
	--argjson rss "$rss" '(.totals.until.base_bytes - $rss) | fabs' \
	"$T/until")" -lt 2000000

# By type, of snapshots that kept theirs.
cp "$T/out" "$T/all"
hs -p "$PID" --json -e snapshot -e "shell sh $T/step" -e snapshot \
	-e "shell sh $T/step" -e snapshot -e 'growth --by=type'
is "by type: without types of the first snapshot" "$status" 5
check "by type: what to do is said" grep -q 'set types on' "$T/err"
set -- -e 'set types on' -e snapshot -e types
for _ in 1 2 3; do
	set -- "$@" -e "shell sh $T/step" -e snapshot
done
hs -p "$PID" --json --limit 0 "$@" -e types -e growth -e 'growth --by=type' \
	-e "chunks used and class=$mixed and \"type=lost_ops\""
is "by type: after set types on" "$status" 0
answer 'growth --by=type' >"$T/typed"
is "by type: what is lost in a class that a cache shares" "$(jq -c \
	--argjson class "$mixed" '.rows[] |
	select(.type == "lost_ops" and .class == $class) |
	[.class, .per_round_count, .total_count, .steady]' "$T/typed")" \
	"[$mixed,4,12,true]"
is "by type: Enter has them" "$(jq -s '.[-1].rows | length' "$T/out")" "$(jq --argjson class "$mixed" '.rows[] |
	select(.type == "lost_ops" and .class == $class) | .count' "$T/typed")"
is "by type: as much as types says, of all that grew" "$(jq -s -c '
	def counts: [.rows[] | {key: .type, value: .count}] | group_by(.key) |
		map({key: .[0].key, value: (map(.value) | add)}) | from_entries;
	(map(select(.command == "types")) | map(counts)) as [$first, $last] |
	map(select(.command == "growth --by=type"))[0].rows |
	map(select(.type == "lost_ops" or .type == "text")) | group_by(.type) |
	map([(map(.total_count) | add),
		$last[.[0].type] - $first[.[0].type]]) |
	length > 0 and all(.[0] >= .[1])' "$T/out")" true
cp "$T/all" "$T/out"

# The last two snapshots: blocks freed and allocated again at their places.
answer diff >"$T/diff"
is "replaced ones count as kept" "$(jq -c --argjson c "$(class replaced)" \
	'.rows[] | select(.size == $c) | [.new_count, .gone_count]' \
	"$T/diff")" "[0,0]"
still=$(sed -n 's/^still //p' "$T/manifest")
judged() { # CLASS
	jq -c ".rows[] | select(.size == $1) | [.reused_count, .unsure_count]" \
		"$T/diff"
}
is "and are recognised" "$(judged "$(class replaced)")" "[$still,0]"
is "equal ones are not" "$(judged "$(class equal)")" "[0,0]"
is "one that changed is unsure" "$(judged "$(class changed)")" "[0,1]"
is "the totals are of all" "$(jq -c '[.totals.reused_count,
	.totals.unsure_count, .totals.unknown_count]' "$T/diff")" \
	"$(jq -c '[.rows | (map(.reused_count) | add),
		(map(.unsure_count) | add), 0]' "$T/diff")"
is "by content the same" "$(answer 'diff --by=content' |
	jq -c '[.rows | (map(.reused_count) | add),
		(map(.unsure_count) | add)]')" \
	"$(jq -c '[.totals.reused_count, .totals.unsure_count]' "$T/diff")"
is "of a set, its own" "$(answer "diff class=$(class replaced)" |
	jq -c '[.totals.reused_count, .totals.unsure_count]')" "[$still,0]"
# By type and by holder: other groups, the same chunks.
sums='[.rows | (map(.new_count) | add), (map(.gone_bytes) | add),
	(map(.kept_count) | add), (map(.reused_count) | add)]'
for by in type holder; do
	is "by $by: the same chunks" \
		"$(answer "diff --by=$by" | jq -c "$sums")" \
		"$(jq -c "$sums" "$T/diff")"
done
is "by type: what begins with one table is of one" \
	"$(answer 'diff --by=type' | jq '.rows[] | select(.type == "lost_ops") |
		.new_count')" \
	"$(answer 'diff --by=content' | jq '.rows[] |
		select(.name == "lost_ops") | .new_count')"
is "by holder: the list has the new ones of its class" \
	"$(answer 'diff --by=holder' | jq '.rows[] |
		select(.name == "kept_list") | .new_count')" \
	"$(jq ".rows[] | select(.size == $(class kept)) | .new_count" "$T/diff")"
is "suspects: a list is told from its head on" \
	"$(answer suspects | jq -c '.rows[] | select(.name |
		startswith("once ")) | [.list_count, .class_count]')" \
	"$(awk -v class="$(class once)" '$1 == "count" && $3 == class {
		n = $4 } END { print "[" n "," n "]" }' "$T/manifest")"
changes() { # COMMAND
	answer "$1" | jq -c '[(.rows | map(.change) | group_by(.) |
		map({(.[0]): length}) | add), .totals.reused_count]'
}
is "chunk by chunk" "$(changes 'diff --chunks')" "$(jq -c '[({
	new: .totals.new_count, gone: .totals.gone_count,
	reused: .totals.reused_count} | with_entries(select(.value > 0))),
	.totals.reused_count]' "$T/diff" | jq -cS .)"
is "all: the unsure as well" "$(changes 'diff --chunks --all')" "$(jq -cS '[({
	new: .totals.new_count, gone: .totals.gone_count,
	reused: .totals.reused_count, unsure: .totals.unsure_count} |
	with_entries(select(.value > 0))), .totals.reused_count]' "$T/diff")"

# Too few, and words that it does not know.
hs -p "$PID" -e snapshot -e "shell sh $T/step" -e snapshot -e growth
is "two snapshots: usage" "$status" 2
check "two snapshots: says what to do" grep -q 'three snapshots or more' "$T/err"
hs growth
is "none: usage" "$status" 2
hs -p "$PID" -e snapshot -e 'growth --untill 3'
is "another option: usage" "$status" 2
hs -p "$PID" -e snapshot -e 'growth --until'
is "no size: usage" "$status" 2

# The bytes of a snapshot are not kept: classes alone, and it says so.
hs -p "$PID" --json -e 'set contents none' -e snapshot -e "shell sh $T/step" \
	-e snapshot -e "shell sh $T/step" -e snapshot -e growth \
	-e diff -e 'growth --by=content'
check "without bytes: says so" grep -q 'classes alone' "$T/err"
is "without bytes: the classes are there" "$(answer growth |
	jq -c --argjson kept "$kept" '.rows[] | select(.size == $kept) |
	[.per_round_count, .steadiness, .type, .reused_count]')" \
	"[2,1,null,null]"

is "without bytes: no kept chunk is judged" "$(answer diff | jq -c \
	'[.totals.unknown_count == .totals.kept_count,
	([.rows[] | select(.kept_count > 0) | .reused_count] | unique)]')" \
	"[true,[null]]"

if command -v gcore >/dev/null; then
	set --
	for i in 1 2 3 4; do
		gcore_of "$PID" "$T/core.$i"
		set -- "$@" "$T/core.$i"
		sh "$T/step"
	done
	hs --json growth "$@" --fail
	is "cores: it grows" "$status" 1
	cp "$T/out" "$T/growth"
	is "cores: as the process does" "$(row "$kept" \
		'[.per_round_count, .steadiness, .rounds, .type]')" \
		'[2,1,3,"\"kept\""]'
	is "cores: by content" "$(jq -c --argjson class "$mixed" \
		'.rows[] | select(.class == $class and .size == null) |
		[.type, .per_round_count, .steadiness]' "$T/growth")" \
		'["lost_ops",4,1]'
	jq -c .rows "$T/out" >"$T/rows"
	group=$(jq -r --argjson class "$mixed" '.rows[] |
		select(.class == $class and .size == null) | .addr' "$T/growth")
	hs --json -c "$1" -c "$2" -c "$3" -c "$4" --limit 0 \
		-e "growth $group" -e "diff 1 4 --chunks class=$mixed" \
		-e 'growth 0x10'
	is "a group: its new chunks, and of its class no others" \
		"$(answer "growth $group" | jq -c '[.totals.count,
			([.rows[] | [.chunk_size, .type]] | unique)]')" \
		"$(jq -c --argjson class "$mixed" '.rows[] |
			select(.class == $class and .size == null) |
			[.total_count, [[.class, .type]]]' "$T/growth")"
	check "its class has more" test "$(answer "growth $group" |
		jq .totals.count)" -lt "$(answer \
		"diff 1 4 --chunks class=$mixed" | jq .totals.new_count)"
	check "where no used chunk is: says so" grep -q \
		'in no used chunk of snapshot 4' "$T/err"
	hs --json growth --until 1G "$@"
	is "cores: behind an option" "$(jq -c .rows "$T/out")" "$(cat "$T/rows")"
	hs growth "$T/core.1" "$T/core.2"
	is "two cores: usage" "$status" 2
else
	skip "cores" "gcore is not installed"
fi
stop_fixture
done_testing

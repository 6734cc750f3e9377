#!/bin/sh
# Suspects against what the fixtures have planted: a table, a list, a leak, and
# what of it is new.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need_ptrace
need jq

rows() { # FILTER, of the last answer
	tail -n 1 "$T/out" | jq -c ".rows[] | $1"
}
fact() { # KIND NAME FIELD-FROM-THE-END, as last told
	awk -v kind="$1" -v name="$2" -v back="$3" \
		'$1 == kind && $2 == name { n = $(NF - back) } END { print n }' \
		"$T/manifest"
}

start_fixture dominated
mkfifo "$T/go"
status=0
"$HS" --json -p "$PID" -e snapshot -e suspects -e "shell cat $T/go" \
	-e snapshot -e suspects >"$T/out" 2>"$T/err" </dev/null &
hs=$!
kill_at_exit "$hs"
before=$(fact owner table 1)
exec 8>"$T/go"
fixture_say grow grown
exec 8>&-
wait "$hs" || status=$?
is "suspects" "$status" 0
table='select(.name | startswith("table (dominated "))'
is "the table is one, with its numbers" \
	"$(rows "$table | [.kind, .count, .bytes, .point_bytes]")" \
	"[\"holder\",$(fact owner table 1),$(fact owner table 0),$(fact owner table 0)]"
is "it gathers in the array" "$(rows "$table | .addr")" \
	"\"$(awk '$1 == "chunk" && $2 == "table" { print $3 }' "$T/manifest")\""
node=$(($(fact chunk lone 0) / $(fact chunk lone 1)))
is "its nodes have most of the bytes" \
	"$(rows "$table | [.class, .class_count, .class_bytes]")" \
	"[$node,$(($(fact owner table 1) - 1)),$(($(fact owner table 1) * node - node))]"
is "what is new of it" "$(rows "$table | [.new_count, .new_bytes]")" \
	"[$(($(fact owner table 1) - before)),$((($(fact owner table 1) - before) * node))]"
is "before there is another snapshot nothing is said of that" \
	"$(jq -c 'select(.command == "suspects") | .rows[0].new_count' \
		"$T/out" | head -n 1)" null
check "the sentence has it all" sh -c \
	"tail -n 1 '$T/out' | jq -r '.rows[0].text' | grep -q \
	'^table .*alone holds .*an array or a hash table.*new since snapshot 1'"
hs -p "$PID" -e 'suspects now'
is "it takes no words" "$status" 2
stop_fixture

start_fixture holders
hs --json -p "$PID" suspects
holder() {
	awk -v name="$1" '$1 == name { print $'"$2"' }' "$T/manifest"
}
is "a list is told as one, by its first chunk and its length" \
	"$(rows 'select(.name | startswith("list_head")) |
		[.addr, .list_count]')" \
	"[\"$(holder list 4)\",$(holder list 3)]"
# One of the lost blocks may still be in a word of main()'s frame.
is "what nobody holds is one, too" \
	"$(rows 'select(.kind == "unreachable") | [.count, .bytes]')" \
	"$(tail -n 1 "$T/out" | jq -c '.totals |
		[.unreachable_count, .unreachable_bytes]')"
check "all but one of them at least" test \
	"$(rows 'select(.kind == "unreachable") | .count')" \
	-ge $(($(holder lost 3) - 1))
stop_fixture

# What nobody alone holds is told by the shortest ways.
start_fixture crowded
point() { # NAME FIELD
	awk -v name="$1" -v field="$2" '$1 == "point" && $2 == name {
		n = $field } END { print n }' "$T/manifest"
}
rm -f "$T/go"
mkfifo "$T/go"
status=0
"$HS" --json -p "$PID" -e snapshot -e "shell cat $T/go" -e snapshot \
	-e suspects >"$T/out" 2>"$T/err" </dev/null &
hs=$!
kill_at_exit "$hs"
exec 8>"$T/go"
fixture_say grow grown
exec 8>&-
wait "$hs" || status=$?
is "a crowd: suspects" "$status" 0
for name in big small; do
	of="select(.root == \"$name\")"
	is "where those of $name gather" \
		"$(rows "$of | [.kind, .addr, .steps, .direct_count]")" \
		"[\"shared\",\"$(point $name 3)\",2,$(point $name 7)]"
	is "how much there is, and how little $name has alone" \
		"$(rows "$of | [.count, .bytes, .point_bytes, .alone_bytes]")" \
		"[$(point $name 5),$(point $name 6),$(point $name 6),$(point $name 4)]"
	is "most of it are items" "$(rows "$of | .class_count")" \
		"$(point $name 7)"
	is "half of them are new" "$(rows "$of | .new_count")" \
		$(($(point $name 7) / 2))
done
is "a list that two lead to is told by its first" \
	"$(rows 'select(.list_count > 0) |
		[.kind, .addr, .list_count, .count, .bytes, .alone_bytes]')" \
	"$(awk '$1 == "list" { printf "[\"shared\",\"%s\",%s,%s,%s,%s]",
		$2, $3, $3, $4, $4 }' "$T/manifest")"
check "the sentence names the root" sh -c \
	"tail -n 1 '$T/out' | jq -r '.rows[0].text' | grep -q \
	'2 pointers from big .*alone it retains .*new since snapshot 1'"
is "a class is not told besides" \
	"$(rows 'select(.kind == "class")')" ""
is "all that is new is with them: nothing else grows" \
	"$(rows 'select(.kind == "growing")')" ""

# What is new has its own suspects, however small.
rm -f "$T/go"
mkfifo "$T/go"
status=0
"$HS" --json -p "$PID" -e snapshot -e "shell cat $T/go" -e snapshot \
	-e suspects >"$T/out" 2>"$T/err" </dev/null &
hs=$!
kill_at_exit "$hs"
exec 8>"$T/go"
fixture_say drip dripped
exec 8>&-
wait "$hs" || status=$?
is "drops: suspects" "$status" 0
is "a list that grows is named, with its holder and what is new" \
	"$(rows 'select(.kind == "growing") | [.root, .steps, .addr, .count,
		.bytes, .list_count, .new_count]')" \
	"$(awk '$1 == "drip" { last = $3 - n; n = $3
		line = sprintf("[\"drip\",1,\"%s\",%s,%s,%s,%s]",
		$2, $3, $4, $3, last) } END { print line }' "$T/manifest")"
check "it is less than a tenth" test \
	"$(rows 'select(.kind == "growing") | .share < 10')" = true
stop_fixture
done_testing

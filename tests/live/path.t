#!/bin/sh
# Why a block is still there: of a process and of its core, against the chains
# that the fixture says it has made.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need_ptrace
need jq
need gcore

# Of a 32-bit program, when i386_held.t asks.
word=${HELD_WORD:-8} class=32
[ "$word" = 8 ] || class=16
start_fixture chains
# As path has them: [kind, root or null], [chunk, offset] ..., [chunk, null].
chain() { # NAME
	awk -v name="$1" '$1 == "chain" && $2 == name {
		root = $4 == "0x0" || $4 == "(nil)" ? "null" : "\"" $4 "\""
		printf "[[\"%s\",%s]", $3, root
		for (i = 5; i <= NF; i++) {
			n = split($i, at, "+")
			printf ",[\"%s\",%s]", at[1], (n > 1 ? at[2] : "null")
		}
		print "]"
	}' "$T/manifest"
}
target() { # NAME
	awk -v name="$1" '$1 == "chain" && $2 == name { print $NF }' \
		"$T/manifest"
}
fact() { # NAME [FIELD]
	awk -v name="$1" -v n="${2:-2}" '$1 == name { print $n }' "$T/manifest"
}
# All that is asked below, of one snapshot in one session.
questions() {
	for name in global stack tls key register twice; do
		echo "path $(target "$name")"
	done
	echo "path $(target twice) --all 9"
	echo "path $(target twice) --all=2"
	echo "path $(target twice) --exclude g_first"
	other=$(fact other)
	echo "path $(target twice) --exclude g_first --exclude $other"
	echo "path $(target twice) --exclude g_first --all 5" \
		"--exclude ${other%+*}"
	echo "path $(target twice) --exclude global"
	for name in lost led ring past; do
		echo "path $(fact "$name")"
	done
}
ask_all() {
	questions >"$T/questions"
	# shellcheck disable=SC2086
	hs $from --json -x "$T/questions"
	is "$how: all is answered" "$status" 0
	mv "$T/out" "$T/answers"
}
ask() { # COMMAND, one of those
	grep -F "\"command\":\"$1\"," "$T/answers" >"$T/out"
}
# The first chain of the answer; a root in libc's own memory has no address
# that the fixture could tell.
got() { # NAME
	jq -c --arg name "$1" '[.rows[] | select(.path == 1)] |
		[[.[0].kind, (if $name == "key" then null else .[0].addr end)]]
		+ [.[1:][] | [.addr, .offset]]' "$T/out"
}
warned() { # PATTERN
	jq -e --arg p "$1" '[.warnings[] | select(test($p))] | length > 0' \
		"$T/out"
}
nothing() {
	is "$how: $1: no rows" "$(jq '.rows | length' "$T/out")" 0
}

check_all() {
	ask_all
	for name in global stack tls key register twice; do
		ask "path $(target "$name")"
		is "$how: the chain to $name" "$(got "$name")" \
			"$(chain "$name")"
		is "$how: its steps are numbered from 0" \
			"$(jq -c '[.rows[].step] == [range(.rows | length)]' \
				"$T/out")" true
	done
	ask "path $(target stack)"
	check "$how: the function is named" jq -e '.rows[0].name |
		test("^thread [0-9]+ frame #[0-9]+ handle_request [+]0x")' \
		"$T/out"
	ask "path $(target global)"
	is "$how: the variable is named" "$(jq .rows[0].name "$T/out")" \
		"\"g_sessions+0x$word\""
	is "$how: where each pointer goes" \
		"$(jq -c '[.rows[].to_offset]' "$T/out")" '[0,0,8,null]'

	ask "path $(target twice) --all 9"
	is "$how: all three ways, shortest first" \
		"$(jq -c '[.totals.paths,
			[.rows[] | select(.step == 0) | .name]]' "$T/out")" \
		"[3,[\"g_first\",\"g_sessions+0x$word\",\"g_second\"]]"
	ask "path $(target twice) --all=2"
	is "$how: no more than were asked for" "$(jq .totals.paths "$T/out")" 2
	ask "path $(target twice) --exclude g_first"
	is "$how: without a variable" "$(jq .rows[0].name "$T/out")" \
		"\"g_sessions+0x$word\""
	ask "path $(target twice) --exclude g_first --exclude $(fact other)"
	is "$how: without one word of a chunk" "$(jq -c '[.totals.paths,
		.rows[0].name]' "$T/out")" "[1,\"g_sessions+0x$word\"]"
	other=$(fact other)
	ask "path $(target twice) --exclude g_first --all 5 --exclude ${other%+*}"
	is "$how: without a chunk" "$(jq -c '[.totals.paths,
		.rows[0].name]' "$T/out")" "[1,\"g_sessions+0x$word\"]"
	ask "path $(target twice) --exclude global"
	nothing "without variables"
	check "$how: that is why" warned "what was left out"

	ask "path $(fact lost)"
	nothing "a block that is lost"
	check "$how: it is definitely" warned "definite"
	ask "path $(fact led)"
	nothing "what only a lost block holds"
	check "$how: it is lost with that" \
		warned "indirect.* $(fact leader) alone"
	ask "path $(fact ring)"
	nothing "a ring"
	check "$how: it is lost" warned "leaked"
	ask "path $(fact past)"
	nothing "a block of which only the end is known"
	check "$how: that is said" warned "behind its end .*g_end"
	check "$how: and makes it a possible leak" warned "possible.*: past"
}

how="live" from="-p $PID --limit 100"
check_all
for words in "path" "path --all 0 $(target twice)" "path --exclude" \
	"path $(target twice) --exclude $(target twice)" "path --x 1" \
	"path $(target twice) 0x1" "path g_first" "path 0x10"; do
	# shellcheck disable=SC2086
	hs $from $words
	is "refused: $words" "$status" 2
done

gcore_of "$PID" "$T/core"
how="core" from="-c $T/core --limit 100"
check_all
stop_fixture

# One that is longer than any stack, in a build that is slow one that is longer
# than a small stack.
grouped() { # NUMBER
	echo "$1" | sed ':a;s/\B[0-9]\{3\}\>/,&/;ta'
}
check_long() {
	# shellcheck disable=SC2086
	hs $from -e "set format json" -e "path $(fact last) --all 3" \
		-e "set format text" -e "path $(fact last)"
	is "$how: one of $nodes steps, and no other" "$(sed -n '/^{/p' "$T/out" |
		jq -c 'select(.command | startswith("path")) |
			[.totals.paths, .totals.steps, .row_count]')" \
		"[1,$nodes,$((nodes + 1))]"
	sed '/^{/d' "$T/out" >"$T/text"
	check "$how: its middle is folded" grep -q "\.\.\. $(grouped \
		$((nodes - 20))) more steps through chunks of class $class at +$word \
\.\.\." "$T/text"
	is "$how: the rest is not" "$(grep -c "class $class" "$T/text")" 22
}
nodes=5000000
[ -z "${HS_SANITIZE-}" ] || nodes=300000
# Of so few addresses a number may be one in a list that is long: so it was in 4
# of 20 runs with 100000.
[ "$word" = 8 ] || nodes=2000
start_fixture chains "$nodes"
# shellcheck disable=SC3045 # dash and bash have it
[ -z "${HS_SANITIZE-}" ] || ulimit -s 1024
how="live, long" from="-p $PID --limit 100"
check_long
gcore_of "$PID" "$T/core"
how="core, long" from="-c $T/core --limit 100"
check_long
stop_fixture
done_testing

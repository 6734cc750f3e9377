# shellcheck shell=sh
# Sourced after tests/lib/tap.sh by the tests of real programs.
#
#   STEP      a shell command line that makes the program allocate
#   serves    a function: a real request, answered
#   the_job   snapshot, step, snapshot, diff, near on process $PID; then the
#             program is as it was and serves
# A program started with "told PROGRAM ARG..." can be asked for its mallinfo2.
need python3
need_ptrace
[ "$(od -An -tx1 -N4 "$HS" | tr -d ' ')" = 7f454c46 ] || bail "no heapscope"
# shellcheck disable=SC2034 # used by those who source this
PEER="python3 $top_srcdir/tests/e2e/peer.py"
# Processes of other users read our files: the name server, postgres.
chmod 755 "$T"

told() {
	TELL_MALLINFO=$T/mallinfo LD_PRELOAD=$top_builddir/tests/lib/tell_mallinfo.so \
		exec "$@"
}
# What its own malloc says: $T/mallinfo.
ask_mallinfo() {
	: >"$T/mallinfo"
	kill -s RTMIN+10 "$PID" 2>/dev/null || kill -44 "$PID"
	wait_until test -s "$T/mallinfo"
}

each_task_unharmed() {
	for tap_task in "/proc/$PID/task/"*; do
		wait_until task_unharmed "$tap_task" || return 1
	done
}

# Lines "ok WHAT" and "bad WHAT: DETAIL" as results.
results() {
	while read -r verdict what; do
		if [ "$verdict" = ok ]; then
			tap_result 0 "$what"
		else
			tap_result 1 "${what%%:*}"
			printf '# %.2000s\n' "$what"
		fi
	done <"$1"
}

# SET_MORE: further options of heapscope.
the_job() {
	hs --json --limit 0 -p "$PID" -e snapshot -e heap -e "shell $STEP" \
		-e snapshot -e heap -e diff -e 'chunks all' -e sizes \
		-e threads -e maps -e verify -e bt
	is "the session ends well" "$status" 0
	[ "$status" = 0 ] || hs_said
	cp "$T/out" "$T/answers"
	set -- "$T/answers"
	if [ -e "$T/mallinfo" ]; then
		check "the program tells its mallinfo2" ask_mallinfo
		set -- "$T/answers" "$T/mallinfo"
	fi
	python3 "$top_srcdir/tests/e2e/check_job.py" "$@" >"$T/results"
	check "the answers can be checked" test $? = 0
	results "$T/results"
	the_job_near
	the_job_without_debug_files
	check "every thread is unharmed" each_task_unharmed
	check "the program serves" serves
}

# heap and chunks of a program that does nothing meanwhile: row by row, but for
# what symbols say of a chunk's type.
the_job_without_debug_files() {
	mkdir -p "$T/no-debug"
	hs --json --limit 0 -p "$PID" -e heap -e 'chunks all'
	# But for types, of which debug information tells more.
	jq -c '[.command, (.rows | map(del(.type, .named_by))), .totals]' \
		"$T/out" >"$T/with-debug"
	hs --json --limit 0 --debug-dir "$T/no-debug" -p "$PID" -e heap \
		-e 'chunks all'
	jq -c '[.command, (.rows | map(del(.type, .named_by))), .totals]' \
		"$T/out" >"$T/without-debug"
	check "the same rows without debug files" \
		cmp "$T/with-debug" "$T/without-debug"
	check "they are rows" grep -q '"chunks all"' "$T/with-debug"
}

# The class that grew most in a session like the first.
the_job_near() {
	class=$(grep '"command":"diff' "$T/answers" |
		jq '[.rows[] | select(.new_count > 0)][0].size')
	hs --json --limit 0 -p "$PID" -e snapshot -e "shell $STEP" \
		-e snapshot -e "near $class"
	is "near ends well" "$status" 0
	[ "$status" = 0 ] || hs_said
	grep '"command":"near' "$T/out" >"$T/near"
	check "near $class says something of each chunk" \
		jq -e '.rows | length > 0' "$T/near"
	check "no pattern is of more chunks than were looked at, or of none" \
		jq -e '[.rows[] | select(.count != null and
			(.count > .of or .count == 0))] == []' "$T/near"
}

# Who holds it: the tables add up, and the largest owners have names.  Afterwards
# $T/tables has the answers.
the_tables() {
	hs --json --limit 0 -p "$PID" -e snapshot -e heap \
		-e 'retained --by=symbol' -e 'retained --by=module' \
		-e 'retained --by=symbol --strict' -e suspects -e leaks
	is "the tables end well" "$status" 0
	[ "$status" = 0 ] || hs_said
	cp "$T/out" "$T/tables"
	used=$(jq 'select(.command == "heap") | .totals.used_bytes' "$T/tables")
	for by in symbol module 'symbol --strict'; do
		is "--by=$by adds up to all used bytes, in both columns" \
			"$(jq -c "select(.command == \"retained --by=$by\") |
				[([.rows[].retained_bytes] | add),
				([.rows[].nearest_bytes] | add)]" "$T/tables")" \
			"[$used,$used]"
	done
	is "leaks adds up, too" "$(jq 'select(.command == "leaks") | .totals |
		[.[].bytes] | add' "$T/tables")" "$used"
	check "those with the most have names, and none is \"several\"" jq -es '
		map(select(.command == "retained --by=symbol"))[0].rows |
		sort_by(-.nearest_bytes)[0:5] | all(.name != "" and
		.kind != "several" and .kind != "nobody")' "$T/tables"
	check "nobody is nearest to less than he retains" jq -es '
		map(select(.command == "retained --by=symbol"))[0].rows |
		all(.kind == "several" or .nearest_bytes >= .retained_bytes)' \
		"$T/tables"
	check "each suspect has a sentence with its root" jq -es '
		map(select(.command == "suspects"))[0].rows | all(.text != "" and
		(.root != null or .kind == "class" or .kind == "unreachable"))' \
		"$T/tables"
}
# suspects: FILTER of its rows
suspects() {
	jq -c "select(.command == \"suspects\") | .rows[] | $1" "$T/tables"
}

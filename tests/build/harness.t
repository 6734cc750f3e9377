#!/bin/sh
# The harness can fail: tests that end badly are reported so.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"

failing=$top_builddir/tests/lib/failing
if [ -x "$failing" ]; then
	status=0
	mkdir "$T/tmp"
	TMPDIR=$T/tmp "$failing" >"$T/out" 2>"$T/err" || status=$?
	is "a program with failures ends with 1" "$status" 1
	for name in "passes" "dies as it should" "exits as it should"; do
		check "$name" grep -q "^ok [0-9]* - $name\$" "$T/out"
	done
	check "a test can be skipped" grep -q \
		'^ok [0-9]* - is skipped # SKIP there is no such thing$' \
		"$T/out"
	for name in "fails an assertion" "crashes" "crashes with a file" "exits" \
		"lives when it should die" "meets an error" \
		"misses an error" "gets another error"; do
		check "$name" grep -q "^not ok [0-9]* - $name\$" "$T/out"
	done
	check "one made a file in a folder of its own" \
		grep -q "^made $T/tmp/" "$T/err"
	check "which is gone" rmdir "$T/tmp"
	mkdir "$T/tmp"
	TMPDIR=$T/tmp "$top_builddir/tests/unit/ui_prompt" >"$T/prompt"
	check "the tests of the prompt wrote in one, too" \
		grep -q '^ok .* history outlives the session' "$T/prompt"
	check "of which nothing stays" rmdir "$T/tmp"
	check "the error's text is told" grep -q '^#.*it is gone' "$T/out"
	is "the plan counts all" "$(sed -n 's/^1\.\.//p' "$T/out")" \
		"$(grep -c 'ok [0-9]* - ' "$T/out")"
	"$failing" passes >"$T/out"
	is "a part of a name picks its tests" "$(head -n 1 "$T/out")" 1..1
else
	skip "unit tests that fail" "built without check"
fi

if command -v python3 >/dev/null; then
	for case in no_such_case -1; do
		status=0
		"$top_srcdir/tests/bench/run" "$top_builddir" "$case" \
			>"$T/out" 2>&1 || status=$?
		is "bench: a case that there is not, $case: its status" \
			"$status" 1
		is "bench: it is named, and those that there are" \
			"$(cat "$T/out")" "bench: there is no case $case: a case \
is a number of chunks (1e6) or debug"
	done
else
	skip "bench" "python3 is not installed"
fi

# script < LINES: a test script with these lines; its output in $T/out.
script() {
	{
		# shellcheck disable=SC2016 # it expands there
		echo '. "$top_srcdir/tests/lib/tap.sh"'
		cat
	} >"$T/script.t"
	status=0
	TAP_POLLS=${polls:-1000} sh "$T/script.t" >"$T/out" 2>/dev/null </dev/null || status=$?
}
script <<'EOF2'
check "good" true
is "equal" a a
skip "left" "no reason"
done_testing
EOF2
is "a script that passes ends with 0" "$status" 0
is "and counts its tests" "$(tail -n 1 "$T/out")" 1..3
script <<'EOF2'
check "good" true
check "bad" false
done_testing
EOF2
is "a script that fails ends with 1" "$status" 1
check "and says which" grep -q '^not ok 2 - bad$' "$T/out"
script <<'EOF2'
is "equal" a b
done_testing
EOF2
check "what is not equal fails" grep -q '^not ok 1 - equal$' "$T/out"
script <<'EOF2'
check "good" true
exit 0
EOF2
check "a script that ends early bails out" grep -q '^Bail out!' "$T/out"
check "and fails" test "$status" -ne 0
script <<'EOF2'
need no-such-tool-anywhere
check "never" false
done_testing
EOF2
is "a missing tool skips all" "$(cat "$T/out")" \
	"1..0 # SKIP no-such-tool-anywhere is not installed"
polls=5
script <<'EOF2'
check "in time" wait_until true
check "never" wait_until false
echo "dir $T"
done_testing
EOF2
check "wait_until sees what becomes true" grep -q '^ok 1' "$T/out"
check "and gives up on what does not" grep -q '^not ok 2' "$T/out"
check "the test's folder is gone" test ! -e \
	"$(sed -n 's/^dir //p' "$T/out")"
polls=
script <<'EOF2'
start_fixture one_block
echo "pid $PID"
kill -STOP "$PID"
wait_until grep -q '^State:.T' "/proc/$PID/status"
TAP_POLLS=5
check "stopped is not unharmed" unharmed
done_testing
EOF2
check "a stopped target is not unharmed" grep -q '^not ok 1' "$T/out"
pid=$(sed -n 's/^pid //p' "$T/out")
check "the fixture had a pid" test -n "$pid"
check "and is not left behind" test ! -d "/proc/$pid"
done_testing

#!/bin/sh
# What lua's blocks are: as many strings as it was told to make.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
# shellcheck source=tests/e2e/e2e.sh
. "$top_srcdir/tests/e2e/e2e.sh"
# shellcheck source=tests/e2e/typed.sh
. "$top_srcdir/tests/e2e/typed.sh"
need jq strip
program_of lua5.4

cat >"$T/keep.lua" <<'END'
objects, strings, made = {}, {}, 0
for i = 1, 2000 do
	objects[i] = {id = i, name = "object number " .. i,
		next = objects[i - 1], f = function() return i end}
end
collectgarbage("stop")
while true do
	io.write("made ", made, "\n")
	io.flush()
	local n = io.read("n")
	if not n then break end
	for i = made + 1, made + n do
		strings[i] = string.format("short %d", i)
	end
	made = made + n
end
END
start() { # PROGRAM
	rm -f "$T/in"
	mkfifo "$T/in"
	exec 8<>"$T/in"
	"$1" "$T/keep.lua" <"$T/in" >"$T/said" 2>&1 8>&- &
	PID=$!
	kill_at_exit "$PID"
	wait_until grep -q 'made 0' "$T/said" || bail "lua does not start"
}
start "$PROGRAM"
types_of
at_least 95 lua
before=$(count_of '.type == "struct TString"')
echo 1000 >&8
wait_until grep -q 'made 1000' "$T/said"
types_of
# One more or less: by what it is known, others may begin like a string.
more=$(($(count_of '.type == "struct TString"') - before))
check "1000 strings more ($more)" test "$more" -ge 999 -a "$more" -le 1001
check "every thread is unharmed" each_task_unharmed
exec 8>&-

strip -o "$T/stripped" "$PROGRAM"
start "$T/stripped"
types_of
says_no_types 80
# The row of strings: text behind a pointer and a byte that is the tag.
strings='.named_by == "alike" and (.type | test("^{[*] 0x04 .*text}$"))'
before=$(count_of "$strings")
echo 1000 >&8
wait_until grep -q 'made 1000' "$T/said"
types_of
more=$(($(count_of "$strings") - before))
# Each snapshot learns anew what tells chunks apart: a few may be in other rows.
check "stripped: 9 of 10 of 1000 strings more ($more)" \
	test "$more" -ge 900 -a "$more" -le 1050
check "stripped: they are one row" test 1 = "$(jq "[.rows[] |
	select($strings and .count > 1000)] | length" "$T/types")"
exec 8>&-
done_testing

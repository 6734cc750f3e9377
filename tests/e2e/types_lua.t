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
# What is collected leaves its words in what is made after it: members that lua
# writes late have those.
cat >"$T/churn.lua" <<'END'
objects, threads, files = {}, {}, {}
local function churn(n)
	local t = {}
	for i = 1, n do
		t[i] = {i, tostring(i) .. " a text", function() return t, i end,
			{a = i}}
	end
end
for round = 1, 6 do
	churn(3000)
	for i = 1, 400 do
		local n = #objects + 1
		objects[n] = {id = n, name = "object number " .. n,
			next = objects[n - 1], f = function() return n end}
	end
	for i = 1, 40 do
		local thread = coroutine.create(function(a, b)
			local x = {a}
			while true do a = coroutine.yield(x, a) end
		end)
		coroutine.resume(thread, i, "x" .. i)
		threads[#threads + 1] = thread
	end
	for i = 1, 10 do files[#files + 1] = io.open("/dev/null") end
	for i = 1, #objects, 5 do objects[i].f, objects[i].name = nil end
	for i = 1, #threads, 7 do threads[i] = nil end
	collectgarbage("step", 100)
end
io.write("made 0\n")
io.flush()
io.read("n")
END
start() { # PROGRAM SCRIPT
	rm -f "$T/in"
	mkfifo "$T/in"
	exec 8<>"$T/in"
	"$1" "$T/$2" <"$T/in" >"$T/said" 2>&1 8>&- &
	PID=$!
	kill_at_exit "$PID"
	wait_until grep -q 'made 0' "$T/said" || bail "lua does not start"
}
start "$PROGRAM" keep.lua
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

start "$PROGRAM" churn.lua
types_of
at_least 90 "lua that collects"
exec 8>&-

strip -o "$T/stripped" "$PROGRAM"
start "$T/stripped" keep.lua
types_of_bare
says_no_types 80
# The row of strings: text behind a pointer and a byte that is the tag.
strings='.named_by == "alike" and (.type | test("^{[*] 0x04 .*text}$"))'
before=$(count_of "$strings")
echo 1000 >&8
wait_until grep -q 'made 1000' "$T/said"
types_of_bare
more=$(($(count_of "$strings") - before))
# Each snapshot learns anew what tells chunks apart: a few may be in other rows.
check "stripped: 9 of 10 of 1000 strings more ($more)" \
	test "$more" -ge 900 -a "$more" -le 1050
check "stripped: they are one row" test 1 = "$(jq "[.rows[] |
	select($strings and .count > 1000)] | length" "$T/types")"
exec 8>&-
done_testing

#!/bin/sh
# A test ends what it has started and nothing else, though another process has
# the number of one that ended before: of a test that ran besides, a compiler.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need unshare
unshare -pf --mount-proc test -w /proc/sys/kernel/ns_last_pid 2>/dev/null ||
	skip_all "the numbers of processes cannot be chosen here"

cat >"$T/test" <<'END'
. "$top_srcdir/tests/lib/tap.sh"
cat <"$shared/end" >"$T/nothing" &
gone=$!
kill_at_exit "$gone"
sleep 1000 &
kill_at_exit "$!"
echo "$gone $!" >"$shared/numbers"
exec 8>"$shared/end"
exec 8>&-
wait "$gone"
echo >"$shared/ended"
read -r go <"$shared/go"
is "nothing" 0 0
done_testing
END
cat >"$T/all" <<'END'
sh "$shared/test" >"$shared/said" &
test=$!
read -r ended <"$shared/ended"
read -r gone left <"$shared/numbers"
# Not in the hundredth of a second in which that was started.
read -r then idle </proc/uptime
while read -r now idle </proc/uptime && [ "$now" = "$then" ]; do
	:
done
other=
for try in 1 2 3 4 5 6 7 8 9; do
	echo $((gone - 1)) >/proc/sys/kernel/ns_last_pid
	sleep 1000 &
	other=$!
	[ "$other" != "$gone" ] || break
done
echo >"$shared/go"
[ "$other" = "$gone" ] && echo "it has the number"
wait "$test" && echo "the test ended"
kill -0 "$other" && echo "the other one lives"
kill -0 "$left" 2>/dev/null || echo "its own does not"
END
mkfifo "$T/end" "$T/ended" "$T/go"
shared=$T unshare -pf --mount-proc sh "$T/all" >"$T/out" 2>"$T/err"
is "one that has the number of another lives on" "$(cat "$T/out")" \
	"it has the number
the test ended
the other one lives
its own does not"
done_testing

#!/bin/sh
# A process that calls exec() in the midst of a session, with the same program
# or another: the next snapshot is that of the new one.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need_ptrace
need jq

cat >"$T/again" <<END
echo again >"$T/ctl"
for i in \$(seq 1000); do
	[ "\$(grep -c '^ready' "$T/manifest")" = 2 ] && exit 0
	sleep 0.02
done
exit 1
END

for to in "" heap_single; do
	# shellcheck disable=SC2086 # none or one
	start_fixture heap_again $to
	hs --json -p "$PID" -e heap -e "shell sh $T/again" -e snapshot -e heap
	is "to ${to:-itself}: all answered" "$status" 0
	for n in first last; do
		jq -cS 'select(.command == "heap") | .totals.mallinfo2' \
			"$T/out" | if [ $n = first ]; then head -n 1; else
			tail -n 1; fi >"$T/got"
		sed -n 's/^mallinfo2 //p' "$T/manifest" |
			if [ $n = first ]; then head -n 1; else
			tail -n 1; fi | jq -cS . >"$T/own"
		is "to ${to:-itself}: the totals, $n" "$(cat "$T/got")" \
			"$(cat "$T/own")"
	done
	stop_fixture
done
done_testing

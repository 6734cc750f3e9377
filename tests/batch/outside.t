# shellcheck shell=sh
# A process that grows outside malloc: the chunks do not change, and the diff
# says by how much the memory that the process touched grew all the same.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need_ptrace
need jq

start_fixture mmap_growth
# Once before: what a first step touches of stack and data is touched then.
fixture_say step mapped
cat >"$T/step" <<END
before=\$(grep -c '^mapped' "$T/manifest")
echo step >"$T/ctl"
until [ "\$(grep -c '^mapped' "$T/manifest")" -gt "\$before" ]; do
	sleep 0.02
done
END
hs -p "$PID" --json -e 'snapshot' -e "shell sh $T/step" -e 'snapshot' -e 'diff'
is "diff ends well" "$status" 0
tail -n 1 "$T/out" >"$T/diff"
is "malloc did not grow" \
	"$(jq -c '.totals | [.new_count, .gone_count, .delta_bytes]' "$T/diff")" \
	'[0,0,0]'
is "the process did" "$(jq .totals.touched_delta_bytes "$T/diff")" \
	"$(sed -n 's/^mapped [0-9]* //p' "$T/manifest" | tail -n 1)"
stop_fixture
done_testing

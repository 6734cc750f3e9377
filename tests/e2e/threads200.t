#!/bin/sh
# Eight threads with 200 MB in arenas, which know what they have.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
# shellcheck source=tests/e2e/e2e.sh
. "$top_srcdir/tests/e2e/e2e.sh"

serves() {
	fixture_say ping pong && grep -q '^pong 8$' "$T/manifest"
}
export T
cat >"$T/step" <<'END'
before=$(grep -c '^stepped' "$T/manifest")
echo step 100 >"$T/ctl"
until [ "$(grep -c '^stepped' "$T/manifest")" -gt "$before" ]; do
	sleep 0.02
done
END
STEP="sh $T/step"

start_fixture threads200
the_job

# Of the first of the two steps.
wanted=$(sed -n 's/^stepped \([0-9]*\) \([0-9]*\)$/\2 \1/p' "$T/manifest" |
	awk 'NR == 1 { print "[" $1 + 8 "," $2 ",0]" }')
grown=$(jq -c 'select(.command | startswith("diff")) | .rows[0] |
	[.size, .new_count, .gone_count]' "$T/answers")
is "the growing class comes first, counted right" "$grown" "$wanted"

# Every block it has is a used chunk of that size, and nothing else is one but
# what glibc keeps for each thread.
fixture_say truth end
hs --json --limit 0 -p "$PID" chunks used
is "chunks ends well" "$status" 0
sed -n 's/^used \(0x[^ ]*\) \([0-9]*\) .*/\1 \2/p' "$T/manifest" | sort >"$T/truth"
jq -r '.rows[] | "\(.addr) \(.size)"' "$T/out" | sort >"$T/seen"
is "every block is seen with its size" "$(comm -23 "$T/truth" "$T/seen")" ""
comm -13 "$T/truth" "$T/seen" >"$T/rest"
is "eight threads' tcaches, and what main and the thread starts have" \
	"$(grep -c ' 648$' "$T/rest")" 9
check "little else" test "$(grep -vc ' 648$' "$T/rest")" -lt 12
stop_fixture
done_testing

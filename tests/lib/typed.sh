# shellcheck shell=sh
# Sourced after tests/lib/tap.sh by tests of what a fixture's chunks are: it is
# built in many ways, and its manifest is the truth.
#
#   judge_fixture NAME   which one; the test has a judged OPTIONS that looks
#                        at what heapscope says of it, $how names the build
#   build FLAGS          in $T; compilers leave split units where they are run
#   try NAME FLAGS       build, start, judge, stop; skipped where gcc cannot
#   try_with_core        -O0, which runs on, then a core of it
#   nearly_all_right     of $T/wanted, by the lines "right" of $T/judged
judge_fixture() {
	typed_name=$1
}
build() {
	(cd "$T" && rm -f ./*.dwo && gcc "$@" -o "$typed_name" \
		"$top_srcdir/tests/fixtures/$typed_name.c") 2>"$T/log"
}
start_typed() {
	FIXTURES=$T start_fixture "$typed_name"
	judged -p "$PID"
}
try() {
	how=$1
	shift
	if ! build "$@"; then
		skip "$how" "gcc makes no such programs here"
		return
	fi
	start_typed
	stop_fixture
}
try_with_core() {
	build -g -O0 || bail "gcc"
	how="-O0"
	start_typed
	gcore_of "$PID" "$T/core"
	how="core"
	judged -c "$T/core"
}
nearly_all_right() { # HOW MANY
	all=$1
	right=$(grep -c '^right' "$T/judged")
	check "$how: 95% and more are right ($right of $all)" \
		test $((right * 100)) -ge $((all * 95))
	[ $((right * 100)) -ge $((all * 95)) ] ||
		sort "$T/judged" | uniq -c | sed 's/^/# /'
}

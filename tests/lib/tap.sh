# shellcheck shell=sh
# Sourced by every *.t.  POSIX sh.  Ends with done_testing.
#
#   check WHAT COMMAND...      passes if the command does
#   is WHAT GOT WANTED         passes if the two texts are equal
#   skip WHAT REASON           counts as skipped
#   skip_all REASON            the whole file is skipped
#   need TOOL...               skip_all unless all are installed
#   need_ptrace                skip_all where nothing may be traced at all
#   need_m32                   ... where no fixtures for i386 can be built;
#                              they are in tests/fixtures32 of the build
#   wait_until COMMAND...      polls, for a minute or more
#   hs ARG...                  runs heapscope: $T/out, $T/err, $status
#   start_fixture NAME ARG...  PID, $T/manifest; fixture_say sends it a line
#                              FIXTURE_ENV: NAME=VALUE words for it alone;
#                              FIXTURES: another folder that has it;
#                              FIXTURE_DIR: where it runs (core_of needs it,
#                              empty)
#   core_of PID FILE           a core of it, by the kernel, which ends it, or
#                              by gcore where the kernel gives none
#   gcore_of PID FILE          by gcore; it runs on
#   stop_fixture               asserts that it is unharmed and ends well
#
# T is a directory of the test's own.  HEAPSCOPE may name another binary.
tap_n=0
tap_failed=0
tap_done=
tap_children=
T=$(mktemp -d "${TMPDIR:-/tmp}/heapscope-test.XXXXXX")
HS=${HEAPSCOPE:-$top_builddir/heapscope}
PID=

# When that process was started; false if there is none.
tap_started() { # PID
	tap_start=
	{ read -r tap_start <"/proc/$1/stat"; } 2>/dev/null || return 1
	# Behind the name, which may have blanks, words are counted from state.
	# shellcheck disable=SC2086 # words
	set -- ${tap_start##*) }
	[ $# -ge 20 ] && tap_start=${20}
}
# What ended by itself may have left its number to a process of others.
tap_end() { # PID WHEN
	tap_started "$1" && [ "$tap_start" = "$2" ] || return 0
	kill -CONT "$1" 2>/dev/null
	kill -KILL "$1" 2>/dev/null
	wait "$1" 2>/dev/null
}
tap_exit() {
	tap_status=${1-$?}
	trap - EXIT
	exec 9>&-
	for tap_child in $tap_children; do
		tap_end "${tap_child%:*}" "${tap_child#*:}"
	done
	rm -rf "$T"
	if [ -z "$tap_done" ]; then
		echo "Bail out! ended before done_testing"
		[ "$tap_status" -ne 0 ] || tap_status=99
	fi
	exit "$tap_status"
}
trap tap_exit EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 141' PIPE
trap 'exit 143' TERM

tap_result() { # COMMAND'S STATUS, WHAT
	tap_n=$((tap_n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $tap_n - $2"
	else
		echo "not ok $tap_n - $2"
		tap_failed=1
	fi
}
check() {
	tap_what=$1
	shift
	"$@" >&2
	tap_result $? "$tap_what"
}
is() {
	if [ "$2" = "$3" ]; then
		tap_result 0 "$1"
	else
		tap_result 1 "$1"
		printf '%s\n' "got:" "$2" "wanted:" "$3" | sed 's/^/# /'
	fi
}
skip() {
	tap_n=$((tap_n + 1))
	echo "ok $tap_n - $1 # SKIP $2"
}
done_testing() {
	tap_done=1
	echo "1..$tap_n"
	exit "$tap_failed"
}
skip_all() {
	tap_done=1
	echo "1..0 # SKIP $1"
	exit 0
}
bail() {
	tap_done=1
	echo "Bail out! $1"
	exit 99
}
need() {
	for tap_tool in "$@"; do
		command -v "$tap_tool" >/dev/null ||
			skip_all "$tap_tool is not installed"
	done
}
need_m32() {
	[ -x "$top_builddir/tests/fixtures32/heap_single" ] ||
		skip_all "the compiler here makes no 32-bit programs (-m32)"
}
need_ptrace() {
	if [ "$(cat /proc/sys/kernel/yama/ptrace_scope 2>/dev/null)" = 3 ]; then
		skip_all "kernel.yama.ptrace_scope is 3: nothing may be traced"
	fi
	if [ "$(id -u)" != 0 ] &&
		[ "$(cat /proc/sys/kernel/yama/ptrace_scope 2>/dev/null)" = 2 ]
	then
		skip_all "kernel.yama.ptrace_scope is 2 and we are not root"
	fi
}
wait_until() {
	tap_i=0
	until "$@" 2>/dev/null; do
		tap_i=$((tap_i + 1))
		[ "$tap_i" -le "${TAP_POLLS:-3000}" ] || return 1
		sleep 0.02
	done
}
# kill_at_exit PID...: whatever a test started and may leave behind.
kill_at_exit() {
	# shellcheck disable=SC2048 # as pgrep prints them, too
	for tap_child in $*; do
		if tap_started "$tap_child"; then
			tap_children="$tap_children $tap_child:$tap_start"
		fi
	done
}
hs() {
	status=0
	"$HS" "$@" >"$T/out" 2>"$T/err" </dev/null || status=$?
	return 0
}
# What heapscope said, for a report on a failed check.
hs_said() {
	echo "# status $status"
	sed 's/^/# out: /' "$T/out" | head -n 40
	sed 's/^/# err: /' "$T/err" | head -n 20
}

# A number of tasks that are as they were: not traced, running or sleeping.
task_count() {
	find "/proc/$PID/task" -maxdepth 1 -mindepth 1 | wc -l
}
start_fixture() {
	tap_fixture=$1
	shift
	tap_program=${FIXTURES:-$top_builddir/tests/fixtures}/$tap_fixture
	[ -x "$tap_program" ] || bail "$tap_fixture is not built"
	rm -f "$T/ctl"
	mkfifo "$T/ctl"
	: >"$T/manifest"
	# shellcheck disable=SC2086 # words
	(
		# shellcheck disable=SC3045 # where it is not, no cores
		ulimit -c unlimited 2>/dev/null
		tap_program=$(realpath "$tap_program")
		cd "${FIXTURE_DIR:-.}" || exit
		exec env ${FIXTURE_ENV-} "$tap_program" "$@"
	) <"$T/ctl" >"$T/manifest" &
	PID=$!
	kill_at_exit "$PID"
	exec 9>"$T/ctl"
	wait_until grep -q '^ready' "$T/manifest" ||
		bail "$tap_fixture is not ready"
	tap_tasks=$(task_count)
}
# A kernel that writes cores into the folder where the process runs, and may.
kernel_dumps() {
	case $(cat /proc/sys/kernel/core_pattern) in
	*/* | '|'* | '') return 1 ;;
	esac
	grep -q '^Max core file size *unlimited' "/proc/$1/limits"
}
ended() { # not by a wait: it may be a child's child
	! [ -e "/proc/$1" ] || grep -q '^State:.[ZX]' "/proc/$1/status"
}
gcore_of() {
	gcore -o "$2" "$1" >"$T/gcore" 2>&1 ||
		bail "gcore: $(tail -n 1 "$T/gcore")"
	mv "$2.$1" "$2"
}
core_of() {
	if ! kernel_dumps "$1"; then
		gcore_of "$@"
		return
	fi
	kill -ABRT "$1"
	wait_until ended "$1"
	mv "$FIXTURE_DIR/"* "$2" || bail "the kernel wrote no core of $1"
}
# fixture_say LINE WORD: sends the line, waits for one more line with WORD.
fixture_say() {
	tap_before=$(grep -c "^$2" "$T/manifest")
	echo "$1" >&9
	wait_until fixture_said "$2" || bail "$tap_fixture does not say $2"
	tap_tasks=$(task_count)
}
fixture_said() {
	[ "$(grep -c "^$1" "$T/manifest")" -gt "$tap_before" ]
}
# The first law: whatever we did, the target is as it was.
task_unharmed() {
	grep -q '^TracerPid:.0$' "$1/status" &&
		grep -q '^State:.[RS]' "$1/status"
}
unharmed() {
	for tap_task in "/proc/$PID/task/"*; do
		# A thread may be in a page fault for a moment: state D.
		wait_until task_unharmed "$tap_task" || {
			grep -E '^(State|TracerPid)' "$tap_task/status"
			return 1
		}
	done
	[ "$(task_count)" = "$tap_tasks" ]
}
stop_fixture() {
	check "target unharmed" unharmed
	exec 9>&-
	tap_ended=0
	wait "$PID" || tap_ended=$?
	is "target ended by itself" "$tap_ended" 0
}

# shellcheck shell=sh
# The set of used chunks is what the program allocated and did not free, told by
# a recorder preloaded into it, and one tcache struct a thread: address by
# address.  And the totals are those of the program's own mallinfo2().
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need_ptrace
need python3 jq

# shellcheck source=tests/lib/recorded.sh
. "$top_srcdir/tests/lib/recorded.sh"

for fixture in heap_single heap_threads heap_aligned heap_realloc heap_fork \
	heap_dlopen
do
	start_recorded "$fixture"
	check_recorded "$fixture"
	stop_fixture
done
done_testing

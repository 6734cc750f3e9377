#!/bin/sh
# Blocks in pages that the program made read-only are seen all the same.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need_ptrace
need python3 jq
# shellcheck source=tests/lib/recorded.sh
. "$top_srcdir/tests/lib/recorded.sh"

start_recorded heap_protected
check_recorded "read-only pages"
stop_fixture
done_testing

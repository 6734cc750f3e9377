#!/bin/sh
# heapscope says which it is, and a fixture that nobody touches is unharmed.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"

hs --version
is "--version ends with 0" "$status" 0
check "and names the program" grep -q '^heapscope [0-9]' "$T/out"

start_fixture one_block
check "the manifest names a block" grep -q '^used 0x[0-9a-f]* [0-9]* block$' \
	"$T/manifest"
stop_fixture
done_testing

#!/bin/sh
# An address may look like text, as most do where they are not randomized:
# tables named a block by its class, or by what it points at, and its contents in
# the same answer by that "text".
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need_ptrace
need jq

told() { # WORD, FIELD
	awk -v word="$1" -v field="$2" '$1 == word { print $field }' \
		"$T/manifest"
}
start_fixture address_text
hs -p "$PID" --json --limit 0 "chunks used"
content() { # ADDR
	jq -r --arg a "$1" '.rows[] | select(.addr == $a) | .content' "$T/out"
}
is "an address is no text" "$(content "$(told address 2)")" \
	"$(told address 3) 0x0"
is "what is none is text" "$(content "$(told text 2)")" '"GFUDCB"'
stop_fixture
done_testing

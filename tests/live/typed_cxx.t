#!/bin/sh
# The types of a C++ program's chunks, against what the program knows: objects
# by their classes, nodes of containers, with debug information and without.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need_ptrace
need jq c++ strip

build() { # FLAGS
	c++ "$@" -o "$T/typed_heap" "$top_srcdir/tests/fixtures/typed_heap.cc" \
		2>"$T/log"
}
# TRUTH and what is said, without the arguments of templates' nodes.
judge() {
	hs -p "$PID" --json --limit 0 chunks
	jq -r '.rows[] | [.addr, (if .named_by | IN("text", "unknown", "symbol")
		then "-" else .type end)] | @tsv' "$T/out" | sort >"$T/got"
	sed -n 's/^\(type\|node\) \([^ ]*\) /\2\t/p; s/^none \(.*\)/\1\t-/p' \
		"$T/manifest" | sort >"$T/wanted"
	join -t "$(printf '\t')" "$T/wanted" "$T/got" | awk -F '\t' '
		{ said = $3; wanted = $2 }
		wanted ~ /node/ { sub(/<.*/, "", said) }
		said !~ /::/ { sub(/^.*::/, "", wanted) }
		wanted == said { print "right"; next }
		said == "-" || said ~ /[+]$/ { print "missed", $2; next }
		{ print "wrong:", $2, "is called", $3 }' >"$T/judged"
	grep wrong "$T/judged" >"$T/wrong" || true
	is "$how: none is wrong" "$(cat "$T/wrong")" ""
}
for flags in "-g -O0" "-g -O2" "-gdwarf-4 -O2"; do
	how=$flags
	# shellcheck disable=SC2086
	build $flags || skip_all "c++ makes no programs here"
	FIXTURES=$T start_fixture typed_heap
	judge
	# What strings have is text.
	is "$how: all are named" "$(grep missed "$T/judged" | sort -u)" \
		"missed std::string"
	stop_fixture
done
done_testing

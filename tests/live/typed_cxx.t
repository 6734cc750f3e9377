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
	jq -r '.rows[] | [.addr, (if .named_by | IN("text", "unknown", "symbol",
		"alike")
		then "-" else .type end)] | @tsv' "$T/out" | sort >"$T/got"
	sed -n 's/^\(type\|node\) \([^ ]*\) /\2\t/p; s/^none \(.*\)/\1\t-/p' \
		"$T/manifest" | sort >"$T/wanted"
	join -t "$(printf '\t')" "$T/wanted" "$T/got" | awk -F '\t' '
		{ said = $3; wanted = $2 }
		wanted ~ /node/ { sub(/<.*/, "", said) }
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
# Without debug information: whole containers are known by their shape.  (Of a
# list whose head is the first of a block it cannot be told which is the head.)
strip "$T/typed_heap"
how="stripped"
FIXTURES=$T start_fixture typed_heap
judge
is "$how: trees and tables" "$(grep missed "$T/judged" | sort -u |
	grep -e _Rb_tree -e _Hash_node)" ""
is "$how: classes, trees, tables and a list" \
	"$(jq -c '[.rows[] | select(.named_by == "shape") | .type] |
		group_by(.) | map([.[0], length])' "$T/out")" \
	'[["std::_List_node",30],["std::_Rb_tree_node",90],["std::__detail::_Hash_node",60],["std::__detail::_Hash_node_base *[]",2]]'
node=$(awk '$3 == "std::_Rb_tree_node" { print $2; exit }' "$T/manifest")
hs -p "$PID" --json type "$node"
check "$how: why" jq -e '.rows[] | select(.section == "why") |
	.what | contains("red-black tree")' "$T/out"
stop_fixture
done_testing

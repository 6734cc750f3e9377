#!/bin/sh
# Who holds a block, for every way there is to hold one, and what is dead and
# holds none: of a running process, of its core, and of a 32-bit one.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need jq
need_ptrace

# "CLASS NAME" of each line, by what heapscope says of the block.
said() { # ARG...: how to get at the program
	awk '$1 ~ /^(no)?root$/ { print "chunk " $NF }' "$T/manifest" \
		>"$T/commands"
	sed 's/^/-e "/; s/$/"/' "$T/commands" | tr '\n' ' ' >"$T/args"
	eval "hs --json $* $(cat "$T/args")"
	jq -r '[.rows[] | select(.section == "pointed at by" and .kind)] |
		if . == [] then "noroot"
		else [.[] | .kind] | unique | join(",") | "root " + . end' \
		"$T/out" >"$T/kinds"
	awk '$1 == "root" { print $3 } $1 == "noroot" { print $2 }' \
		"$T/manifest" | paste -d ' ' "$T/kinds" -
}
wanted() {
	awk '$1 == "root" { print $1, $2, $3 }
		$1 == "noroot" { print $1, $2 }' "$T/manifest"
}
compare() { # NAME [WHAT DIFFERS]
	wanted | sed "${2-}" >"$T/wanted"
	while read -r line; do
		set -- "$1" "$line"
		check "$1: $2" grep -qx -e "$2" "$T/said"
	done <"$T/wanted"
	is "$1: as many" "$(wc -l <"$T/said")" "$(wc -l <"$T/wanted")"
}
all_ways() { # NAME
	start_fixture heap_roots
	said -p "$PID" >"$T/said"
	compare "$1"
	if command -v gcore >/dev/null; then
		gcore_of "$PID" "$T/core"
		said -c "$T/core" >"$T/said"
		# gcore does not tell that memory could not be accessed.
		compare "$1, core" 's/^noroot protected$/root anon protected/'
	else
		skip "$1, core" "gcore makes none here"
	fi
	stop_fixture
}

all_ways live
if [ -x "$top_builddir/tests/fixtures32/heap_roots" ]; then
	FIXTURES=$top_builddir/tests/fixtures32
	all_ways i386
else
	skip "i386" "the compiler here makes no 32-bit programs (-m32)"
fi
done_testing

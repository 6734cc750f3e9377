# shellcheck shell=sh
# Sourced after tests/lib/tap.sh by tests that compare stacks with gdb's: one
# gdb for all of them, so that it reads libc's symbols once, and one same_stack.py.
need_ptrace
need gdb gcore jq python3
gdb -q -batch -nx -ex 'py print(1)' 2>/dev/null | grep -qx 1 ||
	skip_all "this gdb has no Python"
mkfifo "$T/asked" "$T/told"
LC_ALL=C gdb -q -batch -nx -iex 'set debuginfod enabled off' \
	-iex 'set auto-load off' -x "$top_srcdir/tests/lib/gdb_frames.py" \
	<"$T/asked" >"$T/told" 2>"$T/gdb.err" &
kill_at_exit $!
exec 7>"$T/asked" 8<"$T/told"
mkfifo "$T/compare" "$T/compared"
python3 "$top_srcdir/tests/lib/same_stack.py" \
	<"$T/compare" >"$T/compared" 2>"$T/compare.err" &
kill_at_exit $!
exec 4>"$T/compare" 5<"$T/compared"

# Functions without their parameters and template arguments, which gdb has in a
# spelling of its own: "1 0 app::apply<main(int, char**)::<lambda(int)> >(...)".
# Code that a function has elsewhere gdb names by its distance.
bare_names() {
	sed -E 's/^([0-9]+ [0-9]+ )\(anonymous namespace\)/\1{anonymous}/
		s/^([0-9]+ [0-9]+ [^	(<]*)[<(][^	]*	/\1	/
		s/<main\(int, char\*\*\)>/<main>/g
		s/<([A-Za-z0-9_]+)(-|\.cold\+)[0-9]+>/<\1.cold>/g'
}
# What gdb tells of process $PID: $T/gdb, .args and .vars.
gdb_says() {
	echo "$PID $T/gdb.out" >&7
	answer=
	while [ "$answer" != "done" ]; do
		read -r answer <&8 || bail "gdb: $(tail -n 1 "$T/gdb.err")"
	done
	sed -n 's/^frame //p' "$T/gdb.out" | bare_names >"$T/gdb"
	sed -n 's/^args //p' "$T/gdb.out" | bare_names >"$T/gdb.args"
	# Of an array in no memory it shows the pointer of the compiler's.
	sed -n 's/^var //p' "$T/gdb.out" | bare_names |
		sed '/ lengths.row = 0x0$/s/0x0/<optimized out>/' |
		sort >"$T/gdb.vars"
}
# What we tell, in one session: a frame is one of ours if it has a source line,
# as in gdb's list.  $T/ours, .args and .vars.
we_say() { # ARG...
	awk '$1 != tid { tid = $1; print "bt " tid }
		{ print "frame " $2 "\nlocals\nargs" }' "$T/gdb" >"$T/script"
	hs --json "$@" -e bt -e "source $T/script"
	jq -r 'if .command == "bt" then .rows | sort_by(.tid) | .[] |
		select(.file) | "\(.tid) \(.frame) \(.function)\t" as $frame |
		"frame \($frame)\(.file | sub(".*/"; "")):\(.line)" +
		(if .tail_call then " tail call" elif .inlined then " inlined"
		else "" end), "args \($frame)\(.args // "")"
		elif .command == "locals" or .command == "args" then .rows[] |
		"var \(.tid) \(.frame) \(.function)\t\(.name) = \(.value)"
		else empty end' "$T/out" >"$T/said"
	sed -n 's/^frame //p' "$T/said" | bare_names >"$T/ours"
	sed -n 's/^args //p' "$T/said" | bare_names >"$T/ours.args"
	sed -n 's/^var //p' "$T/said" | bare_names | sort >"$T/ours.vars"
}
same_stop() { # WHAT ARG...
	same=$1
	shift
	we_say "$@"
	is "$same: the same frames" "$(diff "$T/gdb" "$T/ours")" ""
	for told in args vars; do
		echo "$told $T/gdb.$told $T/ours.$told $T/differs" >&4
		read -r answer <&5 ||
			bail "same_stack: $(tail -n 1 "$T/compare.err")"
		is "$same: the same $told" "$(cat "$T/differs")" ""
	done
}

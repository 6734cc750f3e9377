# shellcheck shell=sh
# Sourced by tests that ask gdb and us the same of the process PID or of a core.
#
#   asks COMMAND FILE OUT      both are asked COMMAND of each line of FILE; gdb's
#                              answers go to OUT.  A line that begins with "/" is
#                              a format: print/x.
#   same WHAT COMMAND FILE     ours are as gdb's in $T/gdbs
#
# from: our options that say of whom.  gdb_first and us_first: commands that are
# run before, to choose a frame; or empty.
gdb_first=
us_first=
tap_line() { # COMMAND LINE
	case $2 in
	/*) printf '%s%s\n' "$1" "$2" ;;
	*) printf '%s %s\n' "$1" "$2" ;;
	esac
}
# The same questions to both; the answer to each follows its number in a file.
ask_gdb() { # COMMAND FILE OUT
	command=$1
	expressions=$2
	answers=$3
	asked=0
	printf '%s\n' "$gdb_first" >"$T/gdb.first"
	set -- -x "$T/gdb.first"
	while IFS= read -r line; do
		asked=$((asked + 1))
		set -- "$@" -ex "echo @@$asked\\n" \
			-ex "$(tap_line "$command" "$line")"
	done <"$expressions"
	LC_ALL=C gdb -nx -batch -iex 'set debuginfod enabled off' \
		-iex 'set auto-load off' -iex 'set width 0' -p "$PID" \
		"$@" 2>&1 | sed 's/^\$[0-9]* = //; /^\[Inferior/d' |
		sed -n '/^@@/,$p' >"$answers"
}
ask_us() { # COMMAND FILE OUT
	{
		[ -z "$us_first" ] || printf '%s\n' "$us_first"
		asked=0
		while IFS= read -r line; do
			asked=$((asked + 1))
			printf 'echo @@%d\n%s\n' "$asked" \
				"$(tap_line "$1" "$line")"
		done <"$2"
	} >"$T/script"
	# shellcheck disable=SC2086
	hs $from -x "$T/script"
	sed -n '/^@@/,$p' "$T/out" | grep -av '^as it [wi]\|^$' >"$3"
}
# The answers that differ, with their question.
tell_different() { # FILE
	awk -v ask="$1" 'function next_of(file, into,   l) {
			split("", into)
			while ((getline l <file) > 0) {
				if (l ~ /^@@/) n = substr(l, 3)
				else into[n] = into[n] l "\n"
			}
		}
		BEGIN {
			next_of(ARGV[1], a)
			next_of(ARGV[2], b)
			for (i = 1; (getline l <ask) > 0; i++)
				if (a[i] != b[i])
					printf "%s\n gdb: %s us: %s", l, a[i], b[i]
		}' "$T/gdbs" "$T/ours"
}
same() { # WHAT COMMAND FILE
	ask_us "$2" "$3" "$T/ours"
	is "$1: $2 has an answer to everything" "$status$(cat "$T/err")" 0
	is "$1: $2 is as gdb's" "$(tell_different "$3")" ""
}

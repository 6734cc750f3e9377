# shellcheck shell=sh
# Sourced after tap.sh: what heapdump says of a heap at rest, in $T/walk,
# against what the recorder of live allocations and the program itself know.
#
#   walk PID OPTION...     heapdump's options
#   differences            of the walk, a line for each: what must not be there
#   ten_numbers            of the last mallinfo in what is on stdin
#   same_mallinfo WHAT     the walk's is the fixture's
#   sound WHAT PID OPTION...
#                          walks; nothing fails, the same mallinfo
#   exact WHAT PID RECORD OPTION...
#                          and used chunks are the recorded ones and tcaches
#   static_recorder FILE   the recorder as $cc links it into static programs,
#                          where nothing can be preloaded, with $wrap
walk() { # PID OPTION...
	walk_pid=$1
	shift
	"$top_builddir/tests/lib/heapdump" "$@" "$walk_pid" >"$T/walk" 2>&1
}
differences() {
	grep -E '^(missing|short|unexplained|defect|error|no glibc)' "$T/walk"
	grep -E '^check FAILED' "$T/walk"
	awk '/^recorded/ && !($2 > 0 && $4 == $2 + $6)' "$T/walk"
	grep '^copy' "$T/walk" | grep -v '^copy same'
	grep -q '^copy' "$T/walk" || echo "no copy"
}
ten_numbers() {
	sed -n 's/^mallinfo2 //p' | tail -n 1 | tr -d '{}":a-z' | tr , ' '
}
same_mallinfo() {
	is "$1: mallinfo, all fields" "$(ten_numbers <"$T/walk")" \
		"$(ten_numbers <"$T/manifest")"
}
sound() { # WHAT PID OPTION...
	sound_what=$1
	shift
	walk "$@"
	is "$sound_what: nothing fails" "$(differences | head -n 20)" ""
	same_mallinfo "$sound_what"
}
uncompared() {
	grep -q '^recorded' "$T/walk" || echo "nothing to compare"
}
exact() { # WHAT PID RECORD OPTION...
	exact_what=$1 exact_pid=$2 exact_record=$3
	shift 3
	walk "$exact_pid" --recorded "$exact_record" "$@"
	is "$exact_what: used chunks are the recorded ones and tcaches" \
		"$({ differences; uncompared; } | head -n 20)" ""
	same_mallinfo "$exact_what"
	rm -f "$exact_record"
}
static_recorder() { # FILE
	wrap='' rename=''
	for function in malloc free calloc realloc memalign posix_memalign \
		aligned_alloc valloc; do
		wrap="$wrap -Wl,--wrap=$function"
		rename="$rename -D$function=__wrap_$function"
	done
	# shellcheck disable=SC2086,SC2154 # words; of who sources this
	$cc -std=gnu17 -O0 -g -fPIE $rename -c -o "$1" \
		"$top_srcdir/tests/lib/recorder.c" >"$T/cc" 2>&1
}

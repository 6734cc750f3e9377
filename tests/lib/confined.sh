# shellcheck shell=sh
# Sourced after tap.sh and recorded.sh: a program in a root of its own, on
# another libc at the very path where this system has its own.
#
#   confine HOW [PROGRAM ARG...]  of tests/fixtures/confined; heap_threads if no
#                                 PROGRAM; sets target and record
#   as_nobody, as_root            who heapscope is from now on
#   $T/jail, $libc, $theirs       the root; the path of libc; the release there
[ "$(id -u)" = 0 ] || skip_all "only root can confine programs"
need setpriv
suite=sid
glibc=$top_builddir/glibc/$suite-amd64
why=$(mkdir -p "$top_builddir/glibc" &&
	sh "$top_srcdir/tests/glibc/fetch.sh" "$top_builddir/glibc" $suite \
		amd64) || skip_all "$why"
fixtures=$top_builddir/tests/fixtures

# A root with the fixture and, where this system has its libc, another one.
make_root() { # FOLDER
	mkdir -p "$1"
	cp "$fixtures/heap_threads" "$recorder" "$1"
	ldd "$fixtures/heap_threads" | grep -o '/[^ ]*' | while read -r lib; do
		mkdir -p "$1/$(dirname "$lib")"
		case $lib in
		*/ld-linux*) cp -L "$glibc/ld.so" "$1/$lib" ;;
		*) cp -L "$glibc/lib/$(basename "$lib")" "$1/$lib" ;;
		esac
	done
	: >"$1/record"
	# Where the recorder looks for its file.
	mkdir -p "$1/proc/self"
	printf 'RECORD=/record\0' >"$1/proc/self/environ"
	chmod -R a+rwX "$1"
}
chmod 755 "$T"
make_root "$T/jail"
libc=$(ldd "$fixtures/heap_threads" | awk '$1 == "libc.so.6" { print $3 }')
# shellcheck disable=SC2034 # for who sources this
theirs=$(grep -a -o 'release version [0-9.]*[0-9]' "$T/jail$libc" |
	sed 's/.* //')

# confine HOW [PROGRAM ARG...]: target, as we see it, and its record
confine() {
	how=$1
	shift
	[ $# -gt 0 ] || set -- /heap_threads
	: >"$T/jail/record"
	start_fixture confined "$how" "$T/jail" LD_PRELOAD=/recorder.so \
		"$@"
	target=$(sed -n 's/^child //p' "$T/manifest")
	[ -n "$target" ] || target=$PID
	# shellcheck disable=SC2034 # of recorded.sh
	record=$T/jail/record
}
as_root() {
	HS=$heapscope
}
as_nobody() {
	HS=$T/as_nobody
}
heapscope=$HS
cp "$HS" "$T/heapscope"
chmod 755 "$T/heapscope"
cat >"$T/as_nobody" <<END
#!/bin/sh
exec setpriv --reuid 65534 --regid 65534 --clear-groups "$T/heapscope" "\$@"
END
chmod 755 "$T/as_nobody"


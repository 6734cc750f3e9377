#!/bin/sh
# Records the heap of a process on another glibc as an image that the tests walk
# from then on, on any machine:
#
#   sh tests/images/record.sh BUILD SUITE ARCH
#
# BUILD is a folder that was built, with its tests (make check_PROGRAMS);
# SUITE a suite of Debian's, or "own"; ARCH amd64 or i386.  The glibc is fetched
# as for the matrix.  Writes tests/images/SUITE-ARCH.zst beside this script and
# walks it.  Exit status 1, and a line that says why, if that cannot be done.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
[ $# = 3 ] || {
	sed -n '2,11s/^# \{0,1\}//p' "$0"
	exit 2
}
build=$(cd "$1" && pwd) suite=$2 arch=$3 flag=
case $arch in
i386) flag=' -m32' ;;
esac
cache=$build/glibc
mkdir -p "$cache"
[ "$suite" = own ] || sh "$top/tests/glibc/fetch.sh" "$cache" "$suite" "$arch"
make -s -C "$build" tests/lib/saveimage tests/unit/malloc_images >&2

work=$(mktemp -d)
pid=
trap 'exec 9>&-; [ -z "$pid" ] || wait "$pid" || :; rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
recorder=$work/recorder.so
# shellcheck disable=SC2086 # words
${HS_CC:-cc}$flag -std=gnu17 -O1 -fPIC -shared -I"$top" -o "$recorder" \
	"$top/tests/lib/recorder.c"
if [ "$suite" = own ]; then
	program=$work/heap_every
	# shellcheck disable=SC2086 # words
	${HS_CC:-cc}$flag -std=gnu17 -O0 -pthread -I"$top" -o "$program" \
		"$top/tests/fixtures/heap_every.c"
else
	HS_CC="${HS_CC:-cc}$flag" sh "$top/tests/glibc/build.sh" "$top" \
		"$cache/$suite-$arch" heap_every
	program=$cache/$suite-$arch/fixtures/heap_every
fi

mkfifo "$work/in"
LD_PRELOAD=$recorder RECORD=$work/record "$program" <"$work/in" \
	>"$work/manifest" &
pid=$!
exec 9>"$work/in"
until grep -q '^ready' "$work/manifest"; do
	kill -0 "$pid" || {
		echo "$suite-$arch: the fixture does not run"
		exit 1
	}
done
"$build/tests/lib/saveimage" "$suite-$arch" "$work/record" \
	"$work/manifest" "$pid" "$here/$suite-$arch.zst"
exec 9>&-
wait "$pid"
pid=
top_srcdir=$top "$build/tests/unit/malloc_images" >"$work/walked" || {
	cat "$work/walked"
	exit 1
}

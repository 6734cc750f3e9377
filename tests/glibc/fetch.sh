#!/bin/sh
# Other releases of glibc to run fixtures on, out of Debian's packages:
#
#   fetch.sh FOLDER SUITE ARCH      FOLDER/SUITE-ARCH/{ld.so,lib/...}
#   fetch.sh FOLDER SUITE ARCH debug       and FOLDER/SUITE-ARCH/libc.debug
#
# The packages are asked for by name (tests/lib/apt.sh).  Once fetched, a
# suite is not asked for again.  An archive that is no longer signed anew, whose
# lists have "expired", will do: these are old releases on purpose.  Exit status 1, and one line that says why, if
# it cannot be had.
set -u

# shellcheck source=tests/lib/apt.sh
. "$(dirname "$0")/../lib/apt.sh"
folder=$1 suite=$2 arch=$3 debug=${4-}
have=$folder/$suite-$arch
why() {
	echo "$*"
	exit 1
}
fetched() {
	[ -e "$have/libc.debug" ] || { [ -e "$have/ld.so" ] && [ -z "$debug" ]; }
}
fetched && exit 0
# Two tests may want the same one.  A failing exec would end sh with no word.
{ mkdir -p "$folder" && : >>"$have.lock"; } 2>/dev/null ||
	why "cannot write to $folder"
exec 8>"$have.lock"
flock 8 2>/dev/null
fetched && exit 0
command -v dpkg-deb >/dev/null || why "no dpkg-deb here"

tmp=$folder/$suite-$arch.part
rm -rf "$tmp"
mkdir -p "$tmp" || why "cannot write to $folder"
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM
apt_begin "$tmp" "$suite" "$arch" deb
apt download libc6 || why "$suite has no libc6: $(apt_last)"
dpkg-deb -x "$tmp"/libc6_*.deb "$tmp/root" || why "libc6 does not unpack"

libc=$(find "$tmp/root" -name libc.so.6 ! -path '*/i?86/*' | head -n 1)
[ -n "$libc" ] || why "no libc.so.6 in the package"
mv "$(dirname "$libc")" "$tmp/lib"
loader=$(find "$tmp/lib" "$tmp/root" -name 'ld-linux*.so.2' | head -n 1)
# The package's own link to it may be absolute: into this system.
loader=$tmp/lib/$(basename "$(readlink "$loader" || echo "$loader")")
[ -f "$loader" ] || why "no ld.so in the package"
rm -rf "$tmp/lib/gconv" "$tmp/lib/audit"
mkdir "$tmp/done"
if [ -n "$debug" ]; then
	id=$(readelf -n "$tmp/lib/libc.so.6" | awk '/Build ID/ { print $3 }')
	apt download libc6-dbg || why "$suite has no libc6-dbg: $(apt_last)"
	dpkg-deb -x "$tmp"/libc6-dbg_*.deb "$tmp/root" ||
		why "libc6-dbg does not unpack"
	find "$tmp/root" -path "*/${id#??}.debug" \
		-exec mv {} "$tmp/done/libc.debug" \;
	[ -e "$tmp/done/libc.debug" ] || why "libc6-dbg is of another build"
	rm -rf "$have"
fi
mv "$tmp/lib" "$tmp/done/lib"
ln -s "lib/$(basename "$loader")" "$tmp/done/ld.so"
mv "$tmp/done" "$have" || why "cannot write to $folder"

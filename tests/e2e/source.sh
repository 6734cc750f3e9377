#!/bin/sh
# Real programs with debug information, out of Debian's source packages:
#
#   source.sh FOLDER PACKAGE        FOLDER/PACKAGE/program
#
# built with -g -O2, as its own makefiles do where these are quick; asked for by
# name (tests/lib/apt.sh).  Once built it is not asked for again.  Exit status 1,
# and one line that says why, if it cannot be had.
set -u

# shellcheck source=tests/lib/apt.sh
. "$(dirname "$0")/../lib/apt.sh"
why() {
	echo "$*"
	exit 1
}
mkdir -p "$1" || why "cannot write to $1"
folder=$(cd "$1" && pwd) package=$2
have=$folder/$package
[ -e "$have/program" ] && exit 0
exec 8>>"$have.lock"
flock 8
[ -e "$have/program" ] && exit 0
for tool in dpkg-source gcc make; do
	command -v "$tool" >/dev/null || why "no $tool here"
done
case $package in
redis) needs=make program=src/redis-server ;;
sqlite3) needs=tclsh program=sqlite3 ;;
lua5.4) needs=gcc program=lua ;;
*) why "how $package is built is not known" ;;
esac
command -v "$needs" >/dev/null || why "no $needs here to build $package"

tmp=$folder/$package.part
rm -rf "$tmp"
mkdir -p "$tmp" || why "cannot write to $folder"
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM
suite=$(. /etc/os-release && echo "${VERSION_CODENAME-}")
[ -n "$suite" ] || why "what release of Debian this is is not known"
apt_begin "$tmp" "$suite" "$(dpkg --print-architecture)" deb-src
apt --download-only source "$package" ||
	why "$suite has no source of $package: $(apt_last)"
(cd "$tmp" && dpkg-source --no-check -x "$package"_*.dsc tree) \
	>"$tmp/log" 2>&1 || why "$package does not unpack"

# Not the make that the tests run in.
unset MAKEFLAGS MFLAGS MAKELEVEL CFLAGS CPPFLAGS LDFLAGS
build() {
	cd "$tmp/tree" || return 1
	case $package in
	redis)
		make -C src -j2 MALLOC=libc OPTIMIZATION=-O2 BUILD_TLS=no \
			USE_SYSTEMD=no redis-server
		;;
	sqlite3)
		./configure --disable-tcl && make sqlite3.c shell.c &&
			gcc -g -O2 -o sqlite3 shell.c sqlite3.c -lm -ldl -lpthread
		;;
	lua5.4)
		echo '#define DEB_HOST_MULTIARCH "none"' \
			>src/lua5.4-deb-multiarch.h
		rm -f src/luac.c
		gcc -std=gnu99 -g -O2 -DLUA_USE_LINUX -o lua -Isrc src/*.c \
			-Wl,-E -lm -ldl
		;;
	esac
}
(build) >"$tmp/log" 2>&1 ||
	why "$package does not build: $(grep -i error "$tmp/log" | head -n 1 |
		cut -c 1-200)"
mkdir -p "$tmp/done"
mv "$tmp/tree/$program" "$tmp/done/program" || why "$package made no $program"
rm -rf "$have"
mv "$tmp/done" "$have" || why "cannot write to $folder"

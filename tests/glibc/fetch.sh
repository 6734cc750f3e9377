#!/bin/sh
# Other releases of glibc to run fixtures on, out of Debian's packages:
#
#   fetch.sh FOLDER SUITE ARCH      FOLDER/SUITE-ARCH/{ld.so,lib/...}
#   fetch.sh FOLDER SUITE ARCH debug       and FOLDER/SUITE-ARCH/libc.debug
#
# The packages are asked for by name, from the archive that this machine's apt
# already uses, with the keys it already trusts, but with lists, state and
# cache of our own: nothing of the system's apt is changed.  Once fetched, a
# suite is not asked for again.  An archive that is no longer signed anew, whose
# lists have "expired", will do: these are old releases on purpose.  Exit status 1, and one line that says why, if
# it cannot be had.
set -u

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
for tool in apt-get dpkg-deb timeout; do
	command -v "$tool" >/dev/null || why "no $tool here"
done

# "KEYRING URI": the first archive that is not one of security updates.
archive() {
	cat /etc/apt/sources.list.d/*.sources 2>/dev/null | awk '
		/^URIs:/ { uri = $2 }
		/^Signed-By:/ { key = $2 }
		/^$/ { tell() }
		END { tell() }
		function tell() {
			if (uri ~ /debian\/?$/ && key)
				print key, uri
			uri = key = ""
		}'
	cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
		sed 's/\[[^]]*\]//' | awk '
		$1 == "deb" && $2 ~ /debian\/?$/ {
			print "/usr/share/keyrings/debian-archive-keyring.gpg", $2
		}'
}
# shellcheck disable=SC2046 # two words
set -- $(archive | head -n 1)
[ $# = 2 ] || why "apt has no Debian archive here"
[ -r "$1" ] || why "no keyring $1"

tmp=$folder/$suite-$arch.part
rm -rf "$tmp"
mkdir -p "$tmp/lists/partial" "$tmp/cache/archives/partial" "$tmp/parts" ||
	why "cannot write to $folder"
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM
echo "deb [signed-by=$1] $2 $suite main" >"$tmp/sources.list"
: >"$tmp/status"
apt() {
	(cd "$tmp" && timeout 100 apt-get -qq \
		-o "Dir::Etc::SourceList=$tmp/sources.list" \
		-o "Dir::Etc::SourceParts=$tmp/parts" \
		-o "Dir::State=$tmp" -o "Dir::State::status=$tmp/status" \
		-o "Dir::State::Lists=$tmp/lists" \
		-o "Dir::Cache=$tmp/cache" \
		-o "APT::Architecture=$arch" -o "APT::Architectures=$arch" \
		-o APT::Sandbox::User=root -o Acquire::Languages=none \
		-o Acquire::Check-Valid-Until=false \
		-o Acquire::Retries=1 -o Acquire::http::Timeout=20 \
		"$@" </dev/null >"$tmp/log" 2>&1)
}
last() {
	grep '^[EW]:' "$tmp/log" | tail -n 1 | cut -c 1-200
}
apt -o APT::Update::Error-Mode=any update || why "apt-get update for $suite failed: $(last)"
apt download libc6 || why "$suite has no libc6: $(last)"
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
	apt download libc6-dbg || why "$suite has no libc6-dbg: $(last)"
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

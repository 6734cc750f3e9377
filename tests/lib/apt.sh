# shellcheck shell=sh
# Packages by name from the archive that this machine's apt already uses, with
# the keys it already trusts, but with lists, state and cache of our own: nothing
# of the system's apt is changed.  Sourced; "why WORDS" must end with them.
#
#   apt_begin TMP SUITE ARCH deb|deb-src   in the folder TMP, which is there
#   apt ARG...                             apt-get there; its words in TMP/log
#   apt_last                               the last error of these

# "KEYRING URI": the first archive that is not one of security updates.
apt_archive() {
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
apt_begin() {
	apt_tmp=$1 apt_suite=$2 apt_arch=$3 apt_kind=$4
	for tool in apt-get timeout; do
		command -v "$tool" >/dev/null || why "no $tool here"
	done
	# shellcheck disable=SC2046 # two words
	set -- $(apt_archive | head -n 1)
	[ $# = 2 ] || why "apt has no Debian archive here"
	[ -r "$1" ] || why "no keyring $1"
	mkdir -p "$apt_tmp/lists/partial" "$apt_tmp/cache/archives/partial" \
		"$apt_tmp/parts" || why "cannot write to $apt_tmp"
	echo "$apt_kind [signed-by=$1] $2 $apt_suite main" \
		>"$apt_tmp/sources.list"
	: >"$apt_tmp/status"
	apt -o APT::Update::Error-Mode=any update ||
		why "apt-get update for $apt_suite failed: $(apt_last)"
}
apt() {
	(cd "$apt_tmp" && timeout 100 apt-get -qq \
		-o "Dir::Etc::SourceList=$apt_tmp/sources.list" \
		-o "Dir::Etc::SourceParts=$apt_tmp/parts" \
		-o "Dir::State=$apt_tmp" -o "Dir::State::status=$apt_tmp/status" \
		-o "Dir::State::Lists=$apt_tmp/lists" \
		-o "Dir::Cache=$apt_tmp/cache" \
		-o "APT::Architecture=$apt_arch" \
		-o "APT::Architectures=$apt_arch" \
		-o APT::Sandbox::User=root -o Acquire::Languages=none \
		-o Acquire::Check-Valid-Until=false \
		-o Acquire::Retries=1 -o Acquire::http::Timeout=20 \
		"$@" </dev/null >"$apt_tmp/log" 2>&1)
}
apt_last() {
	grep '^[EW]:' "$apt_tmp/log" | tail -n 1 | cut -c 1-200
}

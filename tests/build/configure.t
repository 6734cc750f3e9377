#!/bin/sh
# configure says all that is missing, at once, and which packages have it.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
[ -x "$top_srcdir/configure" ] || skip_all "there is no configure yet"

# hide PATTERN: a compiler for which what matches is not installed.
hide() {
	cat >"$T/cc" <<EOT
#!/bin/sh
for arg; do
	case \$arg in
	$1) echo "ld: cannot find \$arg" >&2; exit 1 ;;
	esac
done
exec ${HS_CC:-cc} "\$@"
EOT
	chmod +x "$T/cc"
}
configure() {
	rm -rf "$T/build"
	mkdir "$T/build"
	status=0
	(cd "$T/build" && "$top_srcdir/configure" -q CC="$T/cc") \
		>"$T/out" 2>&1 </dev/null || status=$?
}

hide '-ljansson | -lzstd | -ldwarf'
configure
is "configure fails without three libraries" "$status" 1
for name in libjansson-dev jansson-devel libzstd-dev libzstd-devel \
	libdwarf-dev libdwarf-devel; do
	check "it names $name" grep -qw -e "$name" "$T/out"
done
check "one line installs them all, Debian" grep -q \
	"apt-get install.* libzstd-dev.* libjansson-dev.* libdwarf-dev" "$T/out"
check "one line installs them all, Fedora" grep -q \
	"dnf install.* libzstd-devel.* jansson-devel.* libdwarf-devel" "$T/out"
check "and nothing that is there" sh -c \
	"! grep -E 'apt-get install.*(capstone|readline|ncurses)' '$T/out'"

hide '-lnothing-at-all'
configure
is "with all of them it works" "$status" 0
check "and says so in config.h" grep -q '^#define PACKAGE "heapscope"' \
	"$T/build/config.h"
done_testing

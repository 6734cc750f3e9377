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
configure() { # VARIABLE=VALUE...
	rm -rf "$T/build"
	mkdir "$T/build"
	status=0
	(cd "$T/build" && "$top_srcdir/configure" -q CC="$T/cc" "$@") \
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

hide '-llzma'
configure
is "without liblzma it works" "$status" 0
check "and says what is not read" grep -q "without liblzma.*gnu_debugdata" \
	"$T/out"
configure --with-lzma
is "but not when it was asked for" "$status" 1
check "and names the package" grep -q "apt-get install liblzma-dev" "$T/out"

# Two libdwarfs that only configure could take for one; the first is as it was
# until 2021, the second as it has been since.
libdwarf() { # INIT-PARAMETERS FINISH-PARAMETERS
	rm -rf "$T/dwarf"
	mkdir "$T/dwarf"
	cat >"$T/dwarf/libdwarf.h" <<EOT
typedef struct d *Dwarf_Debug;
typedef struct e *Dwarf_Error;
int dwarf_init_b($1, void *, void *, Dwarf_Debug *, Dwarf_Error *);
int dwarf_finish($2);
EOT
	: >"$T/dwarf/dwarf.h"
	echo 'int dwarf_init_b(void) { return 0; }
	int dwarf_finish(void) { return 0; }' >"$T/dwarf/libdwarf.c"
	"$T/cc" -c -o "$T/dwarf/libdwarf.o" "$T/dwarf/libdwarf.c"
	ar cr "$T/dwarf/libdwarf.a" "$T/dwarf/libdwarf.o"
	configure LIBDWARF_CFLAGS="-I$T/dwarf" \
		LIBDWARF_LIBS="$T/dwarf/libdwarf.a"
}
defined() { # the libdwarf features found, as words
	sed -n 's/^#define HAVE_DWARF_\([A-Z_]*\) 1$/\1/p' \
		"$T/build/config.h" | sort | tr '\n' ' '
}
libdwarf "int, unsigned long long, unsigned" "Dwarf_Debug, Dwarf_Error *"
is "a libdwarf of 2021 is accepted" "$status" 0
is "and known by its calls" "$(defined)" "FINISH_ERROR INIT_B_ACCESS "
libdwarf "int, unsigned" "Dwarf_Debug"
is "a libdwarf 0.11 is accepted" "$status" 0
is "and known by its calls" "$(defined)" ""
done_testing

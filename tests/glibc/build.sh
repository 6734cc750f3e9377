#!/bin/sh
# Builds fixtures for another glibc: linked against the libc and started by the
# ld.so that fetch.sh unpacked, with the start files and headers of this system.
#
#   build.sh SOURCES FOLDER FIXTURE...     into FOLDER/fixtures
#
# A fixture that is there and newer than its source is left alone.
set -eu
src=$1 folder=$(cd "$2" && pwd)
shift 2
cc=${HS_CC:-cc}
flags='-std=gnu17 -O0 -g -pthread'
mkdir -p "$folder/fixtures"
exec 8>"$folder/fixtures/.lock"
flock 8 2>/dev/null || :

startfile() {
	$cc -print-file-name="$1"
}
libs=
for lib in libc.so.6 libpthread.so.0 libdl.so.2 libm.so.6; do
	[ ! -e "$folder/lib/$lib" ] || libs="$libs $folder/lib/$lib"
done
for name in "$@"; do
	out=$folder/fixtures/$name source=$src/tests/fixtures/${name%.so}.c
	# One of them has the recorder in it.
	if [ -e "$out" ] && [ -z "$(find "$src/tests/fixtures" \
		"$src/tests/lib/recorder.c" "$src/tests/lib/record.h" \
		-newer "$out" \( -name '*.h' -o -name "${name%.so}.c" \
		-o -name recorder.c \))" ]
	then
		continue
	fi
	case $name in
	*.so)
		# shellcheck disable=SC2086 # words
		$cc $flags -fPIC -shared -nostdlib -I"$src" -o "$out" \
			"$source" $libs
		continue
		;;
	esac
	# shellcheck disable=SC2086 # words
	$cc $flags -fPIE -I"$src" -c -o "$out.o" "$source"
	# shellcheck disable=SC2086 # words
	$cc -nostdlib -pie -o "$out" "$(startfile Scrt1.o)" \
		"$(startfile crti.o)" "$(startfile crtbeginS.o)" "$out.o" \
		-Wl,--dynamic-linker="$folder/ld.so" \
		-Wl,--disable-new-dtags -Wl,-rpath,"$folder/lib" \
		$libs "$folder/ld.so" "$(startfile libgcc.a)" \
		"$(startfile crtendS.o)" "$(startfile crtn.o)"
	rm -f "$out.o"
done

#!/bin/sh
# Programs whose libc is not where, what or alone as usual: started through
# ld.so, with a banner that names another release or none, with its file gone,
# linked statically, with the checking malloc or another libc beside it.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
# shellcheck source=tests/lib/walked.sh
. "$top_srcdir/tests/lib/walked.sh"
need_ptrace
need jq

lib=$top_builddir/tests/lib
recorder=$lib/recorder.so
cc=${HS_CC:-cc}
libc=$(ldd "$top_builddir/tests/fixtures/heap_single" |
	awk '$1 == "libc.so.6" { print $3 }')
loader=$(ldd "$top_builddir/tests/fixtures/heap_single" |
	awk '$1 ~ /^\/.*ld-linux/ { print $1 }')

failed_checks() {
	jq -r '.rows[] | select(.result == "failed") | .name' "$T/out"
}
# The fixture that runs, as it was recorded.
exact_run() { # WHAT
	exact "$1" "$PID" "$T/record"
}
recorded="LD_PRELOAD=$recorder RECORD=$T/record"

# /proc/PID/exe is the loader then.
FIXTURE_ENV="$recorded $loader"
start_fixture heap_threads
exact_run "through ld.so"
stop_fixture

# What the libc calls itself is of no consequence, nor that its file is gone.
mkdir "$T/libc"
cp "$libc" "$T/libc/libc.so.6"
patched() { # WHAT
	FIXTURE_ENV="$recorded LD_LIBRARY_PATH=$T/libc"
	start_fixture heap_threads
	check "$1: it is the libc in use" \
		grep -q "$T/libc/libc.so.6" "/proc/$PID/maps"
}
LC_ALL=C sed -i 's/release version 2\.../release version 2.12/' \
	"$T/libc/libc.so.6"
patched "banner of 2.12"
exact_run "banner of 2.12"
stop_fixture
LC_ALL=C sed -i 's/GNU C Library (/XXX X XXXXXXX (/' "$T/libc/libc.so.6"
patched "no banner"
exact_run "no banner"
rm "$T/libc/libc.so.6"

FIXTURE_ENV=

sound "file gone while it runs" "$PID"
stop_fixture

# The same for somebody who may not open what the kernel still has of the file:
# all there is is memory.
as=
if [ "$(id -u)" = 0 ]; then
	as='setpriv --reuid 65534 --regid 65534 --clear-groups'
fi
# shellcheck disable=SC2086 # words
if $as true 2>"$T/why"; then
	chmod 755 "$T"
	cp "$libc" "$T/libc/libc.so.6"
	cp "$top_builddir/tests/fixtures/heap_threads" "$lib/heapdump" "$T"
	# Whatever our umask is.
	chmod -R a+rX "$T/libc" "$T/heap_threads" "$T/heapdump"
	FIXTURE_ENV="$as env LD_LIBRARY_PATH=$T/libc" FIXTURES=$T
	start_fixture heap_threads
	rm "$T/libc/libc.so.6"
	$as "$T/heapdump" "$PID" >"$T/walk" 2>&1
	check "memory alone: the file was not read" grep -q \
		'^check SKIPPED main_arena by file image' "$T/walk"
	is "memory alone: nothing fails" "$(differences)" ""
	same_mallinfo "memory alone"
	stop_fixture
	FIXTURES=
else
	skip "memory alone" "$(head -n 1 "$T/why")"
fi

# Static: no ld.so, no preload; the recorder is linked in.
static() { # NAME FLAG...
	static_out=$T/static/$1
	shift
	# shellcheck disable=SC2086 # words
	$cc -std=gnu17 -O0 -g -pthread "$@" -I"$top_srcdir" $wrap \
		-o "$static_out" "$top_srcdir/tests/fixtures/heap_threads.c" \
		"$T/static/recorder.o" >"$T/cc" 2>&1
}
mkdir "$T/static"
static_recorder "$T/static/recorder.o"
for kind in static static-pie; do
	pie=-fPIE
	[ "$kind" = static-pie ] || pie=-fno-PIE
	if ! static "$kind" "-$kind" "$pie"; then
		skip "$kind" "the compiler here cannot link $kind"
		continue
	fi
	strip -o "$T/static/$kind-stripped" "$T/static/$kind"
	for name in "$kind" "$kind-stripped"; do
		FIXTURES=$T/static FIXTURE_ENV="RECORD=$T/record"
		start_fixture "$name"
		exact_run "$name"
		stop_fixture
		FIXTURES=
	done
done

# The checking malloc is another allocator in another library.
debug=$(dirname "$libc")/libc_malloc_debug.so.0
if [ -e "$debug" ]; then
	FIXTURE_ENV="LD_PRELOAD=$debug MALLOC_CHECK_=3"
	start_fixture heap_threads
	sound "MALLOC_CHECK_" "$PID"
	check "MALLOC_CHECK_: the library is named" \
		grep -q '^summary .*libc_malloc_debug' "$T/walk"
	stop_fixture
	FIXTURE_ENV="LD_PRELOAD=$debug"
	start_fixture heap_threads
	sound "loaded and off" "$PID"
	stop_fixture
else
	skip "MALLOC_CHECK_" "this libc checks by itself"
fi

# A library that audits has a libc of its own; what it allocates is recorded,
# too, and it says what its mallinfo says.
audit=$top_builddir/tests/fixtures/heap_copies_in.so
FIXTURE_ENV="$recorded LD_AUDIT=$audit"
start_fixture heap_threads
exact_run "LD_AUDIT"
is "LD_AUDIT: mallinfo of the other libc, all fields" \
	"$(sed -n 's/^other 1 //p' "$T/walk" | ten_numbers)" \
	"$(sed -n 's/^other //p' "$T/manifest" | ten_numbers)"
stop_fixture

# A static program that calls dlopen(): a libc is loaded beside its own.
mkdir "$T/loads"
cp "$audit" "$T/loads"
# shellcheck disable=SC2086 # words
if $cc -std=gnu17 -O0 -g -pthread -static -fno-PIE -w -I"$top_srcdir" $wrap \
	-o "$T/loads/heap_static_loads" "$T/static/recorder.o" \
	"$top_srcdir/tests/fixtures/heap_static_loads.c" >"$T/cc" 2>&1; then
	FIXTURES=$T/loads FIXTURE_ENV="RECORD=$T/record"
	start_fixture heap_static_loads
	exact_run "static with dlopen"
	is "static with dlopen: mallinfo of the other libc, all fields" \
		"$(sed -n 's/^other 1 //p' "$T/walk" | ten_numbers)" \
		"$(sed -n 's/^other //p' "$T/manifest" | ten_numbers)"
	stop_fixture
	FIXTURES=
else
	skip "static with dlopen" "the compiler here cannot link static"
fi

# Two heaps: each is told apart, and the program's own is the first.
FIXTURE_ENV=
start_fixture second_libc
hs -p "$PID" --json verify
is "second libc: nothing fails" "$(failed_checks)" ""
is "second libc: it has checks of its own" "$(jq -r '[.rows[] |
	select(.name == "heap bytes and system_mem") | .copy] | tostring' \
	"$T/out")" "[0,1]"
hs -p "$PID" --json heap
sed -n 's/^mallinfo2 //p' "$T/manifest" >"$T/own"
is "second libc: mallinfo is the program's own" \
	"$(jq -cS .totals.mallinfo2 "$T/out")" "$(jq -cS . "$T/own")"
is "second libc: all is said" "$(jq -c '[.complete, .warnings]' "$T/out")" \
	"[true,[]]"
stop_fixture
done_testing

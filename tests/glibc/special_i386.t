#!/bin/sh
# special.t for 32-bit programs: static ones, a libc that is renamed or gone,
# signals in malloc; and what cannot be proven is refused.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
# shellcheck source=tests/lib/walked.sh
. "$top_srcdir/tests/lib/walked.sh"
need_ptrace
need jq python3
need_m32

lib=$top_builddir/tests/lib
fixtures32=$top_builddir/tests/fixtures32
cc="${HS_CC:-cc} -m32"
FIXTURES=$fixtures32
recorder=$fixtures32/recorder.so
libc=$(ldd "$fixtures32/heap_single" | awk '$1 == "libc.so.6" { print $3 }')
loader=$(ldd "$fixtures32/heap_single" |
	awk '$1 ~ /^\/.*ld-linux/ { print $1 }')

# The fixture that runs, as it was recorded.
exact_run() { # WHAT
	exact "$1" "$PID" "$T/record"
}
recorded="LD_PRELOAD=$recorder RECORD=$T/record"

FIXTURE_ENV="$recorded $loader"
start_fixture heap_threads
exact_run "through ld.so"
stop_fixture

mkdir "$T/libc"
cp "$libc" "$T/libc/libc.so.6"
LC_ALL=C sed -i 's/GNU C Library (/XXX X XXXXXXX (/' "$T/libc/libc.so.6"
FIXTURE_ENV="$recorded LD_LIBRARY_PATH=$T/libc"
start_fixture heap_threads
exact_run "no banner"
rm "$T/libc/libc.so.6"
FIXTURE_ENV=
sound "file gone while it runs" "$PID"
"$lib/heapdump" --no-files "$PID" >"$T/walk" 2>&1
check "memory alone: the file was not read" grep -q \
	'^check SKIPPED main_arena by file image' "$T/walk"
is "memory alone: nothing fails" "$(differences)" ""
same_mallinfo "memory alone"
stop_fixture

# Static: no ld.so, no preload; the recorder is linked in.
mkdir "$T/static"
static_recorder "$T/static/recorder.o"
# The last one has its relocations packed (DT_RELR).
for kind in static static-pie packed; do
	flags="-static-pie -fPIE"
	case $kind in
	static) flags="-static -fno-PIE" ;;
	packed) flags="$flags -Wl,-z,pack-relative-relocs" ;;
	esac
	# shellcheck disable=SC2086 # words
	if ! $cc -std=gnu17 -O0 -g -pthread $flags -I"$top_srcdir" \
		$wrap -o "$T/static/$kind" \
		"$top_srcdir/tests/fixtures/heap_threads.c" \
		"$T/static/recorder.o" >"$T/cc" 2>&1; then
		skip "$kind" "the compiler here cannot link $kind"
		continue
	fi
	strip -o "$T/static/$kind-stripped" "$T/static/$kind"
	if [ "$kind" = packed ] && command -v readelf >/dev/null; then
		check "packed: it is" test "$(readelf -d "$T/static/packed" |
			grep -c RELRSZ)" = 1
	fi
	for name in "$kind" "$kind-stripped"; do
		FIXTURES=$T/static FIXTURE_ENV="RECORD=$T/record"
		start_fixture "$name"
		exact_run "$name"
		stop_fixture
	done
done
FIXTURES=$fixtures32 FIXTURE_ENV=

# Malloc interrupted by a signal whose handler has gone deep.
start_fixture heap_signalled
hs --json -p "$PID" verify
is "signalled: it is said" "$status" 6
addr=$(sed -n 's/^damaged //p' "$T/manifest")
is "signalled: where the program says" "$(jq -r --arg a "$addr" \
	'.rows[] | select(.addr == $a) | .name' "$T/out" | sort -u)" \
	"stopped inside malloc"
check "signalled: who is inside, and for how long" \
	grep -q 'in malloc(), under a signal handler' "$T/out"
is "signalled: nothing is called damage" "$(jq -r '.rows[] |
	select(.result == "failed") | .name' "$T/out" | sort -u)" ""
echo go >&9
wait "$PID"
is "signalled: it ended by itself" $? 0

# No glibc at all: threads and memory can be seen, a heap cannot.
refused() { # WHAT
	for command in heap chunks sizes; do
		hs -p "$PID" "$command"
		is "$1: $command" "$status $(wc -c <"$T/out")" "5 0"
	done
	hs -p "$PID" --json threads
	is "$1: threads" "$status $(jq '.rows | length' "$T/out")" "0 1"
}
cat >"$T/bare.c" <<'END'
static long call(long nr, long a, const void *b, long c)
{
	__asm__ volatile("int $0x80" : "+a"(nr) : "b"(a), "c"(b), "d"(c)
			 : "memory");
	return nr;
}
void _start(void)
{
	char byte;

	call(4, 1, "ready\n", 6);
	while (call(3, 0, &byte, 1) == 1)
		;
	call(1, 0, 0, 0);
}
END
if $cc -nostdlib -static -ffreestanding -fno-stack-protector -o "$T/bare" \
	"$T/bare.c" >"$T/cc" 2>&1; then
	FIXTURES=$T
	start_fixture bare
	refused "no libc"
	stop_fixture
	FIXTURES=$fixtures32
else
	skip "no libc" "the compiler here cannot link it"
fi

# A libc whose arena is not laid out like any that is known: its link to
# itself, by which layouts are told apart, stands elsewhere.
python3 - "$libc" "$T/libc/libc.so.6" <<'END'
import struct
import sys

data = bytearray(open(sys.argv[1], "rb").read())
offset, = struct.unpack_from("<I", data, 28)
count, = struct.unpack_from("<H", data, 44)
segments = [struct.unpack_from("<8I", data, offset + 32 * i)
            for i in range(count)]
moved = 0
for kind, at, vaddr, _, size, _, flags, _ in segments:
    if kind != 1 or not flags & 2:
        continue
    for i in range(at, at + size - 8, 4):
        word, = struct.unpack_from("<I", data, i)
        behind = vaddr + i - at - word
        if behind in (1048, 1088, 1092, 1096) and not any(
                data[i - behind:i]):
            struct.pack_into("<I", data, i, word + 4)
            moved += 1
open(sys.argv[2], "wb").write(data)
sys.exit(moved != 1)
END
is "another layout: it was made" $? 0
FIXTURE_ENV="LD_LIBRARY_PATH=$T/libc"
# It asks malloc for nothing but a block: a ring of arenas it has not.
start_fixture one_block
check "another layout: it is in use" \
	grep -q "$T/libc/libc.so.6" "/proc/$PID/maps"
refused "another layout"
stop_fixture
done_testing

#!/bin/sh
# Debug information of many modules and of many units costs nothing until it is
# asked for; then each unit is read once in a session.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need_ptrace
need jq objcopy readelf strace strip truncate

cc=${HS_CC:-cc}
modules=200 units=300
strace -o "$T/strace" true 2>/dev/null || skip_all "strace cannot trace here"

# --- modules: one library in 200 copies, its debug information in it (bin) or
# in one file for all (apart), and that file in "debug"
mkdir "$T/bin" "$T/apart" "$T/debug"
cat >"$T/library.c" <<'END'
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
struct thing { int number; struct sockaddr_in6 where; struct thing *next; };
struct thing of_library = {.number = 4711};
void call(void (*fn)(void)) { fn(); of_library.number++; }
END
cat >"$T/loader.c" <<'END'
#include <dlfcn.h>
#include <stdio.h>
static void in_main(void)
{
	puts("ready");
	fflush(stdout);
	while (getchar() != EOF)
		;
}
int main(int argc, char **argv)
{
	void (*call)(void (*)(void)) = NULL;
	for (int i = 1; i < argc; i++) {
		void *library = dlopen(argv[i], RTLD_NOW);
		if (!library)
			return puts(dlerror());
		call = (void (*)(void (*)(void)))dlsym(library, "call");
	}
	call(in_main);
	return 0;
}
END
$cc -g3 -O1 -fPIC -shared -Wl,--build-id -o "$T/library.so" "$T/library.c" \
	2>"$T/cc" || bail "$(head -n 1 "$T/cc")"
$cc -g -O1 -o "$T/loader" "$T/loader.c" -ldl 2>"$T/cc" ||
	bail "$(head -n 1 "$T/cc")"
id=$(readelf -n "$T/library.so" | sed -n 's/.*Build ID: //p')
[ -n "$id" ] || skip_all "the linker here makes no build-ids"
folder=$T/debug/.build-id/$(echo "$id" | cut -c 1-2)
mkdir -p "$folder"
objcopy --only-keep-debug "$T/library.so" \
	"$folder/$(echo "$id" | cut -c 3-).debug"
cp "$T/library.so" "$T/whole.so"
objcopy --strip-debug "$T/library.so" "$T/stripped.so"
libraries=
i=0
while [ "$i" -lt "$modules" ]; do
	cp "$T/whole.so" "$T/bin/library$i.so"
	cp "$T/stripped.so" "$T/apart/library$i.so"
	libraries="$libraries ./library$i.so"
	i=$((i + 1))
done
cp "$T/loader" "$T/bin"
cp "$T/loader" "$T/apart"

load() { # FOLDER
	FIXTURES=$T/$1
	FIXTURE_DIR=$T/$1
	# shellcheck disable=SC2086 # words
	start_fixture loader $libraries
}
# Bytes read or mapped of the libraries, and how often a debug file is asked
# for.
trace() { # HEAPSCOPE-OPTION...
	# LeakSanitizer cannot work in a traced process.
	ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0 \
		strace -f -y -s 0 -e trace=openat,read,pread64,mmap -o "$T/strace" \
		"$HS" "$@" >"$T/out" 2>"$T/err" </dev/null
	status=$?
	read_bytes=$(awk -F '= ' '/ (read|pread64)\(.*\/library[0-9]*[.]so>/ &&
		$NF > 0 { n += $NF }
		/ mmap\(.*\/library[0-9]*[.]so>/ { split($0, a, ", "); n += a[2] }
		END { print n + 0 }' "$T/strace")
	asked=$(grep -c "openat.*\"$folder" "$T/strace")
	debug_bytes=$(awk -v folder="$folder" -F '= ' 'index($0, "<" folder) &&
		/ (read|pread64)\(/ && $NF > 0 { n += $NF }
		index($0, "<" folder) && / mmap\(/ { split($0, a, ", "); n += a[2] }
		END { print n + 0 }' "$T/strace")
}

load bin
trace -p "$PID" -e heap
is "heap: done" "$status" 0
check "it has seen all modules" grep -q "/library$((modules - 1))[.]so" \
	"$T/strace"
with=$read_bytes
stop_fixture
load apart
trace --debug-dir "$T/debug" -p "$PID" -e heap
without=$read_bytes
is "heap: no debug file of $modules modules is asked for" "$asked" 0
size=$(wc -c <"$T/whole.so")
stripped=$(wc -c <"$T/stripped.so")
check "its debug information is not small" \
	test "$((size - stripped))" -gt 20000
check "heap: none of it is read ($with bytes, $without if there is none)" \
	test "$((with - without))" -lt "$((modules * (size - stripped) / 10))"
trace --debug-dir "$T/debug" -p "$PID" -e bt
is "bt: each is asked for whether it is of the same build" "$asked" "$modules"
check "bt: only that of the module with a frame is read ($debug_bytes bytes)" \
	test "$debug_bytes" -lt "$((modules * size / 10))"
check "bt: it is used" grep -q "library.c:[0-9]" "$T/out"
trace --debug-dir "$T/debug" -p "$PID" -e 'print of_library.number' \
	-e 'ptype struct thing' -e 'print of_library.number'
check "print: one of them is read ($debug_bytes bytes)" \
	test "$debug_bytes" -lt "$((modules * size / 10))"
check "print: the value" grep -q '^4711' "$T/out"
stop_fixture

# --- units: one object file linked in so often
mkdir "$T/many"
cat >"$T/unit.c" <<'END'
struct item { int number; struct item *next; };
static struct item first = {.number = 42};
static inline int add(int a, struct item *i) { return a + i->number; }
__attribute__((used)) static int work(int a) { return add(a, &first); }
END
cat >"$T/main.c" <<'END'
#include <stdio.h>
struct own { int number; };
struct own mine = {815};
int main(void)
{
	puts("ready");
	fflush(stdout);
	while (getchar() != EOF)
		;
	return 0;
}
END
cat >"$T/last.c" <<'END'
struct last { long number; };
struct last at_end = {4712};
END
for file in unit main last; do
	$cc -g -O1 -c -o "$T/$file.o" "$T/$file.c" 2>"$T/cc" ||
		bail "$(head -n 1 "$T/cc")"
done
objects=
i=0
while [ "$i" -lt "$units" ]; do
	objects="$objects $T/unit.o"
	i=$((i + 1))
done
# shellcheck disable=SC2086 # words
$cc -o "$T/many/many" "$T/main.o" $objects "$T/last.o" 2>"$T/cc" ||
	bail "$(head -n 1 "$T/cc")"
FIXTURES=$T/many
FIXTURE_DIR=$T/many
start_fixture many
scans() {
	grep -c "dwarf: .*/many: [0-9]* names of [0-9]* units" "$T/err"
}
hs -v -p "$PID" -e bt
is "bt: no names are read" "$(scans)" 0
check "bt: with lines" grep -q 'main.c:[0-9]' "$T/out"
hs -v -p "$PID" -e 'print mine.number' -e 'ptype struct item' \
	-e 'print at_end.number' -e 'types' -e 'print sizeof(struct last)'
is "the names are read once in a session" "$(scans)" 1
check "of all units" grep -q "names of $((units + 2)) units" "$T/err"
check "the first unit's" grep -q '^815$' "$T/out"
check "one of many" grep -q 'struct item [*]next' "$T/out"
check "the last unit's" grep -q '^4712$' "$T/out"
stop_fixture

# What is that much alike becomes so small that libdwarf takes it for damage.
cat >"$T/alike.s" <<'END'
	.section .debug_abbrev,"",@progbits
	.uleb128 1, 0x11
	.byte 1, 0, 0
	.uleb128 2, 0x24
	.byte 0
	.uleb128 0x0b, 0x0b
	.byte 0, 0, 0
	.section .debug_info,"",@progbits
	.long .Lend - .Lunit
.Lunit:	.short 4
	.long .debug_abbrev
	.byte 8
	.uleb128 1
	.rept 200000
	.byte 2, 4
	.endr
	.byte 0
.Lend:
	.section .note.GNU-stack,"",@progbits
END
# shellcheck disable=SC2086 # words
if $cc -Wl,--compress-debug-sections=zlib -o "$T/many/many" "$T/main.o" \
	"$T/alike.s" $objects "$T/last.o" 2>"$T/cc"; then
	packed=$(readelf -SW "$T/many/many" |
		sed -n 's/.* [.]debug_info *[A-Z]* *[^ ]* *[^ ]* *\([^ ]*\).*/\1/p')
	check "compressed by zlib, it is less than a sixteenth" \
		test "$((0x$packed * 16))" -lt 400000
	start_fixture many
	hs --json -p "$PID" -e 'print mine.number' -e 'print at_end.number'
	is "compressed by zlib: both are found" "$(jq -c -s \
		'map(.rows[0].value)' "$T/out" 2>/dev/null)" '["815","4712"]'
	is "compressed by zlib: no warning" "$(jq -c .warnings "$T/out" |
		sort -u)" "[]"
	stop_fixture
else
	skip "compressed by zlib" "$(head -n 1 "$T/cc")"
fi
# shellcheck disable=SC2086 # words
$cc -o "$T/many/many" "$T/main.o" $objects "$T/last.o"

# --- memory: a unit with one large thing that nobody asks for
big=$((80 << 20)) # more than is kept in memory of what is unpacked
cat >"$T/big.s" <<END
	.section .debug_abbrev,"",@progbits
	.uleb128 1, 0x11
	.byte 1, 0, 0
	.uleb128 2, 0x34
	.byte 0
	.uleb128 0x1c, 0x04
	.byte 0, 0, 0
	.section .debug_info,"",@progbits
	.long .Lend - .Lunit
.Lunit:	.short 4
	.long .debug_abbrev
	.byte 8
	.uleb128 1
	.byte 2
	.long $big
	.fill $big, 1, 7
	.byte 0
.Lend:
	.section .note.GNU-stack,"",@progbits
END
$cc -c -o "$T/big.o" "$T/big.s"
tell_memory="shell grep RssAnon /proc/\$PPID/status"
# What it takes of memory that cannot be read from a file again, in KiB.
takes() {
	hs -p "$PID" -e "$tell_memory" -e 'print mine.number' \
		-e 'print at_end.number' -e "$tell_memory"
	taken=$(awk '/RssAnon/ { n[NR] = $2 } END {
		for (i in n) { d = d ? d - n[i] : n[i] }
		print d < 0 ? -d : d }' "$T/out")
}
is_bounded() { # WHAT: the debug information of "many"
	check "$1: both are found" sh -c "grep -q '^815\$' '$T/out' &&
		grep -q '^4712\$' '$T/out'"
	check "$1: it takes less than an eighth of its size ($taken KiB)" \
		test "$taken" -lt "$((big / 1024 / 8))"
}
for packing in none zlib zlib-gnu; do
	# shellcheck disable=SC2086 # words
	if ! $cc -Wl,--compress-debug-sections=$packing -o "$T/many/many" \
		"$T/main.o" $objects "$T/big.o" "$T/last.o" 2>"$T/cc"; then
		skip "memory, $packing" "$(head -n 1 "$T/cc")"
		continue
	fi
	start_fixture many
	takes
	is_bounded "memory, $packing"
	stop_fixture
done
if [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null; then
	start_fixture many
	cat >"$T/in_full" <<END
mount -t tmpfs -o size=64k none /var/tmp && exec "$HS" -p $PID --json bt
END
	TMPDIR='' unshare -m sh "$T/in_full" >"$T/out" 2>"$T/err" </dev/null
	check "no room to unpack it: that is said" grep -q \
		'[.]debug_info cannot be read: .*[Nn]o space' "$T/out" "$T/err"
	is "no room to unpack it: the stack all the same" \
		"$(jq -r '.rows[] | select(.symbol == "main") | .symbol' \
			"$T/out")" main
	stop_fixture
else
	skip "no room to unpack it" "needs root and unshare"
fi

# --- a debug file that becomes shorter while it is read
# shellcheck disable=SC2086 # words
$cc -Wl,--build-id=0x5109 -o "$T/many/many" "$T/main.o" $objects "$T/last.o"
mkdir -p "$T/cut/.build-id/51"
objcopy --only-keep-debug "$T/many/many" "$T/cut/.build-id/51/09.debug"
strip "$T/many/many"
start_fixture many
hs --debug-dir "$T/cut" -p "$PID" -e 'print mine.number' \
	-e "shell truncate -s 100 '$T/cut/.build-id/51/09.debug'" \
	-e 'print at_end.number' -e bt
check "cut short: before that" grep -q '^815$' "$T/out"
check "cut short: not our end ($status)" test "$status" -lt 100
check "cut short: that is said" grep -q \
	'09.debug was cut short while it was read' "$T/err"
stop_fixture
# shellcheck disable=SC2086 # words
$cc -o "$T/many/many" "$T/main.o" $objects "$T/last.o"

# What is behind a damaged unit is lost, what is before it is not.
objcopy --dump-section .debug_info="$T/info" "$T/many/many"
size=$(wc -c <"$T/info")
truncate -s "$((size - 40))" "$T/info"
objcopy --update-section .debug_info="$T/info" "$T/many/many"
start_fixture many
hs -p "$PID" -e 'print mine.number' -e 'ptype struct item'
is "a damaged unit at the end: done" "$status" 0
check "the first unit's, still" grep -q '^815$' "$T/out"
check "one of many, still" grep -q 'struct item [*]next' "$T/out"
hs -p "$PID" -e 'print at_end.number'
check "not the last unit's" test "$status" -ne 0
hs -p "$PID" -e bt
check "that it is damaged is said" grep -q \
	'its debug information cannot be read to its end' "$T/err"
stop_fixture
done_testing

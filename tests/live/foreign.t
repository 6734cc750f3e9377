#!/bin/sh
# Other allocators: however each came into the program it is named, with its
# version where the file tells; that there is no heap to be read is said, and
# what can be done instead.  With glibc's malloc beside it that part is exact,
# and the memory the other may have is told.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need_ptrace
need jq gcore
cc=${HS_CC:-cc}
src=$top_srcdir/tests/fixtures
mkdir "$T/bin"
FIXTURES=$T/bin

# library PATTERN: the first such file of the compiler's or the system's.
library() {
	for folder in /usr/lib/*-linux-gnu /usr/lib64 /usr/lib; do
		for file in "$folder"/$1; do
			[ ! -e "$file" ] || {
				echo "$file"
				return 0
			}
		done
	done
	return 1
}
# What heapscope says of the fixture that runs: "name certain role status".
said() {
	hs -p "$PID" --json heap
	heap_status=$status
	jq -r '.error.message // ""' "$T/out" >"$T/message"
	hs -p "$PID" --json verify
	jq -r --arg s "$heap_status" '.totals.foreign |
		"\(.name) \(.certain) \(.role) \($s)"' "$T/out"
}
# no_heap WHAT NAME CERTAIN: the fixture that runs has no heap of glibc's.
no_heap() {
	is "$1: named, and no heap is shown" "$(said)" "$2 $3 malloc 5"
	check "$1: what it uses is in the message" \
		grep -q "it uses .*$2" "$T/message"
	check "$1: and what works" grep -q 'maps, threads, bt' "$T/message"
	hs -p "$PID" --json threads
	is "$1: threads are shown" "$status $(jq '.rows | length' "$T/out")" \
		"0 $(task_count)"
	stop_fixture
}
# version WHAT VERSION: as the last verify had it.
version() {
	is "$1: its version" "$(jq -r .totals.foreign.version "$T/out")" "$2"
}
debian_version() { # PACKAGE: that of upstream
	dpkg-query -W -f '${Version}' "$1" 2>/dev/null | sed 's/[-+].*//'
}

# allocator NAME SHARED ARCHIVE VERSION: preloaded, linked, inside of the
# program, and inside of one without symbols.
allocator() {
	what=$1 shared=$(library "$2") archive=$3
	if [ -z "$shared" ]; then
		skip "$what" "$2 is not installed"
		return 0
	fi
	cp "$top_builddir/tests/fixtures/one_block" "$T/bin/preloaded"
	FIXTURE_ENV=LD_PRELOAD=$shared
	start_fixture preloaded
	said >/dev/null
	[ -z "$4" ] || version "$what" "$4"
	check "$what: it says how to have its numbers" \
		grep -q 'its own numbers: ' "$T/message"
	no_heap "$what, preloaded" "$what" true
	FIXTURE_ENV=
	$cc -fno-builtin -o "$T/bin/linked" "$src/one_block.c" "$shared" \
		>"$T/cc" 2>&1
	start_fixture linked
	no_heap "$what, linked" "$what" true
	[ -n "$archive" ] || return 0
	archive=$(library "$archive") || {
		skip "$what inside" "$3 is not installed"
		return 0
	}
	$cc -fno-builtin -pthread -o "$T/bin/inside" "$src/one_block.c" \
		"$archive" -lstdc++ -lm >"$T/cc" 2>&1
	strip -o "$T/bin/stripped" "$T/bin/inside"
	start_fixture inside
	no_heap "$what, inside" "$what" true
	start_fixture stripped
	no_heap "$what, inside and stripped" "$what" false
}
allocator jemalloc libjemalloc.so.2 libjemalloc.a \
	"$(debian_version libjemalloc2)"
allocator tcmalloc 'libtcmalloc_minimal.so.*' libtcmalloc_minimal.a \
	"$(debian_version libtcmalloc-minimal4)"
allocator mimalloc 'libmimalloc.so.*' '' "$(debian_version libmimalloc2.0)"

if command -v musl-gcc >/dev/null; then
	musl-gcc -o "$T/bin/musl" "$src/one_block.c" >"$T/cc" 2>&1
	musl-gcc -static -o "$T/bin/musl-static" "$src/one_block.c"
	strip -o "$T/bin/musl-stripped" "$T/bin/musl-static"
	start_fixture musl
	said >/dev/null
	version musl "$(debian_version musl)"
	no_heap musl musl true
	start_fixture musl-static
	no_heap "musl, static" musl true
	start_fixture musl-stripped
	no_heap "musl, static and stripped" musl false
else
	skip musl "musl-gcc is not installed"
fi

# Nobody knows it: it is told by the file that it is in.
$cc -fno-builtin -o "$T/bin/own" "$src/defines_malloc.c"
start_fixture own
is "a program's own malloc: no heap is shown" "$(said)" "null false malloc 5"
check "a program's own malloc: it is named by its file" \
	grep -q 'the malloc of own' "$T/message"
for line in diff growth; do
	hs -p "$PID" "$line"
	check "$line, where no snapshot was taken, names it, too" \
		grep -q 'but this process uses the malloc of own' "$T/err"
done
stop_fixture

# Its heap may be data of its file.
pool=$((48 << 20))
$cc -fno-builtin -DPOOL="$pool" -o "$T/bin/pooled" "$src/defines_malloc.c"
start_fixture pooled
is "a malloc with an array: no heap is shown" "$(said)" "null false malloc 5"
check "a malloc with an array: it is not said to be in other memory alone" \
	grep -q 'of anonymous memory.*, or in 48[.].* MiB of data of pooled' \
	"$T/message"
check "a malloc with an array: as much data as the array, at least" test \
	"$(jq .totals.foreign.data_bytes "$T/out")" -ge "$pool"
stop_fixture

# Both: glibc's part is exact.
glibc_part() { # WHAT
	is "$1: glibc's mallinfo" "$(jq -cS .totals.mallinfo2 "$T/heap")" \
		"$(sed -n 's/^mallinfo2 //p' "$T/manifest" | jq -cS .)"
	hs --limit 0 --json -p "$PID" chunks used
	jq -r '.rows[] | "used \(.addr) \(.size) own", "beside \(.addr)"' \
		"$T/out" | sort >"$T/listed"
	is "$1: glibc's blocks, and none of the other's" \
		"$(grep -E '^(used|beside)' "$T/manifest" | sort |
			comm -12 - "$T/listed")" \
		"$(grep '^used' "$T/manifest" | sort)"
	hs -p "$PID" --json verify
	is "$1: no check fails" "$(jq -c '[.rows[] |
		select(.result == "failed") | .name]' "$T/out")" "[]"
}
# beside WHAT NAME: the other's blocks are in the memory that is told.
beside() {
	hs --json -p "$PID" heap
	cp "$T/out" "$T/heap"
	is "$1: it is not all, which is said" \
		"$status $(jq .complete "$T/heap")" "6 false"
	is "$1: what beside it" "$(jq -r '.totals.foreign |
		"\(.name) \(.role)"' "$T/heap")" "$2 called"
	is "$1: warnings name it and the memory" "$(jq -c --arg name "$2" \
		'[any(.warnings[]; test($name)), any(.warnings[];
			test("[0-9.]+ [KM]iB of anonymous"))]' "$T/heap")" \
		'[true,true]'
	glibc_part "$1"
	wanted=$(($(grep -c '^beside' "$T/manifest") * 3000))
	check "$1: as much memory as it has given out, at least" \
		test "$(jq .totals.other_memory.bytes "$T/heap")" -ge "$wanted"
	check "$1: of which that is resident" test \
		"$(jq .totals.other_memory.resident_bytes "$T/heap")" -ge \
		"$wanted"
	gcore_of "$PID" "$T/core"
	hs --json -c "$T/core" heap
	is "$1: a core says the same, but for what is resident" \
		"$(jq -c '.totals | [.foreign, .mallinfo2, .used_bytes,
			.other_memory.resident_bytes]' "$T/out")" \
		"$(jq -c '.totals | [.foreign, .mallinfo2, .used_bytes, null]' \
			"$T/heap")"
	rm -f "$T/core"
	stop_fixture
}
$cc -std=gnu17 -I"$top_srcdir" -DBESIDE=je_malloc -DBESIDE_OWN \
	-o "$T/bin/prefixed" "$src/beside.c" >"$T/cc" 2>&1
start_fixture prefixed
beside "a jemalloc with a prefix, inside" jemalloc
if lib=$(library 'libmimalloc.so.*'); then
	# libc first: its malloc is the program's.
	$cc -std=gnu17 -I"$top_srcdir" -DBESIDE=mi_malloc -o "$T/bin/by-name" \
		"$src/beside.c" -Wl,--no-as-needed -lc "$lib" >"$T/cc" 2>&1
	start_fixture by-name
	beside "mimalloc by its own names" mimalloc
else
	skip "mimalloc by its own names" "libmimalloc is not installed"
fi
if lib=$(library libjemalloc.so.2); then
	# Mapped, and no more: malloc is glibc's, and there is no other.
	$cc -std=gnu17 -I"$top_srcdir" -o "$T/bin/loads" "$src/loads.c"
	# It wants much of what is left for thread-local variables.
	FIXTURE_ENV=GLIBC_TUNABLES=glibc.rtld.optional_static_tls=16384
	start_fixture loads "$lib"
	hs --json -p "$PID" heap
	cp "$T/out" "$T/heap"
	is "jemalloc that nobody calls: the heap is all" \
		"$status $(jq .complete "$T/heap")" "0 true"
	check "jemalloc that nobody calls: it is mentioned" jq -e \
		'.warnings[0] | test("jemalloc.*no file asks for")' "$T/heap"
	glibc_part "jemalloc that nobody calls"
	stop_fixture

	# Its malloc is the program's, which calls glibc's by another name.
	$cc -std=gnu17 -I"$top_srcdir" -DBESIDE=__libc_malloc \
		-o "$T/bin/by-glibc-name" "$src/beside.c" >"$T/cc" 2>&1
	FIXTURE_ENV=LD_PRELOAD=$lib
	start_fixture by-glibc-name
	sed -n 's/^beside //p' "$T/manifest" | sort >"$T/other"
	hs --limit 0 --json -p "$PID" chunks used
	is "jemalloc, and __libc_malloc: its blocks are listed, and a tcache" \
		"$(jq -r '.rows[].addr' "$T/out" | sort |
			comm -23 - "$T/other" | wc -l)
$(jq -r '.rows[].addr' "$T/out" | sort | comm -12 - "$T/other")" "1
$(cat "$T/other")"
	hs --json -p "$PID" heap
	is "jemalloc, and __libc_malloc: which is whose" "$(jq -c \
		'[.complete, .totals.foreign.name, .totals.foreign.role]' \
		"$T/out")" '[false,"jemalloc","malloc"]'
	is "jemalloc, and __libc_malloc: glibc's mallinfo" \
		"$(jq -cS .totals.mallinfo2 "$T/out")" \
		"$(sed -n 's/^mallinfo2 //p' "$T/manifest" | jq -cS .)"
	stop_fixture
	# Two of them: the first in the order of search is the one.
	if tc=$(library 'libtcmalloc_minimal.so.*'); then
		cp "$top_builddir/tests/fixtures/one_block" "$T/bin/two"
		FIXTURE_ENV="LD_PRELOAD=$lib:$tc"
		start_fixture two
		no_heap "jemalloc before tcmalloc" jemalloc true
		FIXTURE_ENV="LD_PRELOAD=$tc:$lib"
		start_fixture two
		no_heap "tcmalloc before jemalloc" tcmalloc true
	fi
	# Its malloc is the program's, glibc's that of another namespace.
	FIXTURES=$top_builddir/tests/fixtures FIXTURE_ENV=LD_PRELOAD=$lib
	start_fixture heap_two_libcs
	grep '^other' "$T/manifest" | sort >"$T/other"
	hs --limit 0 --json -p "$PID" chunks used
	is "jemalloc, and a libc in a namespace: its blocks are listed" \
		"$(jq -r '.rows[] | "other \(.addr)"' "$T/out" | sort |
			comm -12 - "$T/other")" "$(cat "$T/other")"
	is "jemalloc, and a libc in a namespace: that is not all" \
		"$status $(jq .complete "$T/out")" "6 false"
	hs --json -p "$PID" heap
	is "jemalloc, and a libc in a namespace: what is whose" \
		"$(jq -c '[.totals.foreign.role, [.rows[] |
			[.copy, .used_count > 0]]]' "$T/out")" \
		'["malloc",[[0,false],[1,true],[null,false]]]'
	stop_fixture
	FIXTURE_ENV=
else
	skip "jemalloc beside glibc" "libjemalloc is not installed"
fi
if command -v fzf >/dev/null; then
	mkfifo "$T/lines"
	fzf --filter x <"$T/lines" >"$T/manifest" &
	PID=$!
	kill_at_exit "$PID"
	exec 9>"$T/lines"
	reads() {
		[ "$(readlink "/proc/$PID/exe")" = "$(command -v fzf)" ] &&
			[ "$(find "/proc/$PID/task" -mindepth 1 -maxdepth 1 |
				wc -l)" -gt 1 ]
	}
	wait_until reads || bail "fzf does not start"
	hs --json -p "$PID" heap
	is "a Go program: its runtime is named, with the version" \
		"$(jq -c '.totals.foreign | [.name, .certain,
			(.version | test("^1\\.[0-9]+"))]' "$T/out")" \
		'["the Go runtime",true,true]'
	exec 9>&-
	wait "$PID"
else
	skip "a Go program" "fzf is not installed"
fi
done_testing

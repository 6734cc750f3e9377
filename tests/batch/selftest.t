#!/bin/sh
# The self test passes here, finds every lie, and says why where it may not.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need_ptrace
need jq

failed() { # the claims that failed, one a line
	jq -r '.rows[] | select(.result == "failed") | .name' "$T/out"
}
passes() { # WHAT
	is "$1: passes" "$status $(failed)" "0 "
	[ "$status" = 0 ] || hs_said
}

hs --json selftest
passes "here"
is "complete, no warning, nothing skipped" "$(jq -c '[.complete, .warnings,
	.totals.skipped, (.rows | length) - .totals.ok]' "$T/out")" \
	'[true,[],0,0]'
# shellcheck disable=SC2016 # it is for jq and awk
check "it says on which libc" jq -e --arg path "$(ldd "$HS" |
	awk '$1 == "libc.so.6" { print $3 }' | xargs readlink -f)" \
	'.title | test("all [0-9]+ checks passed on glibc .*\\(" + $path)' \
	"$T/out"
claims=$(jq '.rows | length' "$T/out")
hs selftest
is "as text: a line a claim" "$(grep -c '^ok ' "$T/out")" "$claims"
check "and the first line tells it all" grep -q \
	"^selftest: all $claims checks passed on glibc" "$T/out"
hs -e 'selftest' -e 'echo again' --json
is "it is a command like others" "$(jq -r .command "$T/out" | tr '\n' ' ')" \
	"selftest echo again "

# A truth that is not: every claim can fail, and both numbers are told.
lie() { # WHAT CLAIM
	hs --json selftest --lie "$1"
	is "lie about $1: found, status" "$status" 70
	# shellcheck disable=SC2016 # it is for jq
	check "lie about $1: the claim on $2 fails" \
		jq -e --arg claim "$2" '.complete == false and any(.rows[];
			.result == "failed" and (.name | test($claim)) and
			.a != .b)' "$T/out"
}
lie size "used blocks, their sizes"
lie missing "used blocks, their sizes"
lie state "freed blocks"
lie extra "nobody knows"
lie content "bytes of used blocks"
lie pointer "planted pointers"
lie arena "arena of their thread"
lie thread "^threads$"
lie stack "calls on their stacks"
lie totals "mallinfo"
lie growth "new blocks"
lie shrink "gone blocks"
lie version "the libc"
lie pulse "pulse"
lie cut "cut short"
lie exit "ends by itself"
hs selftest --lie nonsense
is "no such lie: usage" "$status" 2
hs selftest now
is "it takes no word: usage" "$status" 2

# Where it may not, it says who forbids it, and how to allow it.
refused() { # WHAT WORDS
	is "$1: status" "$status" 3
	check "$1: the rule and the way out are told" grep -q "$2" "$T/err"
	[ "$status" = 3 ] || hs_said
}
REAL=$HS
HS=$top_builddir/tests/fixtures/forbidding
for how in refuse lack kill; do
	hs "$how" "$REAL" selftest
	refused "a filter that says: $how" \
		"seccomp filter .* forbids .*ptrace.*--cap-add=SYS_PTRACE"
done
HS=$REAL
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	cp "$HS" "$T/heapscope"
	chmod 755 "$T" "$T/heapscope"
	hs_as_nobody() {
		status=0
		setpriv --reuid 65534 --regid 65534 --clear-groups "$@" \
			>"$T/out" 2>"$T/err" </dev/null || status=$?
	}
	if [ "$(cat /proc/sys/kernel/yama/ptrace_scope 2>/dev/null)" = 1 ]
	then
		hs_as_nobody "$T/heapscope" selftest
		refused "a user, under yama" "ptrace_scope"
	else
		hs_as_nobody "$T/heapscope" --json selftest
		passes "a user without rights"
	fi
	# A file that its user cannot read makes the process undumpable.
	chmod 711 "$T/heapscope"
	hs_as_nobody "$T/heapscope" selftest
	refused "a program that may not be read" "not dumpable"
else
	skip "as another user" "needs root and setpriv"
fi

# A malloc that checks, of a library of its own or of libc's: sizes are what
# was asked for.
status=0
LD_PRELOAD=libc_malloc_debug.so.0 MALLOC_CHECK_=3 "$HS" --json selftest \
	>"$T/out" 2>"$T/err" || status=$?
passes "under MALLOC_CHECK_"

# heapscope itself on other releases, by their own ld.so: it starts its child
# the same way.
own=$(ldd "$HS" | awk '$3 ~ /^\// { sub("/[^/]*$", "", $3); print $3 }' |
	sort -u | tr '\n' ':')
for suite in trixie sid experimental; do
	glibc=$top_builddir/glibc/$suite-amd64
	why=$(sh "$top_srcdir/tests/glibc/fetch.sh" "$top_builddir/glibc" \
		"$suite" amd64) || {
		skip "$suite" "$why"
		continue
	}
	HS=$glibc/ld.so
	hs --library-path "$glibc/lib:$own" "$REAL" --json selftest
	passes "$suite"
	# shellcheck disable=SC2016 # it is for jq
	check "$suite: on its libc" jq -e --arg path "$suite-amd64/lib/libc.so" \
		'.title | contains($path)' "$T/out"
done
HS=$REAL
# Another allocator in libc's place is named, not proven.
jemalloc=$(find /usr/lib /usr/lib64 -name 'libjemalloc.so.2' 2>/dev/null |
	head -n 1)
if [ -n "$jemalloc" ]; then
	status=0
	LD_PRELOAD=$jemalloc "$HS" selftest >"$T/out" 2>"$T/err" || status=$?
	is "under another allocator: no heap we can read" "$status" 5
	check "which is named" grep -q jemalloc "$T/err"
else
	skip "under another allocator" "libjemalloc.so.2 is not installed"
fi
done_testing

#!/bin/sh
# The files of a program are deleted, replaced, written into while it runs: what
# was loaded counts, by build-id, and no file of another build is believed.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
# shellcheck source=tests/lib/recorded.sh
. "$top_srcdir/tests/lib/recorded.sh"
need_ptrace
need jq python3 dd
# shellcheck source=tests/lib/confined.sh
. "$top_srcdir/tests/lib/confined.sh"
mv "$T/jail" "$T/master"

begin() { # a fresh root
	rm -rf "$T/jail"
	cp -a "$T/master" "$T/jail"
	confine chroot,nobody
}
by_file_image() {
	jq -r '.rows[] | select(.name == "main_arena by file image") |
		"\(.result) \(.text)"' "$T/verify"
}
# looks WHAT OK|SKIPPED: exact; the file of libc was believed, or why not.
looks() {
	check_recorded "$1"
	case $(by_file_image) in
	"$2"*) check "$1: the file was $3" true ;;
	*) is "$1: the file was $3" "$(by_file_image)" "$2" ;;
	esac
	check "$1: unharmed" unharmed
}
same_build() { # FILE: another inode, the same bytes
	cp "$1" "$1.new" && mv "$1.new" "$1"
}

begin
rm "$T/jail$libc"
looks "deleted" "ok 0x" "read by its mapping"
as_nobody
looks "deleted, by its user" "skipped the file of" "not to be had"
cp "$T/master$libc" "$T/jail$libc"
looks "deleted, by its user, and the same build is back" "ok 0x" read
as_root
stop_fixture

begin
cp "$libc" "$T/jail$libc.new"
mv "$T/jail$libc.new" "$T/jail$libc"
looks "replaced by another build" "ok 0x" "read by its mapping"
as_nobody
looks "replaced by another build, by its user" "skipped the file of" \
	"not believed"
as_root
stop_fixture

# The same inode, other bytes: the code that sleeping threads would wake up in
# changed with it, and a stop wakes them.
begin
dd if="$libc" of="$T/jail$libc" bs=1M conv=notrunc 2>/dev/null
for who in root nobody; do
	as_$who
	for command in heap verify threads snapshot; do
		hs --json -p "$target" $command
		is "written into, $command by $who: no heap we can read" \
			"$status" 5
	done
	check "written into, by $who: the file is named" \
		grep -q "cannot be stopped.*$libc was written into" "$T/err"
	check "written into, by $who: never stopped" unharmed
done
as_root
kill -KILL "$PID"
exec 9>&-
wait "$PID" 2>/dev/null

# Made empty first, as cp does, it takes the program's own pages with it.
begin
cat "$libc" >"$T/jail$libc"
for who in root nobody; do
	as_$who
	hs --json -p "$target" heap
	is "written anew, by $who: no heap we can read" "$status" 5
done
as_root
kill -KILL "$PID"
exec 9>&-
wait "$PID" 2>/dev/null
done_testing

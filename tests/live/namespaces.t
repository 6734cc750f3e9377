#!/bin/sh
# Programs in a root, mounts, users and process numbers of their own, on another
# libc at the very path where ours is: the recorded blocks, exactly, and never a
# file of ours for one of theirs.
# What is mounted here is mounted for this test alone: the kernel takes it away
# with the last process of it, even if all are killed.
if [ -z "${OWN_MOUNTS-}" ] && unshare -m true 2>/dev/null; then
	OWN_MOUNTS=1 exec unshare -m sh "$0"
fi
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
# shellcheck source=tests/lib/recorded.sh
. "$top_srcdir/tests/lib/recorded.sh"
need_ptrace
need jq python3
# shellcheck source=tests/lib/confined.sh
. "$top_srcdir/tests/lib/confined.sh"

# The file was the confined one: its build-id, its version, and by its image.
by_its_file() { # WHAT
	list verify verify
	is "$1: it is glibc $theirs" "$(jq -r .target.glibc "$T/verify")" \
		"$theirs"
	is "$1: the file was read" "$(jq -r '.rows[] |
		select(.name == "main_arena by file image") | .result' \
		"$T/verify")" ok
}
looked_at() { # WHAT
	check_recorded "$1"
	by_its_file "$1"
	check "$1: the functions of its program are named" frames
	check "$1: unharmed" unharmed
}
frames() {
	list bt bt &&
		jq -e '[.rows[].symbol] | index("main")' "$T/bt"
}
for how in chroot mount pid,chroot user,chroot user,mount,pid,nothing; do
	confine $how
	looked_at "$how"
	is "$how: threads by the numbers that they have here" "$(jq -c \
		'[.rows[].tid] | sort' "$T/threads")" \
		"$(find "/proc/$target/task" -mindepth 1 -maxdepth 1 |
			sed 's|.*/||' | sort -n | jq -cs .)"
	stop_fixture
done

# By way of an ld.so; where it lies has nothing to do with the program's name.
loader=$(ldd "$fixtures/heap_threads" | grep -o '/[^ ]*ld-linux[^ ]*')
confine chroot "$loader" --library-path "$(dirname "$libc")" /heap_threads
looked_at "an explicit ld.so"
stop_fixture

# By a user who owns them, and can open nothing by /proc/PID/map_files.
if command -v setpriv >/dev/null; then
	for how in chroot,nobody nobody,user,mount nobody,user,chroot,pid; do
		confine $how
		as_nobody
		looked_at "$how, by its user"
		as_root
		stop_fixture
	done
else
	skip "by another user" "setpriv is not installed"
fi

# From inside, where it is process 1; a sibling's root is not ours.
confine pid,mount
hs --json -p "$target" info proc
is "it is told what it is called inside" "$(jq -r '.rows[] |
	select(.name == "inside") | .value' "$T/out")" 1
cat >"$T/inside" <<END
#!/bin/sh
exec nsenter -t $target -p unshare -m --mount-proc "$heapscope" "\$@"
END
chmod 755 "$T/inside"
HS=$T/inside
outside=$target
target=1
check_recorded "from inside"
by_its_file "from inside"
target=$outside
as_root
stop_fixture

# An overlay has another device in maps than a file's status.
mkdir "$T/upper" "$T/work" "$T/over"
not_mounted_there() { # where this test was started
	! grep " $T/over " "/proc/$PPID/mounts"
}
if [ -n "${OWN_MOUNTS-}" ] && mount -t overlay overlay -o \
	"lowerdir=$T/jail,upperdir=$T/upper,workdir=$T/work" "$T/over" \
	2>/dev/null; then
	mv "$T/jail" "$T/lower"
	ln -s over "$T/jail"
	confine chroot,nobody
	looked_at "an overlay"
	as_nobody
	looked_at "an overlay, by its user"
	as_root
	stop_fixture
	check "it is seen here" grep -q " $T/over " /proc/self/mounts
	check "by nobody else" not_mounted_there
	umount "$T/over"
else
	skip "an overlay" "none can be mounted here"
fi
done_testing

#!/bin/sh
# The demo: a small server that leaks, and heapscope on it.  On a terminal the
# screen opens; elsewhere the same session is played as text.  Run from the top
# of the source, after a build in build/ (or in $BUILD).  "./bootstrap demo"
# does both.
set -eu

build=${BUILD:-build}
heapscope=$build/heapscope
server=$build/tests/fixtures/leaky_server
for program in "$heapscope" "$server"; do
	[ -x "$program" ] || make -s -C "$build" "${program#"$build"/}"
done

dir=$(mktemp -d)
pid=
# The server ends when its stdin does: even if this shell is killed.
finish() {
	exec 9>&-
	[ -z "$pid" ] || wait "$pid" || :
	rm -rf "$dir"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

mkfifo "$dir/stdin"
"$server" <"$dir/stdin" >"$dir/said" &
pid=$!
exec 9>"$dir/stdin"
tries=0
until grep -q '^ready' "$dir/said"; do
	tries=$((tries + 1))
	[ "$tries" -le 200 ] || { echo "demo: the server did not start" >&2; exit 1; }
	sleep 0.05
done
port=$(sed -n 's/^port //p' "$dir/said")
class=$(sed -n 's/^class //p' "$dir/said")

# The repro step, as a command: "visit 40" sends 40 visitors.
cat >"$dir/visit" <<END
#!/bin/sh
exec "$(realpath "$server")" --poke $port "\${1:-40}"
END
chmod +x "$dir/visit"
PATH=$dir:$PATH
export PATH
visit 8 >"$dir/first"

if [ -t 0 ] && [ -t 1 ]; then
	cat <<END
leaky_server runs as process $pid; it forgets some of what visitors get.
 1. S: a snapshot.  :shell visit 40 and Enter: the repro step.  S: another.
 2. d: what grew, most first.  Enter: the new chunks.  Enter: one of them.
 3. Backspace twice, then w (or :near $class): who holds them.  q: quit.
END
	printf 'Press Enter to open the screen. '
	read -r _ || :
	trap : INT # ^C is for heapscope
	"$heapscope" -p "$pid" 9>&-
else
	"$heapscope" -p "$pid" \
		-e 'echo == a snapshot before' -e 'snapshot before' \
		-e 'echo == the repro step: 40 visitors' -e 'shell visit 40' \
		-e 'echo == a snapshot after' -e 'snapshot after' \
		-e 'echo == what grew' -e diff \
		-e "echo == what surrounds the new chunks of class $class" \
		-e "near $class" 9>&-
fi

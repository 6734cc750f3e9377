#!/bin/sh
# A postgres backend; the load is statements it is told to prepare.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
# shellcheck source=tests/e2e/e2e.sh
. "$top_srcdir/tests/e2e/e2e.sh"
for dir in /usr/lib/postgresql/*/bin; do
	PATH=$PATH:$dir
done
need initdb postgres psql setpriv

as=
if [ "$(id -u)" = 0 ]; then
	as="setpriv --reuid=nobody --regid=nogroup --clear-groups"
fi
mkdir "$T/home"
[ -z "$as" ] || chown nobody "$T/home"
$as initdb -N -D "$T/home/data" -A trust -U test >"$T/initdb" 2>&1 ||
	bail "initdb: $(tail -n 3 "$T/initdb")"
$as env TELL_MALLINFO="$T/home/mallinfo" \
	LD_PRELOAD="$top_builddir/tests/lib/tell_mallinfo.so" \
	postgres -F -D "$T/home/data" -h '' -k "$T/home" >"$T/log" 2>&1 &
server=$!
kill_at_exit "$server"
ask() {
	psql -h "$T/home" -U test -qAt -c "$1" postgres
}
wait_until ask 'select 1' || bail "postgres does not start: $(tail -n 3 "$T/log")"

# One connection that stays; its statements come through a fifo.
mkfifo "$T/sql"
psql -h "$T/home" -U test -qAt postgres <"$T/sql" >"$T/said" 2>&1 &
client=$!
kill_at_exit "$client"
exec 8>"$T/sql"
echo 'select pg_backend_pid();' >&8
wait_until test -s "$T/said" || bail "no backend"
PID=$(head -n 1 "$T/said")
ln -s "$T/home/mallinfo" "$T/mallinfo"

export T
cat >"$T/step" <<'END'
at=$(cat "$T/at")
i=$at
while [ $i -lt $((at + 300)) ]; do
	echo "prepare p$i as select relname from pg_class where oid = $i;"
	i=$((i + 1))
done >"$T/sql"
echo $i >"$T/at"
echo "select 'done ' || $i;" >"$T/sql"
until grep -q "done $i" "$T/said"; do sleep 0.02; done
END
echo 1 >"$T/at"
STEP="sh $T/step"
serves() {
	echo "select 'alive';" >&8
	wait_until grep -q alive "$T/said" && ask 'select 1'
}
the_job
the_tables
exec 8>&-
wait "$client"
kill -INT "$server"
tap_ended=0
wait "$server" || tap_ended=$?
is "the server ends well" "$tap_ended" 0
done_testing

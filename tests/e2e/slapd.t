#!/bin/sh
# slapd with a database of its own; the load is connections that stay open.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
# shellcheck source=tests/e2e/e2e.sh
. "$top_srcdir/tests/e2e/e2e.sh"
PATH=$PATH:/usr/sbin
need slapd slapadd jq
for file in /etc/ldap/schema/core.schema /usr/lib/ldap/back_mdb.so; do
	[ -r "$file" ] || skip_all "slapd here has no $file"
done

mkdir "$T/db"
cat >"$T/conf" <<END
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile $T/pid
threads 4
database mdb
suffix "dc=example,dc=test"
directory $T/db
maxsize 16777216
index uid eq
END
{
	printf 'dn: dc=example,dc=test\nobjectClass: domain\ndc: example\n\n'
	seq 0 399 | sed 's/.*/dn: uid=u&,dc=example,dc=test\
objectClass: inetOrgPerson\
uid: u&\
cn: user &\
sn: name &\
/'
} >"$T/ldif"
slapadd -q -f "$T/conf" -l "$T/ldif" 2>"$T/log" ||
	bail "slapadd: $(tail -n 3 "$T/log")"
told slapd -d 0 -f "$T/conf" -h "ldapi://$(echo "$T/socket" |
	sed 's|/|%2F|g')" 2>"$T/log" &
PID=$!
kill_at_exit "$PID"
serves() {
	$PEER ldap-get "$T/socket" 20
}
wait_until serves || bail "slapd does not start: $(tail -n 3 "$T/log")"

mkfifo "$T/hold"
exec 8<>"$T/hold"
cat >"$T/step" <<END
held=$T/held.\$\$
$PEER ldap-hold $T/socket 40 $T/hold >\$held 8>&- &
until grep -q held \$held; do sleep 0.02; done
END
STEP="sh $T/step"
the_job
the_tables
# A thread of the pool keeps its search stacks in its main loop's frame.
check "the search stacks of a thread are its stack's" test \
	"$(suspects 'select(.kind == "holder" and
		(.root | test("^thread .* stack$"))) | .kind' | wc -l)" -ge 1
exec 8>&-
nobody_holds() {
	! pgrep -f "ldap-hold $T/"
}
check "nobody holds connections any more" wait_until nobody_holds
done_testing

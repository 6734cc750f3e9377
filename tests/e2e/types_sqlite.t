#!/bin/sh
# What sqlite3's blocks are: nearly all are pages of its cache, as many as it
# says, of a database in memory and of one in a file.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
# shellcheck source=tests/e2e/e2e.sh
. "$top_srcdir/tests/e2e/e2e.sh"
# shellcheck source=tests/e2e/typed.sh
. "$top_srcdir/tests/e2e/typed.sh"
need jq seq strip
program_of sqlite3

asked=0
ask() { # TEXT: sqlite3 does it; what it says: $T/answer
	asked=$((asked + 1))
	{
		printf '%s\n' "$1"
		printf ".print end-%d\n" "$asked"
	} >&8
	wait_until grep -q "^end-$asked\$" "$T/said" ||
		bail "sqlite3 does not answer"
	sed -n "/^end-$((asked - 1))\$/,/^end-$asked\$/p" "$T/said" |
		sed '/^end-/d' >"$T/answer"
}
start() { # PROGRAM DATABASE
	rm -f "$T/in" "$T"/*.db
	mkfifo "$T/in"
	exec 8<>"$T/in"
	printf 'end-%d\n' "$asked" >"$T/said"
	"$1" -batch -init /dev/null "$2" <"$T/in" >>"$T/said" 2>&1 8>&- &
	PID=$!
	kill_at_exit "$PID"
	# All pages stay in the cache.
	ask "PRAGMA cache_size = 100000; CREATE TABLE kept(id INTEGER PRIMARY KEY,
name TEXT, body BLOB); CREATE INDEX names ON kept(name);"
	put 1 20000
}
put() { # FROM TO
	ask "WITH RECURSIVE c(x) AS (SELECT $1 UNION ALL SELECT x + 1 FROM c
WHERE x < $2) INSERT INTO kept SELECT x, 'name ' || x, zeroblob(60) FROM c;"
}
pages() {
	ask "PRAGMA page_count;"
	cat "$T/answer"
}
cached() {
	count_of '.type | startswith("has struct PgHdr1")'
}
tables() { # FROM TO
	ask "BEGIN; $(seq "$1" "$2" |
		sed 's/.*/CREATE TABLE t&(a, b, c);/') COMMIT;"
}
try() { # NAME DATABASE BULK: pages that are one block
	how=$1
	start "$PROGRAM" "$2"
	pages=$(pages)
	types_of
	at_least 80 "sqlite3 $how"
	is "$how: a block for each page, the first $3 in one" \
		"$(cached)" $((pages - $3 + ($3 > 0)))
	is "$how: one cache" \
		"$(count_of '.type | startswith("has struct PCache1")')" 1
	elements=$(count_of '.type == "struct HashElem at +8"')
	put 20001 30000
	more=$(($(pages) - pages))
	before=$(cached)
	types_of
	is "$how: $more pages more" "$(cached)" $((before + more))
	is "$how: as many elements of tables as before" \
		"$(count_of '.type == "struct HashElem at +8"')" "$elements"
	tables 1 300
	types_of
	is "$how: 300 tables more: an element each" \
		"$(count_of '.type == "struct HashElem at +8"')" \
		$((elements + 300))
	check "$how: every thread is unharmed" each_task_unharmed
	ask "SELECT count(*) FROM kept;"
	is "$how: sqlite3 serves" "$(cat "$T/answer")" 30000
	exec 8>&-
	wait "$PID"
	is "$how: sqlite3 ends well" "$?" 0
}
try "in memory" :memory: 0
try "in a file" "$T/a.db" 20

strip -o "$T/stripped" "$PROGRAM"
start "$T/stripped" :memory:
types_of_bare
says_no_types 80
exec 8>&-
done_testing

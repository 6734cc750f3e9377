#!/bin/sh
# Who points at a block, and where a block points: of a process and of its core,
# against what the fixture says it has made.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need_ptrace
need jq
need gcore

# A 32-bit program, when i386_held.t asks.
word=${HELD_WORD:-8} register=rbx
[ "$word" = 8 ] || register=esi
start_fixture chains
chain() { # NAME FIELD: 1 kind, 2 root, 3... blocks with offsets
	awk -v name="$1" -v n="$(($2 + 2))" \
		'$1 == "chain" && $2 == name { print $n }' "$T/manifest"
}
fact() { # NAME [FIELD]
	awk -v name="$1" -v n="${2:-2}" '$1 == name { print $n }' "$T/manifest"
}
ask() { # COMMAND: of what OPTIONS say
	# shellcheck disable=SC2086
	hs $from --json -e "$1"
	[ "$status" -eq 0 ] || hs_said >&2
}
rows() { # FILTER: a line a row
	jq -c ".rows[] | $1" "$T/out"
}
# Of four bytes, a constant beside a module's protected data may by chance be
# the address of the inside of a block: there, refs rightly shows it.
chance=
[ "${HELD_WORD-8}" != 4 ] ||
	chance='select((.from_kind == "code" and .interior) | not) |'
holders() { # FILTER
	rows "$chance $1"
}

check_chain() { # NAME
	a=$(chain "$1" 3) b=$(chain "$1" 4) c=$(chain "$1" 5)
	ask "refs ${a%+*}"
	root=$(chain "$1" 2)
	case $1 in
	register) wanted='["register",null]' ;;
	key) wanted='["tls"]' ;; # glibc's own table: only it knows where
	*) wanted="[\"$(chain "$1" 1)\",\"$root\"]" ;;
	esac
	if [ "$1" = key ]; then
		got=$(holders '[.from_kind]')
	else
		got=$(holders '[.from_kind, .from]')
	fi
	is "$how: the root of $1 is all that holds it" "$got" "$wanted"
	ask "refs ${b%+*}"
	is "$how: the second block of $1 is held by the first" \
		"$(holders '[.from_kind, .offset, .to_offset, .interior]')" \
		"[\"chunk\",${a#*+},0,false]"
	ask "refs $c"
	is "$how: the last block of $1 is held inside" \
		"$(holders '[.from_kind, .offset, .to_offset, .interior]')" \
		"[\"chunk\",${b#*+},8,true]"
	ask "points ${b%+*}"
	is "$how: and that is where the second points" \
		"$(rows '[.offset, .kind, .to_offset, .interior]')" \
		"[${b#*+},\"chunk\",8,true]"
	ask "points ${a%+*}"
	is "$how: the first points at the second" \
		"$(rows "select(.offset == ${a#*+}) | [.kind, .addr]")" \
		"[\"chunk\",\"${b%+*}\"]"
}

check_all() {
	for name in global stack tls key register; do
		check_chain "$name"
	done
	ask "refs $(chain global 3 | cut -d + -f 1)"
	is "$how: a variable is named" "$(rows .name)" "\"g_sessions+0x$word\""
	ask "refs $(chain stack 3 | cut -d + -f 1)"
	check "$how: a function and its thread are named" \
		jq -e '.rows[0] | .name | test("^thread [0-9]+ "
			+ "frame #[0-9]+ handle_request [+]0x[0-9a-f]+$")' \
		"$T/out"
	is "$how: the thread by its number" \
		"$(rows '(.name | split(" ")[1] | tonumber) == .tid')" true
	ask "refs $(chain register 3 | cut -d + -f 1)"
	is "$how: a register is named" \
		"$(rows '.name | split(" ") | last' | head -n 1)" \
		"\"$register\""
	ask "type $(chain register 3 | cut -d + -f 1)"
	is "$how: type says so, too: no address, but which register" \
		"$(rows 'select(.section == "held by") |
			[.addr, (.what | split(": ") | last)]')" \
		"[null,\"1 word, in register $register\"]"
	ask "refs $(chain twice 3)"
	is "$how: three hold one block" "$(rows .from_kind | sort | tr '\n' ' ')" \
		'"chunk" "chunk" "global" '
	is "$how: the total" "$(jq .totals.count "$T/out")" 3

	ask "refs $(fact lost)"
	is "$how: nobody holds what is lost" "$(rows .)" ''
	ask "refs $(fact past)"
	is "$how: the byte behind the end is no pointer at it" "$(rows .)" ''
	check "$how: but that is said" \
		jq -e '.warnings[] | test("behind its end .*g_end")' "$T/out"
	ask "points g_sessions"
	is "$how: a variable's words" "$(rows '[.offset, .addr]')" \
		"[$word,\"$(chain global 3 | cut -d + -f 1)\"]"
	ask "refs $(fact variable 3)"
	is "$how: nobody points at the variable" "$(rows .)" ''
}

how="live" from="-p $PID"
check_all
# shellcheck disable=SC2086
hs $from refs 0x10
is "what is not mapped is refused" "$status" 2
# shellcheck disable=SC2086
hs $from refs
is "an address is wanted" "$status" 2

gcore_of "$PID" "$T/core"
how="core" from="-c $T/core"
check_all
stop_fixture
done_testing

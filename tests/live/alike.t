#!/bin/sh
# What a stripped program's chunks look like, against what the program knows:
# no row has chunks of two types, no type that is frequent has many rows.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need_ptrace
need jq gcc gcore strip

build() { # FLAGS
	gcc "$@" -std=gnu17 -I"$top_srcdir" -o "$T/alike" \
		"$top_srcdir/tests/fixtures/alike.c" 2>"$T/log" &&
		strip "$T/alike"
}
# ROW TYPE COUNT, most first; a block that somebody certainly holds goes by that.
pair_up() { # OPTIONS
	hs "$@" --json --limit 0 -e types
	cp "$T/out" "$T/types"
	jq -r '.rows[] | select(.named_by == "alike" or
		(.type | startswith("held by") and contains("{"))) | .type' \
		"$T/types" >"$T/names"
	: >"$T/pairs"
	while read -r line; do
		echo "chunks \"type=$line\""
	done <"$T/names" >"$T/script"
	hs "$@" --json --limit 0 -x "$T/script"
	jq -r '(.command | sub("^[^=]*="; "") | sub("\"$"; "")) as $row |
		.rows[] | [.addr, $row] | @tsv' "$T/out" | sort >"$T/rows"
	sed -n 's/^type \([^ ]*\) /\1\t/p' "$T/manifest" | sort >"$T/truth"
	join -t "$(printf '\t')" "$T/truth" "$T/rows" | cut -f 2,3 | sort |
		uniq -c | sort -rn | sed 's/^ *//; s/ /\t/' >"$T/pairs"
}
judge() { # NAME OPTIONS
	how=$1
	shift
	pair_up "$@"
	is "$how: nothing has a type" "$(jq .totals.typed_count "$T/types")" 0
	check "$how: 95 % of the bytes look alike or have an owner" jq -e \
		'.totals | .alike_share + .owned_share >= 95' "$T/types"
	check "$how: rows and totals add up" jq -e '
		def sum(by): [.rows[] | select(by) | .bytes] | add // 0;
		.totals.alike_bytes == sum(.named_by == "alike") and
		(.totals | .typed_bytes + .owned_bytes + .content_bytes +
			.alike_bytes + .unknown_bytes == .bytes) and
		([.rows[].count] | add) == .totals.count' "$T/types"
	# In each row, of all those in it, how many are of its most frequent type;
	# one place may hold several, as a pair does.
	is "$how: each row is of one type" "$(awk -F '\t' '
		$3 ~ /^held by / { next }
		{ all[$3] += $1; if ($1 > most[$3]) most[$3] = $1 }
		END { for (r in all) if (most[r] < 0.98 * all[r] && all[r] >= 20)
			print r, most[r], all[r] }' "$T/pairs")" ""
	is "$how: each frequent type has one row" "$(awk -F '\t' '
		NR == FNR { true[$2]++; next }
		!($2 in row) { row[$2] = $3; most[$2] = $1 }
		END { for (t in true) if (true[t] >= 100 &&
			most[t] < 0.85 * true[t]) print t, most[t], true[t] }' \
		"$T/truth" "$T/pairs")" ""
	events=$(awk '$3 == "events" { print $2 }' "$T/manifest")
	hs "$@" --json -e "type $events"
	is "$how: what only one block leads to goes by the variable of that" \
		"$(jq -r '.totals | .named_by, .type' "$T/out" | tr '\n' ' ' |
			sed 's/(alike+0x[0-9a-f]*)/(alike+N)/')" \
		"owner held by *(alike+N) "
	is "$how: and the word there says so" "$(jq -r '.totals.type |
		ltrimstr("held by ")' "$T/out"): 1 word" "$(jq -r '.rows[] |
		select(.section == "held by") | .what' "$T/out")"
	row=$(awk -F '\t' '$2 == "symbol" { print $3; exit }' "$T/pairs")
	is "$how: symbols of all lengths: a byte that tells, and text" \
		"$(echo "$row" | sed -n '/^{.*0x05.* text}$/p')" "$row"
}
try() { # NAME FLAGS
	name=$1
	shift
	if ! build "$@"; then
		skip "$name" "gcc makes no such programs here"
		return
	fi
	FIXTURES=$T start_fixture alike
	judge "$name" -p "$PID"
	if [ "$name" = "-O2" ]; then
		more
	fi
	stop_fixture
}
more() {
	pair_up -p "$PID"
	cp "$T/types" "$T/live"
	gcore_of "$PID" "$T/core"
	hs -c "$T/core" --json --limit 0 types
	is "the same of a core" "$(jq -c '[.rows, .totals]' "$T/out")" \
		"$(jq -c '[.rows, .totals]' "$T/live")"

	one=$(awk -F '\t' -v row="$row" '$2 == row { one = $1 }
		END { print one }' "$T/rows")
	hs -p "$PID" --json -e types -e "type $one" -e "count \"type=$row\""
	is "type ADDR says by what" "$(jq -s -c '.[1].totals |
		[.type, .named_by]' "$T/out")" "[\"$row\",\"alike\"]"
	# shellcheck disable=SC2016 # jq's
	check "how many there are" jq -s -e '.[2].rows[0].count as $n | .[1] |
		any(.rows[]; .section == "why" and
		(.what | contains("\($n) chunks look alike")))' "$T/out"
	# shellcheck disable=SC2016 # jq's
	check "what its words are" jq -s -e --arg one "$one" '.[1] | [.rows[] |
		select(.section == "its words")] | .[0].addr == $one and
		(.[0].what | startswith("+0: the start of a block, ")) and
		any(.[]; .what | startswith("+24: text"))' "$T/out"
	check "and by which way to it" jq -s -e '.[1] | any(.rows[];
		.section == "held by" and (.what | startswith("held") | not))' \
		"$T/out"

	hs -p "$PID" types
	check "that no type is known is said" grep -q \
		'no debug information.*"alike" are no types by name' "$T/err"
	check "and how much is alike" grep -q '% alike' "$T/out"
	check "the table is for terminals of any kind" \
		awk '/[^ -~]/ { exit 1 }' "$T/out"

	tap_before=$(grep -c '^more' "$T/manifest")
	hs -p "$PID" --json --limit 0 -e types -e snapshot \
		-e "shell echo >'$T/ctl'" \
		-e "shell until grep -q ^more '$T/manifest'; do :; done" \
		-e snapshot -e 'diff --by=type' -e types
	jq -c 'select(.command | startswith("diff"))' "$T/out" >"$T/diff"
	made=$(jq --arg row "$row" '.rows[] | select(.type == $row) |
		.new_count - .gone_count' "$T/diff")
	check "of 500 symbols more, 98 % are in their row ($made)" \
		test "${made:-0}" -ge 490 -a "${made:-0}" -le 500
	is "and no other row has more than ten" "$(jq -c --arg row "$row" \
		'[.rows[] | select(.type != $row and .new_count > 10)]' \
		"$T/diff")" '[]'
}
try "-O2" -O2
try "-O0" -O0
try "32 bits" -m32 -O2
done_testing

#!/bin/sh
# What the program says it can do is in the manual and in the completions, and
# the other way round.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
man=$top_srcdir/doc/heapscope.1
bash_file=$top_srcdir/doc/completion/heapscope.bash
zsh_file=$top_srcdir/doc/completion/_heapscope

words() { # every word of a file, one a line
	tr -cs 'A-Za-z0-9_-' '\n' <"$1" | sort -u
}

hs help
is "help needs no process" "$status" 0
sed -n '/^Topics/q; s/^  \([a-z]*\).*/\1/p' "$T/out" | grep . | sort >"$T/commands"
check "help lists commands" test "$(wc -l <"$T/commands")" -gt 20
sed -n 's/^\.It Ic \([a-z]*\).*/\1/p' "$man" | sort >"$T/in_man"
is "help and the manual have the same commands" \
	"$(comm -3 "$T/commands" "$T/in_man")" ""

sed -n "/^_heapscope_commands='/,/'\$/p" "$bash_file" | tr -d "'" |
	sed 's/^_heapscope_commands=//' | tr ' ' '\n' | grep . >"$T/in_bash"
is "bash completes them, sorted" "$(cat "$T/in_bash")" "$(cat "$T/commands")"
sed -n '/^commands=(/,/^)/p' "$zsh_file" | sed '1d;$d' | tr -s '\t ' '\n' |
	grep . >"$T/in_zsh"
is "zsh completes them, sorted" "$(cat "$T/in_zsh")" "$(cat "$T/commands")"

# The table of keys is the one that the screen's own help shows.
sed -n 's/^	{{[^"]*}, "\([^"]*\)".*/\1/p' "$top_srcdir/ui/keys.c" >"$T/keys"
check "there are keys" test "$(wc -l <"$T/keys")" -gt 20
sed -n '/^\.Sh THE SCREEN/,/^\.Sh JSON/s/^\.It Sy //p' "$man" |
	sed 's/\\&//g; s/ No to Sy 9/ 2 3 4 5 6 7 8 9/; s/ , / /g' |
	tr ' ' '\n' | sort >"$T/man_keys"
is "each is in the manual" \
	"$(sort "$T/keys" | comm -23 - "$T/man_keys")" ""

hs --help
is "--help ends well" "$status" 0
# Options stand at the start of a line, after spaces or another option.
grep -Eo '(^|[ ,])--?[a-z][a-z-]*' "$T/out" | tr -d ' ,' | sort -u >"$T/options"
check "--help lists options" test "$(wc -l <"$T/options")" -gt 10
sed -n 's/^\.\(It\|Nm\) //p; s/ , / \n/g' "$man" | grep -o 'Fl [a-z-]*' |
	sed 's/Fl /-/' | sort -u >"$T/man_options"
is "each is in the manual" "$(comm -23 "$T/options" "$T/man_options")" ""
words "$bash_file" >"$T/bash_words"
is "each is completed by bash" \
	"$(comm -23 "$T/options" "$T/bash_words" | grep -v '^-h$')" ""
words "$zsh_file" >"$T/zsh_words"
is "each is completed by zsh" \
	"$(comm -23 "$T/options" "$T/zsh_words" | grep -v '^-h$')" ""

command -v bash >/dev/null || skip "bash" "bash is not installed"
# shellcheck disable=SC2016 # it is for bash
is "bash completes a command" "$(bash -c '
	. "$1"
	COMP_WORDS=(heapscope -p 1 snapshots) COMP_CWORD=3
	_heapscope
	echo "${COMPREPLY[@]}"' sh "$bash_file")" snapshots
done_testing

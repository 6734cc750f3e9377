# bash completion for heapscope
# shellcheck shell=bash

_heapscope_commands='
args bt chunk chunks count defects detach diff disas down drop echo fragmentation frame growth heap help info
leaks locals maps near path points print ptype quit refs retained selftest set shell show sizes sleep
snapshot snapshots source suspects symbol threads type types up use verify whatis x'
_heapscope_options='
--csv --debug-dir --debuginfod --exact --exe --freeze --help --json --limit --log --max-pause
--no-color --script --sort --sysroot --version -c -e -p -v -x'

_heapscope_processes()
{
	local status

	for status in /proc/[0-9]*; do
		# Kernel threads have no executable.
		[ -e "$status/exe" ] || continue
		printf '%s\n' "${status#/proc/}"
		cat "$status/comm"
	done 2>/dev/null
}

_heapscope()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local words

	COMPREPLY=()
	case $prev in
	-p)
		words=$(_heapscope_processes)
		;;
	-e | help)
		words=$_heapscope_commands
		;;
	-c | -x | --exe | --log | --script)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	--debug-dir | --sysroot)
		mapfile -t COMPREPLY < <(compgen -d -- "$cur")
		return
		;;
	--freeze)
		words='auto stop'
		;;
	--limit | --max-pause | --sort)
		return
		;;
	*)
		case $cur in
		-*) words=$_heapscope_options ;;
		*) words=$_heapscope_commands ;;
		esac
		;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}

complete -F _heapscope heapscope

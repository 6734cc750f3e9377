#!/bin/sh
# bootstrap installs only what is missing, names packages where it cannot, and
# counts what the tests said; with a make and an apt-get of our own.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"

tool() { # NAME < SCRIPT
	cat >"$T/bin/$1"
	chmod +x "$T/bin/$1"
}
# Only these programs exist for bootstrap: no package manager among them.
fresh_tree() {
	rm -rf "${T:?}/tree" "${T:?}/bin" "$T/calls"
	mkdir -p "$T/tree/build-aux" "$T/bin"
	for name in sh env dirname mkdir cat rm cp tr sed awk grep find sort \
		tail head touch tee xargs id chmod true test nproc; do
		ln -s "$(command -v "$name")" "$T/bin/$name"
	done
	cp "$top_srcdir/bootstrap" "$T/tree"
	touch "$T/tree/configure.ac" "$T/tree/Makefile.am"
	: >"$T/calls"
	tool autoreconf <<-EOT
		#!/bin/sh
		echo autoreconf >>"$T/calls"
		touch Makefile.in build-aux/tap-driver.sh
		printf '#!/bin/sh\necho "configure \$*" >>$T/calls\n' >configure
		echo 'touch Makefile' >>configure
		chmod +x configure
	EOT
	tool make <<-EOT
		#!/bin/sh
		echo "make \$*" >>"$T/calls"
		case "\$*" in
		*check*) cd "\$2" && . "$T/results" ;;
		esac
	EOT
	cat >"$T/results" <<-'EOT'
		printf ':test-result: PASS\n' >one.trs
		printf 'ok 1 - fine\n' >one.log
		echo '# TOTAL: 1'
	EOT
}
# All packages are there but those named.
apt_without() {
	tool dpkg-query <<-EOT
		#!/bin/sh
		for last; do :; done
		case " $* " in
		*" \$last "*) exit 1 ;;
		esac
		echo installed
	EOT
	tool apt-get <<-EOT
		#!/bin/sh
		echo "apt-get \$*" >>"$T/calls"
	EOT
	tool apt-cache <<-EOT
		#!/bin/sh
		exit 0
	EOT
	tool sudo <<-'EOT'
		#!/bin/sh
		exec "$@"
	EOT
}
bootstrap() {
	status=0
	PATH=$T/bin "$T/tree/bootstrap" "$@" >"$T/out" 2>&1 </dev/null ||
		status=$?
}
calls() {
	grep -c "^$1" "$T/calls"
}

fresh_tree
apt_without
bootstrap
is "with all packages there it builds" "$status" 0
is "installing nothing" "$(calls apt-get)" 0
is "generating once" "$(calls autoreconf)" 1
is "configuring once" "$(calls configure)" 1
bootstrap
is "a second run works" "$status" 0
is "and does not generate again" "$(calls autoreconf)" 1
is "nor configure again" "$(calls configure)" 1
check "a changed configure.ac" touch "$T/tree/configure.ac"
bootstrap
is "generates again" "$(calls autoreconf)" 2

fresh_tree
apt_without libdwarf-dev libelf-dev
bootstrap
is "with two packages missing it builds" "$status" 0
check "having installed these two" grep -q \
	'^apt-get .*install .* libdwarf-dev libelf-dev$' "$T/calls"
check "and nothing of the check" sh -c "! grep -q shellcheck '$T/calls'"

install_named() { # PACKAGE MANAGER, QUERY TOOL, PACKAGE
	fresh_tree
	tool "$1" </dev/null
	tool "$2" <<-'EOT'
		#!/bin/sh
		exit 1
	EOT
	bootstrap
	is "$1: ends with 1" "$status" 1
	check "$1: names $3" grep -q "    $1 .* $3" "$T/out"
	is "$1: builds nothing" "$(calls make)" 0
}
install_named dnf rpm elfutils-libelf-devel
install_named zypper rpm libjansson-devel
install_named pacman pacman capstone
install_named apk apk readline-dev

fresh_tree
apt_without
bootstrap check
is "a check that passes ends with 0" "$status" 0
is "its last line counts both builds" "$(tail -n 1 "$T/out")" \
	"2 passed, 0 failed, 0 skipped"

fresh_tree
apt_without
bootstrap
echo 'HAVE_CHECK_TRUE = #' >"$T/tree/build/Makefile"
bootstrap check
is "a build that was made without libcheck is configured again" \
	"$(calls configure)" 3
bootstrap
is "and not each time" "$(calls configure)" 3

fresh_tree
apt_without
cat >"$T/results" <<'EOT'
printf ':test-result: PASS\n:test-result: FAIL\n:test-result: ERROR\n' >a.trs
printf 'ok 1 - fine\nnot ok 2 - broken thing\n' >a.log
printf ':test-result: ERROR\n' >b.trs
printf 'Bail out! lost\n' >b.log
printf ':test-result: SKIP\n:test-result: SKIP\n' >c.trs
printf 'ok 1 - one # SKIP no such tool\nok 2 - two # SKIP no such kernel\n' \
	>c.log
printf ':test-result: SKIP\n' >d.trs
printf '1..0 # SKIP not here\n' >d.log
echo '# TOTAL: 7'
EOT
bootstrap check
is "a check that fails ends with 1" "$status" 1
is "and counts each failure once" "$(tail -n 1 "$T/out")" \
	"2 passed, 4 failed, 6 skipped"
check "it shows the log of what failed" grep -q 'broken thing' "$T/out"
check "and of what broke off" grep -q 'Bail out! lost' "$T/out"
for reason in "one: no such tool" "two: no such kernel" "not here"; do
	check "it says the skip's reason: $reason" grep -q \
		"^skipped: .*: $reason" "$T/out"
done

fresh_tree
apt_without
echo 'echo "cc: error: no"; echo "make: *** stop"' >"$T/results"
bootstrap check
is "a check in which nothing ran ends with 1" "$status" 1
check "and says what stopped it" grep -q 'cc: error: no' "$T/out"
done_testing

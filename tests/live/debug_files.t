#!/bin/sh
# Debug information that lies elsewhere or is packed: the stack is the same as
# with that of an ordinary program; what is missing or of another build is said.
# shellcheck source=tests/lib/tap.sh
. "$top_srcdir/tests/lib/tap.sh"
need_ptrace
need jq objcopy

cc=${HS_CC:-cc}
source=$top_srcdir/tests/fixtures/frames.c
FIXTURES=$T/bin
mkdir "$FIXTURES"
build() { # OPTION...
	rm -f "$FIXTURES"/*
	(cd "$FIXTURES" && $cc -g -O2 "$@" -pthread -I"$top_srcdir" \
		-o frames "$source") 2>"$T/cc"
}
stack() { # HEAPSCOPE-OPTION...
	start_fixture frames
	hs --json "$@" -p "$PID" bt
	jq -r '.rows[] | select((.file // "") | test("/frames[.][ch]$")) |
		"\(.function) \(.file | sub(".*/"; "")):\(.line) \(.inlined)"' \
		"$T/out" >"$T/stack"
	exec 9>&-
	wait "$PID" || bail "frames ended with $?"
}
same() { # WHAT HEAPSCOPE-OPTION...
	same=$1
	shift
	stack "$@"
	is "$same: the same stack" "$(cat "$T/stack")" "$(cat "$T/wanted")"
	is "$same: no warning" "$(jq -c .warnings "$T/out")" "[]"
}
says() { # WHAT WORDS
	stack
	# shellcheck disable=SC2016 # it is for jq
	check "$1: a warning says so" jq -e --arg words "$2" \
		'.warnings | any(test($words))' "$T/out"
	check "$1: it is not used" sh -c "! grep -q frames_pass '$T/stack'"
}

build -gdwarf-5 || bail "$(head -n 1 "$T/cc")"
stack
cp "$T/stack" "$T/wanted"
check "an ordinary program has inlined functions" grep -q "frames_pass.* true" \
	"$T/wanted"
cp "$FIXTURES/frames" "$T/plain"

if build -gdwarf-5 -gz=zlib; then
	same "compressed by zlib"
else
	skip "compressed by zlib" "$(head -n 1 "$T/cc")"
fi
if objcopy --compress-debug-sections=zstd "$T/plain" "$FIXTURES/frames" \
	2>"$T/objcopy"; then
	same "compressed by zstd"
else
	skip "compressed by zstd" "$(head -n 1 "$T/objcopy")"
fi

# Each .dwo of the other one's build, too.
package() { # VERSION
	if [ "$1" = 4 ]; then
		dwp -e frames -o frames.dwp
	else
		llvm-dwp ./*.dwo -o frames.dwp
	fi
}
for version in 4 5; do
	build -gdwarf-$version -gsplit-dwarf || bail "$(head -n 1 "$T/cc")"
	mv "$FIXTURES/"*.dwo "$T/$version.dwo"
done
for version in 4 5; do
	what="DWARF $version, split"
	build -gdwarf-$version -gsplit-dwarf
	dwo=$(echo "$FIXTURES/"*.dwo)
	same "$what"
	if (cd "$FIXTURES" && package $version) 2>"$T/dwp"; then
		mv "$dwo" "$T/away.dwo"
		same "$what, in a package"
		rm "$FIXTURES/frames.dwp"
	else
		mv "$dwo" "$T/away.dwo"
		skip "$what, in a package" "$(tail -n 1 "$T/dwp")"
	fi
	says "$what, without the .dwo" "dwo is not there"
	cp "$T/$((9 - version)).dwo" "$dwo"
	says "$what, of another build" "dwo .*another build"
	mkdir "$T/moved"
	mv "$FIXTURES/frames" "$T/moved"
	cp "$T/away.dwo" "$T/moved/$(basename "$dwo")"
	FIXTURES=$T/moved
	rm "$dwo"
	same "$what, moved"
	FIXTURES=$T/bin
	rm -r "$T/moved"
done

if command -v dwz >/dev/null; then
	build -gdwarf-5
	cp "$FIXTURES/frames" "$FIXTURES/other"
	dwz -m "$T/shared" -M "$T/shared" "$FIXTURES/frames" \
		"$FIXTURES/other" || bail "dwz failed"
	same "shared by dwz"
	mv "$T/shared" "$T/kept"
	says "shared by dwz, not there" "shared .*is not there"
	cp "$T/plain" "$T/shared"
	says "shared by dwz, another's" "shared is of another build"
	rm "$T/shared"
	cp "$FIXTURES/frames" "$T/linked"
	strip "$FIXTURES/frames"
	check "stripped: the link to what dwz shared stays" \
		sh -c "readelf -S '$FIXTURES/frames' | grep -q gnu_debugaltlink"
	for command in bt types; do
		start_fixture frames
		hs --json -p "$PID" "$command"
		is "stripped: $command misses nothing that was shared" \
			"$(jq '[.warnings[] | select(test("shared"))]' \
				"$T/out")" "[]"
		exec 9>&-
		wait "$PID" || bail "frames ended with $?"
	done
	cp "$T/linked" "$FIXTURES/frames"
	id=$(readelf -n "$T/kept" | sed -n 's/.*Build ID: //p')
	folder=$T/debug/.build-id/$(echo "$id" | cut -c 1-2)
	mkdir -p "$folder"
	cp "$T/kept" "$folder/$(echo "$id" | cut -c 3-).debug"
	same "shared by dwz, by its build-id" --debug-dir "$T/debug"
else
	skip "shared by dwz" "dwz is not installed"
fi
# --- separate files: where they are found, and that another's is not used
build -gdwarf-5 -Wl,--build-id=0x50aa51 || bail "$(head -n 1 "$T/cc")"
objcopy --only-keep-debug "$FIXTURES/frames" "$T/its.debug"
build -gdwarf-5 -Wl,--build-id=0x50aa52
objcopy --only-keep-debug "$FIXTURES/frames" "$T/others.debug"
stripped() { # OPTION...: frames without debug information, by build-id alone
	build -gdwarf-5 -Wl,--build-id=0x50aa51 "$@" &&
		objcopy --strip-debug "$FIXTURES/frames"
}
put() { # FILE FOLDER: as the debug file there
	mkdir -p "$2/.build-id/50"
	cp "$1" "$2/.build-id/50/aa51.debug"
}
stripped || bail "$(head -n 1 "$T/cc")"
put "$T/its.debug" "$T/right"
put "$T/others.debug" "$T/wrong"
mkdir "$T/empty"
same "several folders" --debug-dir "$T/empty:$T/right"
same "several folders, given apart" --debug-dir "$T/empty" \
	--debug-dir "$T/right"
same "another's in the first folder" --debug-dir ":$T/wrong::$T/right"
not_used() { # WHAT HEAPSCOPE-OPTION...
	not_used=$1
	shift
	stack "$@"
	check "$not_used: it is not used" sh -c \
		"! grep -q frames_pass '$T/stack'"
	check "$not_used: a warning says so" jq -e \
		'.warnings | any(test("build-id differs"))' "$T/out"
}
not_used "another's in the last folder" --debug-dir "$T/empty:$T/wrong"
put "$T/its.debug" "$T/sysroot/debug"
same "below --sysroot" --sysroot "$T/sysroot" --debug-dir /debug
same "not below --sysroot, but here" --sysroot "$T/empty" \
	--debug-dir "$T/right"
put "$T/others.debug" "$T/sysroot/debug"
not_used "another's below --sysroot" --sysroot "$T/sysroot" --debug-dir /debug

# Of a process in a mount namespace with a file system that only it has, and
# in roots of its own, where it is a static program.
if [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null; then
	cat >"$T/within" <<END
#!/bin/sh
mount -t tmpfs none "$T/empty" && cp -r "\$WITHIN/.build-id" "$T/empty" || exit
exec "\$@"
END
	chmod +x "$T/within"
	FIXTURE_ENV="WITHIN=$T/right unshare -m $T/within"
	same "in a mount namespace" --debug-dir "$T/empty"
	FIXTURE_ENV="WITHIN=$T/wrong unshare -m $T/within"
	not_used "another's in a mount namespace" --debug-dir "$T/empty"
	FIXTURE_ENV=
else
	skip "in a mount namespace" "needs root and unshare"
fi
confined=$top_builddir/tests/fixtures/confined
if [ "$(id -u)" = 0 ] && stripped -static && [ -x "$confined" ]; then
	mkdir "$T/jail"
	cp "$FIXTURES/frames" "$T/jail"
	build -static -gdwarf-5 -Wl,--build-id=0x50aa51
	objcopy --only-keep-debug "$FIXTURES/frames" "$T/static.debug"
	cp "$confined" "$FIXTURES"
	stack_in() { # HOW HEAPSCOPE-OPTION...
		how=$1
		shift
		start_fixture confined "$how" "$T/jail" /frames
		hs --json "$@" -p "$PID" bt
		jq -r '.rows[] | select((.file // "") |
			test("/frames[.][ch]$")) | .function' "$T/out" \
			>"$T/stack"
		exec 9>&-
		wait "$PID" || bail "frames ended with $?"
	}
	for how in chroot mount; do
		put "$T/static.debug" "$T/jail/debug"
		stack_in "$how" --debug-dir /debug
		check "$how: a debug file in its root is found" \
			grep -q frames_pass "$T/stack"
		put "$T/others.debug" "$T/jail/debug"
		stack_in "$how" --debug-dir /debug
		check "$how: another's is not used" sh -c \
			"! grep -q frames_pass '$T/stack'"
		check "$how: another's: a warning says so" jq -e \
			'.warnings | any(test("build-id differs"))' "$T/out"
		put "$T/static.debug" "$T/here"
		stack_in "$how" --debug-dir "/none:$T/here"
		check "$how: one here is found, too" \
			grep -q frames_pass "$T/stack"
	done
else
	skip "in a root of its own" "needs root and a static program"
fi
done_testing

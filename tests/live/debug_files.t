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
done_testing

# Inside gdb, for each line "PID FILE" of stdin: what it tells of the stacks of
# that process, into FILE; then "done" to stdout.  Of every frame with a source,
# the threads by number, the innermost frame first:
#   frame THREAD NUMBER FUNCTION<tab>FILE:LINE [inlined]
#   var THREAD NUMBER FUNCTION<tab>NAME = VALUE
# Run by: gdb -q -batch -nx -iex 'set debuginfod enabled off' -x gdb_frames.py
import os
import sys
import gdb

gdb.execute("set confirm off")
gdb.execute("set pagination off")
gdb.execute("set print entry-values no")
# main's caller knows its arguments.
gdb.execute("set backtrace past-main on")


def variables(frame):
    block = frame.block()
    while block:
        for symbol in block:
            if (symbol.is_argument or symbol.is_variable or
                    symbol.is_constant):
                yield symbol
        if block.function:
            return
        block = block.superblock


def value_of(symbol, frame):
    try:
        return symbol.value(frame).format_string(deref_refs=True)
    except (gdb.error, UnicodeError) as e:
        return "<error: %s>" % e


def tell_frame(tid, number, frame, out):
    sal = frame.find_sal()
    if not sal.symtab or not frame.name():
        return
    print("frame %d %d %s\t%s:%d%s" % (
        tid, number, frame.name(), os.path.basename(sal.symtab.filename),
        sal.line, " inlined" if frame.type() == gdb.INLINE_FRAME else ""),
          file=out)
    frame.select()
    try:
        symbols = list(variables(frame))
    except RuntimeError:  # no block is known
        return
    for symbol in symbols:
        print("var %d %d %s\t%s = %s" % (
            tid, number, frame.name(), symbol.name, value_of(symbol, frame)),
              file=out)


def tell_thread(thread, out):
    thread.switch()
    frame = gdb.newest_frame()
    number = 0
    while frame:
        # Left nothing on the stack: gdb infers it from who calls whom.
        if frame.type() != gdb.TAILCALL_FRAME:
            tell_frame(thread.ptid[1], number, frame, out)
            number += 1
        frame = frame.older()


for line in sys.stdin:
    pid, name = line.split()
    gdb.execute("attach " + pid, to_string=True)
    with open(name, "w", errors="backslashreplace") as out:
        for thread in sorted(gdb.selected_inferior().threads(),
                             key=lambda t: t.ptid[1]):
            tell_thread(thread, out)
    gdb.execute("detach", to_string=True)
    print("done", flush=True)

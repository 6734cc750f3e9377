# Inside gdb, of every frame whose source is NAME.c or NAME.h, the threads by
# number, innermost frame first:
#   frame THREAD FUNCTION FILE:LINE [inlined]
#   var THREAD FUNCTION NAME = VALUE
# Run by: gdb -batch -ex "py name = 'NAME'" -p PID -x gdb_frames.py
import os
import gdb

gdb.execute("set print entry-values no")
# main's caller knows its arguments.
gdb.execute("set backtrace past-main on")


def frames():
    frame = gdb.newest_frame()
    while frame:
        yield frame
        frame = frame.older()


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


for thread in sorted(gdb.selected_inferior().threads(), key=lambda t: t.ptid[1]):
    thread.switch()
    for frame in frames():
        sal = frame.find_sal()
        # Left nothing on the stack: gdb infers it from who calls whom.
        if not sal.symtab or frame.type() == gdb.TAILCALL_FRAME:
            continue
        path = os.path.basename(sal.symtab.filename)
        if path not in (name + ".c", name + ".h"):  # noqa: F821
            continue
        inlined = frame.type() == gdb.INLINE_FRAME
        print("frame", thread.ptid[1], frame.name(),
              "%s:%d" % (path, sal.line), *(["inlined"] if inlined else []))
        for symbol in variables(frame):
            print("var", thread.ptid[1], frame.name(), symbol.name, "=",
                  symbol.value(frame))

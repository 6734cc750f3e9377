# Inside gdb, for each line "PID FILE" of stdin: what it tells of the stacks of
# that process, into FILE; then "done" to stdout.  Of every frame with a source,
# the threads by number, the innermost frame first:
#   frame THREAD NUMBER FUNCTION<tab>FILE:LINE [inlined|tail call]
#   args THREAD NUMBER FUNCTION<tab>NAME=VALUE, ...  (as bt has them)
#   var THREAD NUMBER FUNCTION<tab>NAME = VALUE
# Run by: gdb -q -batch -nx -iex 'set debuginfod enabled off' -x gdb_frames.py
import os
import sys
import gdb

gdb.execute("set confirm off")
gdb.execute("set pagination off")
# main's caller knows its arguments.
gdb.execute("set backtrace past-main on")


KINDS = {gdb.INLINE_FRAME: " inlined", gdb.TAILCALL_FRAME: " tail call"}


def variables(frame):
    block = frame.block()
    while block:
        for symbol in block:
            # Labels have this type.
            if str(symbol.type) != "__CORE_ADDR" and (
                    symbol.is_argument or symbol.is_variable or
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


def args_of(frame):
    # What was inlined was not entered: gdb tells of what surrounds it.
    inlined = frame.type() == gdb.INLINE_FRAME
    gdb.execute("set print entry-values " + ("no" if inlined else "default"))
    text = gdb.execute("frame", to_string=True).split("\n", 1)[0]
    for name in (frame.name(), frame.name().split("(")[0]):
        begin = text.find(name + " (")
        if begin >= 0:
            begin += len(name) + 2
            return text[begin:text.rindex(") at ", begin)]
    return "<not told>"


def tell_frame(tid, number, frame, out):
    sal = frame.find_sal()
    if not sal.symtab or not frame.name():
        return
    print("frame %d %d %s\t%s:%d%s" % (
        tid, number, frame.name(), os.path.basename(sal.symtab.filename),
        sal.line, KINDS.get(frame.type(), "")), file=out)
    frame.select()
    print("args %d %d %s\t%s" % (tid, number, frame.name(), args_of(frame)),
          file=out)
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

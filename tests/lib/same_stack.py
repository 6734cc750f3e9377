# What gdb tells of arguments and variables against what heapscope tells, for
# each line "args|vars GDB OURS OUT" of stdin: what differs, into the file OUT,
# nothing if all is well; then "done" to stdout.  The files GDB and OURS have
# lines as gdb_frames.py writes them.  Where gdb says <optimized out> we may know more: it resolves no call of
# a function that link-time optimization has copied, nor of one with another
# name.  Where it shows a register that a call may have changed since we say that
# it is not known.  Symbols it demangles as Ada's: "kwlist.2" is "kwlist" there,
# "a__b" is "a.b".
import contextlib
import re
import sys

LOST = "<optimized out>"
UNKNOWN = "<in a register that is not known>"


def as_ada(symbol):
    return "<" + re.sub(r"\.\d+$", "", symbol.group(1)).replace("__", ".")


def read(name):
    with open(name, errors="backslashreplace") as f:
        for line in f:
            where, _, rest = line.rstrip("\n").partition("\t")
            yield where, re.sub(r"<([A-Za-z_][\w.]*)", as_ada, rest)


def arguments(text):
    """In order: (name, value); n=n@entry=3 is two."""
    parts = re.split(r"(?:^|, )([A-Za-z_]\w*(?:@entry)?)=", text)[1:]
    for name, value in zip(parts[::2], parts[1::2]):
        same = re.match(re.escape(name) + "@entry=(.*)", value, re.S)
        yield name, same.group(1) if same else value
        if same:
            yield name + "@entry", same.group(1)


def same_args(told, ours):
    for (where, gdb), (here, text) in zip(told, ours):
        wanted = list(arguments(gdb))
        have = list(arguments(text))
        names = [[n for n, _ in side if not n.endswith("@entry")]
                 for side in (wanted, have)]
        missing = [pair for pair in wanted
                   if pair[1] != LOST and pair not in have]
        if where != here or names[0] != names[1] or missing:
            print("%s\n  gdb:  %s\n  ours: %s" % (where, gdb, text))


def by_name(lines):
    all = {}
    for where, rest in lines:
        name, _, value = rest.partition(" = ")
        all.setdefault((where, name), []).append(value)
    return all


def same_vars(told, ours):
    gdb, have = by_name(told), by_name(ours)
    for key in sorted(set(gdb) | set(have)):
        left, right = gdb.get(key, []), have.get(key, [])
        count = len(left) == len(right)
        for value in list(left):
            if value in right:
                left.remove(value)
                right.remove(value)
        # in part is not in parts
        left = [v for v in left if LOST not in v and "<synthetic" not in v]
        right = [v for v in right if v == UNKNOWN]
        if not count or len(left) > len(right):
            print(key, "gdb:", left, "ours:", have.get(key))


def compare(kind, told, ours):
    if kind == "vars":
        same_vars(told, ours)
        return
    same_args(told, ours)
    if len(told) != len(ours):
        print("gdb has %d frames, we %d" % (len(told), len(ours)))


for line in sys.stdin:
    kind, gdb_file, our_file, out_file = line.split()
    with open(out_file, "w", errors="backslashreplace") as out, \
            contextlib.redirect_stdout(out):
        compare(kind, list(read(gdb_file)), list(read(our_file)))
    print("done", flush=True)

"""Compares heapscope's used chunks with what the preloaded recorder noted.

compare_recorded.py RECORD CHUNKS.json THREADS.json

RECORD is the file of tests/lib/record.h.  The used chunks must be the
recorded blocks, address by address, and one tcache struct for each thread that
has one: nothing is missing, nothing else is there.  Usable sizes must be those
that malloc itself told.  Prints every difference; exit status 1 if there is one.
"""
import json
import struct
import sys


def recorded(path):
    with open(path, "rb") as file:
        lock, overflow, _pid, _program = struct.unpack("<IIqQ", file.read(24))
        if lock or overflow:
            sys.exit("the record is not usable: lock %d overflow %d"
                     % (lock, overflow))
        table = file.read()
    return {addr: size for addr, size in struct.iter_unpack("<QQ", table)
            if addr > 1}


def main():
    want = recorded(sys.argv[1])
    with open(sys.argv[2], encoding="utf-8") as file:
        chunks = json.load(file)
    with open(sys.argv[3], encoding="utf-8") as file:
        threads = json.load(file)
    got = {int(row["addr"], 16): row["size"] for row in chunks["rows"]}
    wrong = []
    if len(got) != len(chunks["rows"]):
        wrong.append("an address is listed twice")
    if not want:
        wrong.append("nothing was recorded")
    caches = {int(row["tcache"], 16): row["tid"] for row in threads["rows"]
              if row.get("tcache")}
    for addr in sorted(want.keys() - got.keys()):
        wrong.append("%#x (%d bytes) is live and not listed as used"
                     % (addr, want[addr]))
    for addr in sorted(got.keys() - want.keys() - caches.keys()):
        wrong.append("%#x (%d bytes) is listed as used and not live"
                     % (addr, got[addr]))
    for addr in sorted(caches.keys() - got.keys()):
        wrong.append("tcache %#x of thread %s is not listed as used"
                     % (addr, caches[addr]))
    for addr in want.keys() & got.keys():
        if got[addr] != want[addr]:
            wrong.append("%#x: %d usable bytes, not %d"
                         % (addr, got[addr], want[addr]))
    for line in wrong[:30]:
        print(line)
    print("%d recorded, %d listed, %d tcache structs, %d differences"
          % (len(want), len(got), len(caches), len(wrong)))
    return 1 if wrong else 0


sys.exit(main())

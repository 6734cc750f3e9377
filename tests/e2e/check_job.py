#!/usr/bin/env python3
"""Do the answers of one session agree with each other, and with the program?

check_job.py ANSWERS [MALLINFO]
ANSWERS   one JSON object a line, of: snapshot, heap, shell..., snapshot, heap,
          diff, chunks all, sizes, threads, maps, verify, bt
MALLINFO  what the program's own mallinfo2() said afterwards

Prints "ok WHAT" or "bad WHAT: DETAIL", one a line.
"""
import json
import sys
from collections import Counter


def say(good, what, detail=""):
    print("ok " + what if good else "bad %s: %s" % (what, detail))


def equal(what, got, wanted):
    say(got == wanted, what, "%s, not %s" % (got, wanted))


answers = [json.loads(line) for line in open(sys.argv[1]) if line.strip()]
by_name = {}
for a in answers:
    by_name.setdefault(a["command"].split()[0], []).append(a)


def answer(name, which=-1):
    return by_name[name][which]


def one_each():
    wanted = {"snapshot": 2, "heap": 2, "diff": 1, "chunks": 1, "sizes": 1,
              "threads": 1, "maps": 1, "verify": 1, "bt": 1}
    got = {name: len(by_name.get(name, [])) for name in wanted}
    equal("every command has its answer", got, wanted)
    bad = [a["command"] + ": " + a["error"]["message"] for a in answers
           if a.get("error")]
    equal("no answer is an error", bad, [])
    bad = [(a["command"], a["warnings"]) for a in answers
           if not a.get("complete", True)]
    equal("every answer is complete", bad, [])
    return got == wanted


def diff_ties():
    before, after = answer("heap", 0)["totals"], answer("heap")["totals"]
    rows = answer("diff")["rows"]
    new = sum(r["new_count"] for r in rows)
    gone = sum(r["gone_count"] for r in rows)
    kept = sum(r["kept_count"] for r in rows)
    equal("new and kept chunks are the used ones", new + kept,
          after["used_count"])
    equal("gone and kept chunks were the used ones", gone + kept,
          before["used_count"])
    bad = [r for r in rows
           if r["delta_bytes"] != r["new_bytes"] - r["gone_bytes"]]
    equal("delta is new less gone", bad, [])
    order = [r["delta_bytes"] for r in rows]
    equal("largest growth comes first", order, sorted(order, reverse=True))
    counts = {r["size"]: r["count"] for r in answer("sizes")["rows"]}
    bad = [r for r in rows
           if counts.get(r["size"], 0) != r["new_count"] + r["kept_count"]]
    equal("every class has its new and kept chunks in sizes", bad, [])


def chunks_tie():
    heap = answer("heap")
    rows = answer("chunks")["rows"]
    states = Counter(r["state"] for r in rows)
    for state in ("used", "free", "cached"):
        equal("heap counts the %s chunks" % state,
              heap["totals"][state + "_count"], states[state])
        equal("heap sums the %s chunks" % state,
              heap["totals"][state + "_bytes"],
              sum(r["chunk_size"] for r in rows if r["state"] == state))
    sizes = answer("sizes")["rows"]
    used = Counter(r["chunk_size"] for r in rows if r["state"] == "used")
    equal("sizes counts the used chunks", {r["size"]: r["count"] for r in sizes},
          dict(used))
    equal("sizes multiplies right",
          [r for r in sizes if r["bytes"] != r["count"] * r["size"]], [])
    for key in ("used_count", "used_bytes", "free_count", "cached_count",
                "system_bytes", "top_bytes"):
        equal("the arenas' %s make the total" % key,
              sum(r[key] or 0 for r in heap["rows"]), heap["totals"][key])
    bad, end = [], 0
    for r in sorted(rows, key=lambda r: int(r["addr"], 16)):
        at = int(r["addr"], 16)
        if at < end or at % 16 or r["size"] >= r["chunk_size"]:
            bad.append(r)
        end = at + r["size"]
    equal("no two chunks overlap", bad[:3], [])
    arenas = {r["arena"] for r in heap["rows"]}
    equal("every chunk is of an arena that heap lists",
          {r["arena"] for r in rows} - arenas, set())


def mallinfo_ties(told):
    said = answer("heap")["totals"]["mallinfo2"]
    rows = answer("chunks")["rows"]

    def total(*states):
        return sum(r["chunk_size"] for r in rows
                   if r["state"] in states and r["arena"] != "mmapped")
    equal("fordblks is free and top", said["fordblks"], total("free", "top"))
    equal("uordblks and fordblks are the arena",
          said["uordblks"] + said["fordblks"], said["arena"])
    overhead = said["uordblks"] - total("used", "cached")
    # Of each heap its header, of each arena its state, alignment, fences.
    heaps = sum(r["heaps"] or 0 for r in answer("heap")["rows"])
    say(0 <= overhead <= 5000 * heaps,
        "uordblks is used, cached and a small overhead",
        "%d in %d heaps" % (overhead, heaps))
    mapped = [r for r in rows if r["arena"] == "mmapped"]
    equal("hblks counts the mmapped chunks", said["hblks"], len(mapped))
    if told is not None:
        equal("the program's own mallinfo2 says the same", said, told)


def the_rest_ties():
    rows = answer("verify")["rows"]
    left = [r for r in rows if r["section"] == "what remains unexplained"]
    bad = [r for r in rows
           if r not in left and r["result"] not in ("ok", "skipped")]
    equal("verify finds nothing wrong", bad, [])
    equal("and no byte of the heap unexplained",
          [r["a"] for r in left if r["name"] == "heap bytes in no chunk"],
          [0])
    threads = answer("threads")["rows"]
    stacks = {r["tid"] for r in answer("bt")["rows"] if r.get("tid")}
    say(stacks <= {r["tid"] for r in threads} and stacks,
        "stacks are of known threads", stacks)
    maps = [int(r["start"], 16) for r in answer("maps")["rows"]]
    say(maps and maps == sorted(maps), "mappings are in order", maps[:3])


if one_each():
    diff_ties()
    chunks_tie()
    own = None
    if len(sys.argv) > 2:
        own = json.loads(open(sys.argv[2]).read().splitlines()[-1])
    mallinfo_ties(own)
    the_rest_ties()

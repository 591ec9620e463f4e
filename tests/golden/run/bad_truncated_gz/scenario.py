"""A truncated .gz fails with its name; what lies before the cut is not lost and not doubled when the whole file is there"""
from golden.millrace import Wrong, check_ledger, same

def numbers(*range_):
    return "".join('{"i":%d}\n' % i for i in range(*range_))


def check(a, n):
    same(a.lines("out.jsonl"), numbers(n).splitlines())
    same(a.table("rows"), [[("i", i)] for i in range(n)])
    check_ledger(a.name, a.report())



import gzip
import zlib


def run(place):
    a = place.attempt("truncated")
    whole = gzip.compress(numbers(20000).encode())
    half = whole[:len(whole) // 2]
    *before, open_line = zlib.decompressobj(31).decompress(half).decode().split("\n")
    if not (before and open_line):
        raise Wrong("the case needs lines before the cut, and one that is cut")
    (a.root / "input.jsonl.gz").write_bytes(half)
    a.run(exit=1, says=["input.jsonl.gz", "cut off", "--fresh"])
    same(a.lines("out.jsonl"), before)
    same([d["record"] for d in a.dead_letters()], [open_line])
    a.run(exit=1, says=["input.jsonl.gz"])
    same(a.lines("out.jsonl"), before)
    (a.root / "input.jsonl.gz").write_bytes(whole)
    a.run(exit=2, says=["input.jsonl.gz", "--fresh"])  # it is another file now than the one that was begun
    a.execute("delete from rows")
    a.run(["--fresh"])
    same(a.dead_letters(), [])
    check(a, 20000)

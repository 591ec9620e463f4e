"""A truncated .gz fails with its name, and no piece of a line is a record; with the whole file in its place the run goes on"""
import gzip
import zlib

from golden.millrace import Wrong, check_numbers, numbers, same


def run(place):
    a = place.attempt("truncated")
    whole = gzip.compress(numbers(20000).encode())
    half = whole[:len(whole) // 2]
    *before, open_line = zlib.decompressobj(31).decompress(half).decode().split("\n")
    if not (before and open_line):
        raise Wrong("the case needs lines before the cut, and one that is cut")
    (a.root / "input.jsonl.gz").write_bytes(half)
    a.run(exit=1, says=["input.jsonl.gz", "cut off", "run again"])
    same(a.lines("out.jsonl"), before)
    a.run(exit=1, says=["input.jsonl.gz"])
    same(a.lines("out.jsonl"), before)
    other = gzip.compress(numbers(1, 30000).encode())
    replace(a, other)
    a.run(exit=2, says=["input.jsonl.gz", "--fresh"])  # it is another file than the one that was begun
    replace(a, whole)
    a.run()
    same(a.dead_letters(), [])
    check_numbers(a, 20000)
    a.run()
    same(a.lines("out.jsonl"), numbers(20000).splitlines())


def replace(a, content):
    """Another file takes its place, as a second download does."""
    (a.root / "new.gz").write_bytes(content)
    (a.root / "new.gz").rename(a.root / "input.jsonl.gz")

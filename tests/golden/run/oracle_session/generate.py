"""Sessions of two partitions, out of order and late, that grow together; first, last and distinct values"""
import random

from golden.drawn import Visits
from golden.oracle import MINUTE, SECOND, iso, lines, sessions


def make(folder):
    drawn = Visits(random.Random(21))
    a, b = drawn.partition("in-a.jsonl", 1200, 6 * SECOND, 12 * MINUTE), drawn.partition("in-b.jsonl", 900, 8 * SECOND, 4 * MINUTE)
    for name, rows in (("in-a.jsonl", a), ("in-b.jsonl", b)):
        (folder / name).write_text(lines(drawn.written(r) for _, r in rows))
    found, late = sessions([a, b], 3 * MINUTE, delay=5 * MINUTE, lateness=MINUTE)
    rows = [{"u": user, **drawn.aggregate(of), "window_start": iso(start), "window_end": iso(end)} for (start, end, user), of in found.items()]
    long = [{"u": r["u"], "n": r["n"]} for r in rows if r["n"] >= 4]
    forgotten = [{**r, "window_start": None, "window_end": None} for r in rows]
    return {"out.jsonl": lines(rows), "ttl.jsonl": lines(forgotten), "long.jsonl": lines(long), "late.jsonl": lines(drawn.written(r) for r in late)}

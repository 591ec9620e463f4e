"""All time as one window, without event time: rows come at the end"""
import random

from golden.drawn import Visits
from golden.oracle import MINUTE, SECOND, lines


def make(folder):
    drawn = Visits(random.Random(22))
    a, b = drawn.partition("in-a.jsonl", 1500, 6 * SECOND, 12 * MINUTE), drawn.partition("in-b.jsonl", 900, 8 * SECOND, 4 * MINUTE)
    for name, rows in (("in-a.jsonl", a), ("in-b.jsonl", b)):
        (folder / name).write_text(lines(drawn.written(r) for _, r in rows))
    users = {}
    for _, r in a + b:
        users.setdefault(r["u"], []).append(r)
    rows = []
    for user, of in users.items():
        row = {"u": user, **drawn.aggregate(of)}
        for gone in ("entry", "last_page"):
            del row[gone]
        rows.append({**row, "window_start": None, "window_end": None})
    return {"out.jsonl": lines(rows), "all.csv": "n\n%d\n" % (len(a) + len(b))}

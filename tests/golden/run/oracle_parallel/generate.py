"""Four files in parallel that advance at different pace: lateness by the partition's own watermark"""
import random

from golden.drawn import Readings
from golden.oracle import MINUTE, SECOND, fold, groups, lines


def csv(rows):
    """Null is empty, empty text is quoted."""
    user = lambda u: "" if u is None else '""' if u == "" else u
    number = lambda n: "" if n is None else str(n)
    return "u,n,s\n" + "".join(f"{user(r['u'])},{r['n']},{number(r['s'])}\n" for r in rows)


def make(folder):
    drawn = Readings(random.Random(13))
    parts = [drawn.partition(n, step * SECOND, 10 * MINUTE) for n, step in [(900, 4), (500, 40), (5, 600), (700, 8)]]
    for i, rows in enumerate(parts):
        (folder / ("part%d.jsonl" % i)).write_text(lines(r for _, r in rows))
    windows, late = fold(parts, 10 * MINUTE, delay=3 * MINUTE)
    counts = groups(windows, ["u"], drawn.aggregate)
    (folder / "empty.jsonl").write_text("")
    return {"out.csv": csv(counts), "table.jsonl": lines(counts), "late.jsonl": lines(late), "rolled.jsonl": lines(counts)}

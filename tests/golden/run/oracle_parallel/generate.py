"""Four files in parallel that advance at different pace: lateness by the partition's own watermark"""
import math
import random

from golden.oracle import MINUTE, SECOND, fold, groups, iso, lines, micros


def csv(rows):
    """Null is empty, empty text is quoted."""
    user = lambda u: "" if u is None else '""' if u == "" else u
    number = lambda n: "" if n is None else str(n)
    return "u,n,s\n" + "".join(f"{user(r['u'])},{r['n']},{number(r['s'])}\n" for r in rows)


def make(folder):
    rng = random.Random(13)
    def record(time):
        user = rng.choice(["u%02d" % rng.randrange(40), "", None])
        return {"u": user, "t": iso(time), "i": rng.choice([None, rng.randrange(-1000, 1000)]), "d": rng.uniform(-1, 1) * 10 ** rng.randrange(-8, 15)}

    def partition(n, step, disorder):
        time, out = micros("2021-04-24T10:00:00Z"), []
        for _ in range(n):
            time += rng.randrange(step)
            r = record(time - rng.choice([0, 0, 0, rng.randrange(disorder)]))
            out.append((micros(r["t"]), r))
        return out

    def aggregate(rows):
        ints = [r["i"] for r in rows if r["i"] is not None]
        return {"n": len(rows), "s": sum(ints) if ints else None, "low": min(ints, default=None), "high": max(ints, default=None),
                "exact": math.fsum(r["d"] for r in rows), "positive": sum(r["d"] > 0 for r in rows)}

    parts = [partition(n, step * SECOND, 10 * MINUTE) for n, step in [(900, 4), (500, 40), (5, 600), (700, 8)]]
    for i, rows in enumerate(parts):
        (folder / ("part%d.jsonl" % i)).write_text(lines(r for _, r in rows))
    windows, late = fold(parts, 10 * MINUTE, delay=3 * MINUTE)
    counts = groups(windows, ["u"], aggregate)
    (folder / "empty.jsonl").write_text("")
    return {"out.csv": csv(counts), "table.jsonl": lines(counts), "late.jsonl": lines(late), "rolled.jsonl": lines(counts)}

"""Thousands of records out of order: every sink against the oracle"""
import math
import random

from golden.oracle import MINUTE, SECOND, fold, groups, iso, lines, micros


def make(folder):
    rng = random.Random(11)
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

    rows = partition(3000, 6 * SECOND, 8 * MINUTE)
    (folder / "input.jsonl").write_text(lines(r for _, r in rows))
    windows, late = fold([rows], 5 * MINUTE, delay=2 * MINUTE)
    counts = groups(windows, ["u"], aggregate)
    busiest = []
    for end in sorted({r["window_end"] for r in counts}):
        busiest += sorted((r for r in counts if r["window_end"] == end), key=lambda r: -r["n"])  # ties stay by key
    return {"out.jsonl": lines(counts), "table.jsonl": lines(busiest), "late.jsonl": lines({"t": r["t"], "u": r["u"]} for r in late)}

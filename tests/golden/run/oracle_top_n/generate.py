"""The first rows of each window, in an order with many ties: every sink against the oracle"""
import random

from golden.drawn import Readings
from golden.oracle import MINUTE, SECOND, fold, groups, lines


def first(rows, n, key):
    """The first n of each window; rows come by window and key, so that ties stay by key."""
    out = []
    for bounds in dict.fromkeys((r["window_end"], r["window_start"]) for r in rows):
        out += sorted((r for r in rows if (r["window_end"], r["window_start"]) == bounds), key=key)[:n]
    return out


def first_by(rows, n, column, key):
    """The same of each group, in the order of the whole window, with their places."""
    out = []
    for bounds in dict.fromkeys((r["window_end"], r["window_start"]) for r in rows):
        places = {}
        for r in sorted((r for r in rows if (r["window_end"], r["window_start"]) == bounds), key=key):
            places[r[column]] = place = places.get(r[column], 0) + 1
            if place <= n:
                out.append({**r, "place": place})
    return out


def make(folder):
    drawn = Readings(random.Random(23))
    rows = drawn.partition(2500, 6 * SECOND, 8 * MINUTE)
    (folder / "input.jsonl").write_text(lines(r for _, r in rows))

    def sums(of):
        ints = [r["i"] for r in of if r["i"] is not None]
        return {"n": len(of), "s": sum(ints) if ints else None}

    counts = groups(fold([rows], 5 * MINUTE, delay=2 * MINUTE)[0], ["u"], sums)
    slides = groups(fold([rows], 10 * MINUTE, 5 * MINUTE, delay=2 * MINUTE)[0], ["u"], sums)
    ever = [{**r, "window_start": None, "window_end": None} for r in groups({(0, 0): [r for _, r in rows]}, ["u"], sums)]
    busiest = lambda r: -r["n"]
    named = [{"u": r["u"], "n": r["n"], "s": r["s"], "window_start": r["window_start"], "window_end": r["window_end"], "even": r["n"] % 2}
             for r in counts if r["n"] > 1 and r["u"]]
    busy = [{"u": r["u"], "n": r["n"], "s": r["s"], "window_start": r["window_start"], "window_end": r["window_end"], "even": r["n"] % 2}
            for r in counts if r["n"] > 1]
    best = [{k: v for k, v in r.items() if k != "place"} for r in first_by(slides, 1, "n", lambda r: (r["s"] is not None, -(r["s"] or 0)))]
    return {"by_group.jsonl": lines(first_by(busy, 2, "even", busiest)),
            "best.jsonl": lines(best),
            "top.jsonl": lines(first(counts, 3, busiest)),
            "table.jsonl": lines(first(counts, 1, lambda r: (r["s"] is None, r["s"]))),  # nulls last
            "named.jsonl": lines(first(named, 4, lambda r: (r["even"], -r["n"]))),
            "slid.jsonl": lines(first(slides, 5, busiest)),
            "all.jsonl": lines(first(counts, 1000, busiest)),
            "totals.jsonl": lines(first(ever, 7, busiest))}

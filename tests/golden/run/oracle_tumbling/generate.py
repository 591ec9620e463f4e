"""Thousands of records out of order: every sink against the oracle"""
import random

from golden.drawn import Readings
from golden.oracle import MINUTE, SECOND, fold, groups, lines


def make(folder):
    drawn = Readings(random.Random(11))
    rows = drawn.partition(3000, 6 * SECOND, 8 * MINUTE)
    (folder / "input.jsonl").write_text(lines(r for _, r in rows))
    windows, late = fold([rows], 5 * MINUTE, delay=2 * MINUTE)
    counts = groups(windows, ["u"], drawn.aggregate)
    busiest = []
    for end in sorted({r["window_end"] for r in counts}):
        busiest += sorted((r for r in counts if r["window_end"] == end), key=lambda r: -r["n"])  # ties stay by key
    return {"out.jsonl": lines(counts), "table.jsonl": lines(busiest), "late.jsonl": lines({"t": r["t"], "u": r["u"]} for r in late)}

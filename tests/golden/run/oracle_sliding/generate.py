"""Sliding windows with allowed lateness and having, late for some windows and not for others"""
import random

from golden.drawn import Readings
from golden.oracle import MINUTE, SECOND, fold, groups, lines


def make(folder):
    drawn = Readings(random.Random(12))
    rows = drawn.partition(2500, 8 * SECOND, 25 * MINUTE)
    (folder / "input.jsonl").write_text(lines(r for _, r in rows))
    windows, late = fold([rows], 15 * MINUTE, 5 * MINUTE, delay=MINUTE, lateness=2 * MINUTE)
    counts = [r for r in groups(windows, ["u"], drawn.aggregate) if r["n"] >= 3]
    return {"out.jsonl": lines(counts), "table.jsonl": lines(counts), "late.jsonl": lines(late)}

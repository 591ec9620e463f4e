"""Rows by partition; each is looked at in the order of event time, partition and position, beside the last of its key that came out."""
import random

from golden.joins import by_key, draw, with_marks
from golden.oracle import MINUTE, SECOND, iso, lines

DELAY = 5 * SECOND


def first_of(rows, key, ttl):
    """rows in order. Those that come out."""
    given, out = {}, []
    for r in rows:
        if key(r) not in given or r["at"] - given[key(r)] >= ttl:
            given[key(r)] = r["at"]
            out.append(r)
    return out


def make(folder):
    rng = random.Random(31)
    partitions = [draw(rng, "left", p) for p in range(2)]
    for p in range(2):
        (folder / f"left-{p}.jsonl").write_text(lines({"k": r["key"], "n": r["number"], "at": iso(t), "x": r["x"]} for t, r in partitions[p]))
    marked = with_marks(partitions, DELAY)

    def taken(lateness=0):
        on_time = lambda row, watermark: watermark is None or row["at"] >= watermark - lateness * SECOND
        rows = sorted((row for row, watermark in marked if on_time(row, watermark)), key=lambda r: r["order"])
        return rows, [row for row, watermark in marked if not on_time(row, watermark)]
    rows, late = taken()
    unique = first_of(rows, lambda r: r["key"], 10 * SECOND)
    by_two = first_of([r for r in taken(4)[0] if r["number"] % 2 == 0], lambda r: (r["key"], r["x"]), 3600 * SECOND)
    minutes = {}
    for r in unique:
        minutes.setdefault((r["at"] // MINUTE, r["key"]), []).append(r["number"])
    # A right row counts for the left ones that its own partition has not gone past.
    pairs = [(l, r) for l in rows for r, watermark in sorted(marked, key=lambda m: m[0]["order"])
             if l["key"] is not None and r["key"] == l["key"] and -5 * SECOND <= r["at"] - l["at"] <= 0 and
             (watermark is None or (l["at"] >= watermark and r["at"] + 5 * SECOND >= watermark))]
    one_pair = first_of([{"at": l["at"], "key": l["key"], "l": l["number"], "r": r["number"]} for l, r in pairs], lambda p: p["key"], 20 * SECOND)
    shown = lambda r: {"k": r["key"], "n": r["number"], "at": iso(r["at"]), "x": r["x"]}
    by_end = lambda rows: sorted(rows, key=lambda r: (r["at"], by_key(r["key"])))
    assert late and 20 < len(unique) < len(rows) and len(one_pair) > 5 and any(r["key"] is None for r in unique)
    return {
        "unique_out.jsonl": lines({**shown(r), "window_start": iso(r["at"]), "window_end": iso(r["at"] + 1)} for r in by_end(unique)),
        "by_two_out.jsonl": lines({"n": r["number"], "k": "none" if r["key"] is None else r["key"], "start": iso(r["at"])}
                                  for r in sorted(by_two, key=lambda r: (r["at"], by_key(r["key"]), (r["x"] is None, r["x"] or 0)))),
        "minutes_out.jsonl": lines({"k": k, "rows": len(n), "sum": sum(n), "window_start": iso(m * MINUTE), "window_end": iso((m + 1) * MINUTE)}
                                   for (m, k), n in sorted(minutes.items(), key=lambda g: (g[0][0], by_key(g[0][1])))),
        "one_pair_out.jsonl": lines({"k": p["key"], "l": p["l"], "r": p["r"], "end": iso(p["at"] + 1)} for p in by_end(one_pair)),
        "late_out.jsonl": lines(shown(r) for r in late),
    }

"""Rows of two sides, each by partition; what comes out is looked up left row by left row from the definition."""
import random

from golden.joins import by_key, draw, of, time_of, with_marks
from golden.oracle import SECOND, iso, lines

SALE_DELAY, RATE_DELAY = 5 * SECOND, 3 * SECOND


def versions(left, right, how, late_versions, lateness=0, deleted=lambda row: False):
    """Pairs of (left row, version or none), and the late rows of both sides."""
    has_fired = lambda time, watermark: watermark is not None and time < watermark - lateness * SECOND
    out = []
    for l in sorted((row for row, watermark in left if not has_fired(row["at"], watermark)), key=lambda r: (r["at"], by_key(r["key"]), r["order"])):
        known = [r for r, watermark in right if l["key"] is not None and r["key"] == l["key"] and r["at"] <= l["at"] and
                 not has_fired(r["at"] + late_versions * SECOND, watermark) and not has_fired(l["at"], watermark)]
        newest = max(known, key=lambda r: r["order"], default=None)
        newest = None if newest is None or deleted(newest) else newest
        if newest is not None or how == "left":
            out.append((l, newest))
    late_right = [r for r, watermark in right if r["key"] is not None and has_fired(r["at"] + late_versions * SECOND, watermark)]
    return out, [row for row, watermark in left if has_fired(row["at"], watermark)], late_right


def make(folder):
    rng = random.Random(23)
    lefts, rights = [draw(rng, "left", p) for p in range(2)], [draw(rng, "right", p) for p in range(2)]
    gone = lambda row: row["x"] == 0.5
    for p in range(2):
        (folder / f"left-{p}.jsonl").write_text(lines({"k": r["key"], "n": r["number"], "at": iso(t)} for t, r in lefts[p]))
        (folder / f"right-{p}.jsonl").write_text(lines({"code": r["key"], "v": r["number"], "gone": True if gone(r) else None if r["x"] is None else False, "since": iso(t)}
                                                       for t, r in rights[p]))
    left, right = with_marks(lefts, SALE_DELAY), with_marks(rights, RATE_DELAY)
    priced, _, late_right = versions(left, right, "left", 4, deleted=gone)
    known, late_left, _ = versions(left, right, "inner", 86_400, lateness=4, deleted=lambda r: r["number"] % 3 == 0)
    either, _, _ = versions(left, right, "left", 0)
    changes, _, _ = versions(right, right, "inner", 86_400)
    shown = lambda row: None if row is None else True if gone(row) else None if row["x"] is None else False
    assert late_left and late_right and any(r is None for _, r in priced) and any(l is not r for l, r in changes)
    return {
        "priced_out.jsonl": lines({"k": l["key"], "n": l["number"], "v": of(r, "number"), "since": time_of(r), "start": iso(l["at"])} for l, r in priced),
        "known_out.jsonl": lines({"k": l["key"], "n": l["number"], "at": iso(l["at"]), "v": r["number"], "gone": shown(r), "since": iso(r["at"]),
                                  "window_start": iso(l["at"]), "window_end": iso(l["at"] + 1)} for l, r in known),
        "any_out.jsonl": lines({"n": l["number"], "v": of(r, "number"), "gone": shown(r)} for l, r in either),
        "changes_out.jsonl": lines({"code": l["key"], "v": l["number"], "same": l["number"] == r["number"]} for l, r in changes),
        "late_left_out.jsonl": lines({"k": r["key"], "n": r["number"], "at": iso(r["at"])} for r in late_left if r["key"] is not None),
        "late_right_out.jsonl": lines({"v": r["number"]} for r in late_right),
    }

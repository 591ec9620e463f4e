"""Rows of two sides, each by partition; what comes out is computed left row by left row from the definition."""
import random

from golden.joins import by_key, draw, of, time_of, with_marks
from golden.oracle import MINUTE, SECOND, iso, lines

ORDER_DELAY, PAYMENT_DELAY = 5 * SECOND, 3 * SECOND


class Joined:
    """before, after, lateness in seconds."""

    def __init__(self, left, right, how, before, after, lateness=0, most=None):
        self.before, self.after, self.lag = before * SECOND, after * SECOND, (max(0, after) + lateness) * SECOND
        taken = [row for row, watermark in left if not self.has_fired(row["at"], watermark)]
        self.late_left = [row for row, watermark in left if self.has_fired(row["at"], watermark)]
        self.late_right = [row for row, watermark in right if row["key"] is not None and self.has_fired(row["at"] + self.before, watermark)]
        self.rows, self.letters = [], []
        for l in sorted(taken, key=lambda r: (r["at"], by_key(r["key"]), r["order"])):
            met = sorted((r for r, watermark in right if l["key"] is not None and r["key"] == l["key"] and
                          -self.before <= r["at"] - l["at"] <= self.after and not self.has_fired(l["at"], watermark)),
                         key=lambda r: r["order"])
            if most is not None and len(met) > most:
                self.letters.append((l, len(met)))
            elif how == "anti" or not met:
                self.rows += [(l, None)] if how != "inner" and not met else []
            else:
                self.rows += [(l, r) for r in met]

    def has_fired(self, time, watermark):
        """Whether left rows of this time come out at that watermark: those that lie below it by more than the lag."""
        return watermark is not None and time < watermark - self.lag


def make(folder):
    rng = random.Random(11)
    lefts, rights = [draw(rng, "left", p) for p in range(2)], [draw(rng, "right", p) for p in range(2)]
    for p in range(2):
        (folder / f"left-{p}.jsonl").write_text(lines({"k": r["key"], "n": r["number"], "at": iso(t), "x": r["x"]} for t, r in lefts[p]))
        (folder / f"right-{p}.jsonl").write_text(lines({"key": r["key"], "v": r["number"], "paid_at": iso(t)} for t, r in rights[p]))
    left, right = with_marks(lefts, ORDER_DELAY), with_marks(rights, PAYMENT_DELAY)
    around, behind = Joined(left, right, "inner", 4, 3), Joined(left, right, "left", -2, 6)
    in_front = Joined(left, right, "left", 8, -3, lateness=4)
    alone, few = Joined(left, right, "anti", 0, 6), Joined(left, right, "left", 20, 0, most=3)

    def whole(l):
        return {"k": l["key"], "n": l["number"], "at": iso(l["at"]), "x": l["x"]}

    def bounds(l):
        return {"window_start": iso(l["at"]), "window_end": iso(l["at"] + 1)}

    minutes = {}
    for l, _ in around.rows:
        minutes.setdefault((l["at"] // MINUTE, l["key"]), []).append(l["number"])
    for j in (around, behind, in_front, alone, few):
        assert j.rows and j.late_left, vars(j)
    assert any(r is None for _, r in behind.rows) and any(r is None for _, r in in_front.rows) and few.letters and in_front.late_right
    return {
        "around_out.jsonl": lines({**whole(l), "v": of(r, "number"), "paid_at": time_of(r), **bounds(l)} for l, r in around.rows),
        "behind_out.jsonl": lines({"k": l["key"], "n": l["number"], "v": of(r, "number"), "start": iso(l["at"]), "end": iso(l["at"] + 1)} for l, r in behind.rows),
        "in_front_out.jsonl": lines({"k": l["key"], "n": l["number"], "v": of(r, "number")} for l, r in in_front.rows),
        "alone_out.jsonl": lines({**whole(l), **bounds(l)} for l, _ in alone.rows),
        "few_out.jsonl": lines({"n": l["number"], "x": l["x"], "v": of(r, "number")} for l, r in few.rows),
        "minutes_out.jsonl": lines({"k": k, "pairs": len(n), "sum": sum(n), "window_start": iso(m * MINUTE), "window_end": iso((m + 1) * MINUTE)}
                                   for (m, k), n in sorted(minutes.items(), key=lambda g: (g[0][0], by_key(g[0][1])))),
        "late_left_out.jsonl": lines(whole(r) for r in alone.late_left),
        "late_right_out.jsonl": lines({"v": r["number"]} for r in in_front.late_right),
        "dead_letters.jsonl": lines({"stage": "few", "error": f"it has {n} rows of the right side within its reach; at most 3 pairs are given of a left row (max_pairs)",
                                     "record": '{"k":%s,"n":%d,"x":%s}' % ('"%s"' % l["key"], l["number"], {0.5: "0.5", 1e300: "1e+300", None: "null"}[l["x"]])}
                                    for l, n in few.letters),
    }

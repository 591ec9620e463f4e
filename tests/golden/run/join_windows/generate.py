"""Rows of two sides, each by partition; what comes out is computed row by row from the definition."""
import random

from golden.joins import by_key, draw, of, time_of
from golden.oracle import SECOND, fold, iso, lines

ORDER_DELAY, PAYMENT_DELAY = 5 * SECOND, 3 * SECOND


def joined(windows_of_left, windows_of_right, how, form, most=None):
    """The rows of all windows by end, key (nulls last), left row, right row; and the keys with too many pairs."""
    rows, letters = [], []
    for window in sorted(set(windows_of_left) | set(windows_of_right), key=lambda w: w[1]):
        left, right = windows_of_left.get(window, []), windows_of_right.get(window, [])
        for key in sorted({r["key"] for r in left + right}, key=by_key):
            ls, rs = (sorted((r for r in of if r["key"] == key), key=lambda r: r["order"]) for of in (left, right))
            if key is not None and ls and rs:
                pairs = [(l, r) for l in ls for r in rs]
            else:
                pairs = [(l, None) for l in ls if how in ("left", "full")] + [(None, r) for r in rs if how in ("right", "full")]
            if most is not None and key is not None and len(ls) * len(rs) > most:
                letters.append((window, key, len(ls), len(rs)))
            else:
                rows += [form(window, key, l, r) for l, r in pairs]
    return rows, letters


def make(folder):
    rng = random.Random(7)
    lefts, rights = [draw(rng, "left", p) for p in range(2)], [draw(rng, "right", p) for p in range(2)]
    for p in range(2):
        (folder / f"left-{p}.jsonl").write_text(lines({"k": r["key"], "n": r["number"], "at": iso(t), "place": {"x": r["x"], "tags": ["t", None]}} for t, r in lefts[p]))
        (folder / f"right-{p}.jsonl").write_text(lines({"key": r["key"], "v": r["number"], "paid_at": iso(t)} for t, r in rights[p]))

    def sides(size, slide=None, lateness=0):
        left, late_left = fold(lefts, size, slide, ORDER_DELAY, lateness)
        right, late_right = fold(rights, size, slide, PAYMENT_DELAY, lateness)
        return left, right, late_left, late_right

    def whole(window, key, l, r):
        return {"k": key, "n": of(l, "number"), "at": time_of(l), "v": of(r, "number"), "paid_at": time_of(r), "window_start": iso(window[0]), "window_end": iso(window[1])}

    def default(window, key, l, r):
        place = None if l is None else {"x": l["x"], "tags": ["t", None]}
        return {"k": key, "n": of(l, "number"), "at": time_of(l), "place": place, "v": of(r, "number"), "paid_at": time_of(r),
                "window_start": iso(window[0]), "window_end": iso(window[1])}

    def with_place(window, key, l, r):
        place = None if l is None else {"x": l["x"], "tags": ["t", None]}
        return {**whole(window, key, l, r), "place": place, "x": None if l is None else l["x"]}
    ten = sides(10 * SECOND)
    pairs, _ = joined(*ten[:2], "inner", default)
    orders, payments, *_ = sides(20 * SECOND, 5 * SECOND)
    left, _ = joined(orders, payments, "left", lambda w, k, l, r: {"k": k, "n": of(l, "number"), "v": of(r, "number"), "end": iso(w[1])})
    mirrored, _ = joined(payments, orders, "right", lambda w, k, l, r: {"k": k, "n": of(r, "number"), "v": of(l, "number"), "end": iso(w[1])})
    right, _ = joined(*sides(10 * SECOND, lateness=4 * SECOND)[:2], "right", lambda w, k, l, r: {
        "k": k, "n": of(l, "number"), "v": of(r, "number"), "sum": None if None in (l, r) else l["number"] + r["number"], "start": iso(w[0])})
    full, letters = joined(*ten[:2], "full", with_place, most=6)
    assert pairs and letters and ten[2] and ten[3]
    assert sorted(map(repr, mirrored)) == sorted(map(repr, left))  # exchanged sides give the same pairs
    return {"pairs_out.jsonl": lines(pairs), "left_out.jsonl": lines(left), "mirrored_out.jsonl": lines(mirrored), "right_out.jsonl": lines(right), "full_out.jsonl": lines(full),
            "late_left_out.jsonl": lines({"k": r["key"], "n": r["number"], "at": iso(r["at"]), "place": {"x": r["x"], "tags": ["t", None]}} for r in ten[2]),
            "late_right_out.jsonl": lines({"v": r["number"]} for r in ten[3]),
            "dead_letters.jsonl": lines({"stage": "full", "error": f"its {n} rows of the left side and {m} of the right one make {n * m} pairs in this window; at most 6 are given (max_pairs)",
                                         "record": '{"k":%s,"window_start":"%s","window_end":"%s"}' % ('"%s"' % key, iso(w[0]), iso(w[1]))} for w, key, n, m in letters)}

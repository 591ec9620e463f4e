"""One watermark a partition decides for all windows; each waits as long as its own size and allowed_lateness say."""
import random

from golden.oracle import MINUTE, SECOND, fold, groups, iso, lines, micros


def late_for(partition, size, delay, lateness=0):
    """(time, row, watermark just before it) of a partition's rows that are late."""
    watermark, out = None, []
    for time, row in partition:
        if watermark is not None and time - time % size + size + lateness <= watermark:
            out.append((time, row, watermark))
        watermark = time - delay if watermark is None else max(watermark, time - delay)
    return out


def windows_of(late, size, lateness=0):
    """Late rows once more, against the watermark that they came with."""
    windows, again = {}, []
    for time, row, watermark in late:
        start = time - time % size
        if start + size + lateness > watermark:
            windows.setdefault((start, start + size), []).append(row)
        else:
            again.append(row)
    return windows, again


def make(folder):
    rng = random.Random(5)

    def partition(n, step):
        time, out = micros("2021-04-24T10:00:00Z"), []
        for _ in range(n):
            time += rng.randrange(step)
            at = time - rng.choice([0, 0, rng.randrange(2 * MINUTE), rng.randrange(9 * MINUTE)])
            out.append((at, {"u": "u%d" % rng.randrange(6), "t": iso(at)}))
        return out

    parts = [partition(900, 8 * SECOND), partition(700, 9 * SECOND)]
    for name, part in zip(("in-a.jsonl", "in-b.jsonl"), parts):
        (folder / name).write_text(lines(r for _, r in part))
    count = lambda rows: {"n": len(rows)}
    late = [x for p in parts for x in late_for(p, MINUTE, 10 * SECOND)]
    later, again = windows_of(late, MINUTE, 5 * MINUTE)
    later = groups(later, ["u"], count)
    ever = {}
    for _, row, _ in late:
        if row["u"] != "u1":
            ever[row["u"]] = ever.get(row["u"], 0) + 1
    behind = fold([sorted(((micros(r["window_end"]) - 1, r) for r in later), key=lambda x: x[0])], 60 * MINUTE)[0]
    assert again and later
    return {"out.jsonl": lines(groups(fold(parts, MINUTE, delay=10 * SECOND)[0], ["u"], count)),
            "later_out.jsonl": lines(later), "hours_out.jsonl": lines(groups(windows_of(late, 10 * MINUTE)[0], [], count)),
            "ever_out.jsonl": lines({"u": u, "n": n, "window_start": None, "window_end": None} for u, n in sorted(ever.items())),
            "behind_out.jsonl": lines(groups(behind, [], lambda rows: {"n": sum(r["n"] for r in rows)})),
            "too_late.jsonl": lines(again)}

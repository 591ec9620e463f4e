"""Every window downstream of another is a fold over the first one's rows, each at the last microsecond of its window."""
import random

from golden.oracle import MINUTE, SECOND, fold, groups, iso, lines, micros, sessions


def behind(rows):
    """Rows of a window as one partition, in order of their event time: none is late."""
    return [sorted(((micros(r["window_end"]) - 1, r) for r in rows), key=lambda x: x[0])]


def placed(rows, key):
    """Sorts by the order of first and last: by time, ties by key, nulls last."""
    return sorted(rows, key=lambda r: (micros(r["window_end"]), [(r[k] is None, r[k] or "") for k in key]))


def total(rows, column):
    values = [r[column] for r in rows if r[column] is not None]
    return sum(values) if values else None


def make(folder):
    rng = random.Random(33)

    def partition(n, step, disorder):
        time, out = micros("2021-04-24T10:00:00Z"), []
        for _ in range(n):
            time += rng.randrange(step)
            at = time - rng.choice([0, 0, 0, rng.randrange(disorder)])
            row = {"u": rng.choice(["u%d" % rng.randrange(8), "", None]), "page": rng.choice([None, "a", "b", "ü"]), "t": iso(at),
                   "i": rng.choice([None, rng.randrange(-9, 9)])}
            out.append((at, row))
        return out

    a, b = partition(1500, 6 * SECOND, 6 * MINUTE), partition(1100, 8 * SECOND, 3 * MINUTE)
    (folder / "in-a.jsonl").write_text(lines(r for _, r in a))
    (folder / "in-b.jsonl").write_text(lines(r for _, r in b))

    count = lambda rows: {"n": len(rows)}
    minutes = groups(fold([a, b], MINUTE, delay=2 * MINUTE, lateness=30 * SECOND)[0], ["u", "page"],
                     lambda rows: {"n": len(rows), "s": total(rows, "i")})
    smooth = groups(fold([a, b], 3 * MINUTE, MINUTE, delay=2 * MINUTE)[0], ["page"], count)
    found, _ = sessions([a, b], 2 * MINUTE, delay=2 * MINUTE)
    visits = [{"u": user, "n": len(of), "window_end": iso(end)} for (_, end, user), of in found.items()]

    def five(rows):
        in_order = placed(rows, ["u", "page"])
        return {"rows": len(rows), "n": total(rows, "n"), "first": in_order[0]["n"], "last": in_order[-1]["n"],
                "pages": len({r["page"] for r in rows if r["page"] is not None})}

    fives = groups(fold(behind(minutes), 5 * MINUTE)[0], ["u"], five)
    seconds = groups(fold(behind(minutes), 40 * SECOND, 20 * SECOND)[0], ["page"], lambda rows: {"n": total(rows, "n"), "s": total(rows, "s")})
    runs = [{"u": user, "rows": len(of), "n": total(of, "n"), "window_start": iso(start), "window_end": iso(end)}
            for (start, end, user), of in sessions(behind(minutes), 90 * SECOND)[0].items()]
    peaks = groups(fold(behind([r for r in smooth if r["n"] > 3]), 10 * MINUTE)[0], ["page"],
                   lambda rows: {"peak": max(r["n"] for r in rows), "rows": len(rows)})
    ended = [r for r in groups(fold(behind(visits), 5 * MINUTE)[0], [], lambda rows: {"visits": len(rows), "n": total(rows, "n")})
             if r["visits"] > 1]

    def hour(rows):  # last passes over nulls
        users = [r["u"] for r in placed(rows, ["u"]) if r["u"] is not None]
        return {"rows": total(rows, "rows"), "n": total(rows, "n"), "last": users[-1]}

    hours = groups(fold(behind(fives), 60 * MINUTE)[0], [], hour)
    everything = {}
    for r in minutes:
        everything.setdefault(r["page"], []).append(r)
    pages = [{"page": page, "rows": len(rows), "n": total(rows, "n"), "window_start": None, "window_end": None}
             for page, rows in sorted(everything.items(), key=lambda p: (p[0] is None, p[0] or ""))]
    return {"out.jsonl": lines(fives), "table.jsonl": lines(fives), "seconds_out.jsonl": lines(seconds), "runs_out.jsonl": lines(runs),
            "peaks_out.jsonl": lines(peaks), "ended_out.jsonl": lines(ended), "hours_out.jsonl": lines(hours), "all_out.jsonl": lines(pages),
            "minutes_out.jsonl": lines(minutes)}

"""All time as one window, without event time: rows come at the end"""
import random

from golden.oracle import MINUTE, SECOND, iso, lines, micros


def make(folder):
    rng = random.Random(22)
    def record(time, place):
        user = rng.choice(["u%02d" % rng.randrange(30), "", None])
        return {"u": user, "t": iso(time), "page": rng.choice([None, "a", "b", "c", "ü"]), "i": rng.choice([None, rng.randrange(-9, 9)]), "at": place}

    def partition(name, n, step, disorder):
        time, out = micros("2021-04-24T10:00:00Z"), []
        for k in range(n):
            time += rng.randrange(step)
            r = record(time - rng.choice([0, 0, 0, rng.randrange(disorder)]), (name, k))
            out.append((micros(r["t"]), r))
        return out

    def aggregate(rows):
        placed = sorted((r for r in rows if r["page"] is not None), key=lambda r: (micros(r["t"]), r["at"]))
        return {"n": len(rows), "pages": len({r["page"] for r in rows if r["page"] is not None}),
                "entry": placed[0]["page"] if placed else None, "last_page": placed[-1]["page"] if placed else None,
                "s": sum(r["i"] for r in rows if r["i"] is not None) if any(r["i"] is not None for r in rows) else None}

    a, b = partition("in-a.jsonl", 1500, 6 * SECOND, 12 * MINUTE), partition("in-b.jsonl", 900, 8 * SECOND, 4 * MINUTE)
    for name, rows in (("in-a.jsonl", a), ("in-b.jsonl", b)):
        (folder / name).write_text(lines({k: v for k, v in r.items() if k != "at"} for _, r in rows))
    users = {}
    for _, r in a + b:
        users.setdefault(r["u"], []).append(r)
    rows = []
    for user, of in users.items():
        row = {"u": user, **aggregate(of)}
        for gone in ("entry", "last_page"):
            del row[gone]
        rows.append({**row, "window_start": None, "window_end": None})
    return {"out.jsonl": lines(rows), "all.csv": "n\n%d\n" % (len(a) + len(b))}

"""Sessions of two partitions, out of order and late, that grow together; first, last and distinct values"""
import random

from golden.oracle import MINUTE, SECOND, iso, lines, micros, sessions


def make(folder):
    rng = random.Random(21)
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

    a, b = partition("in-a.jsonl", 1200, 6 * SECOND, 12 * MINUTE), partition("in-b.jsonl", 900, 8 * SECOND, 4 * MINUTE)
    for name, rows in (("in-a.jsonl", a), ("in-b.jsonl", b)):
        (folder / name).write_text(lines({k: v for k, v in r.items() if k != "at"} for _, r in rows))
    found, late = sessions([a, b], 3 * MINUTE, delay=5 * MINUTE, lateness=MINUTE)
    rows = [{"u": user, **aggregate(of), "window_start": iso(start), "window_end": iso(end)} for (start, end, user), of in found.items()]
    long = [{"u": r["u"], "n": r["n"]} for r in rows if r["n"] >= 4]
    forgotten = [{**r, "window_start": None, "window_end": None} for r in rows]
    return {"out.jsonl": lines(rows), "ttl.jsonl": lines(forgotten), "long.jsonl": lines(long), "late.jsonl": lines({k: v for k, v in r.items() if k != "at"} for r in late)}

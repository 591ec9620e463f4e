"""Random records, out of order, and what their windows hold; for the cases with an oracle."""
import math

from golden.oracle import iso, micros


def partition(rng, n, step, disorder, record):
    """(event time, record) n times: time goes on by up to `step`, a quarter of the records lag by up to `disorder`."""
    time, out = micros("2021-04-24T10:00:00Z"), []
    for place in range(n):
        time += rng.randrange(step)
        r = record(time - rng.choice([0, 0, 0, rng.randrange(disorder)]), place)
        out.append((micros(r["t"]), r))
    return out


class Readings:
    """Users with a bigint, which may be null, and a double of any size."""

    def __init__(self, rng):
        self.rng = rng

    def partition(self, n, step, disorder):
        return partition(self.rng, n, step, disorder, self.record)

    def record(self, time, _):
        rng = self.rng
        user = rng.choice(["u%02d" % rng.randrange(40), "", None])
        return {"u": user, "t": iso(time), "i": rng.choice([None, rng.randrange(-1000, 1000)]), "d": rng.uniform(-1, 1) * 10 ** rng.randrange(-8, 15)}

    @staticmethod
    def aggregate(rows):
        ints = [r["i"] for r in rows if r["i"] is not None]
        return {"n": len(rows), "s": sum(ints) if ints else None, "low": min(ints, default=None), "high": max(ints, default=None),
                "exact": math.fsum(r["d"] for r in rows), "positive": sum(r["d"] > 0 for r in rows)}


class Visits:
    """Users on pages, of several partitions; "at" is a record's place among records of equal time, and not part of it."""

    def __init__(self, rng):
        self.rng = rng

    def partition(self, name, n, step, disorder):
        def record(time, place):
            rng = self.rng
            user = rng.choice(["u%02d" % rng.randrange(30), "", None])
            return {"u": user, "t": iso(time), "page": rng.choice([None, "a", "b", "c", "ü"]), "i": rng.choice([None, rng.randrange(-9, 9)]),
                    "at": (name, place)}

        return partition(self.rng, n, step, disorder, record)

    @staticmethod
    def written(record):
        return {k: v for k, v in record.items() if k != "at"}

    @staticmethod
    def aggregate(rows):
        placed = sorted((r for r in rows if r["page"] is not None), key=lambda r: (micros(r["t"]), r["at"]))
        ints = [r["i"] for r in rows if r["i"] is not None]
        return {"n": len(rows), "pages": len({r["page"] for r in rows if r["page"] is not None}),
                "entry": placed[0]["page"] if placed else None, "last_page": placed[-1]["page"] if placed else None,
                "s": sum(ints) if ints else None}

"""Readings of a few keys over an hour, counted by five minutes"""
import collections
import datetime
import json
import random

START = datetime.datetime(2021, 4, 24, 12, tzinfo=datetime.timezone.utc)


def make(folder):
    drawn = random.Random(5)
    counts = collections.Counter()
    with open(folder / "input.jsonl", "w") as out:
        for i in range(3000):
            at = START + datetime.timedelta(seconds=i * 1.2)
            u = drawn.choice(["a", "b", "c", "d e", "f=g"])
            out.write(json.dumps({"t": at.isoformat(), "u": u}) + "\n")
            end = START + datetime.timedelta(minutes=5 * ((at - START) // datetime.timedelta(minutes=5) + 1))
            counts[end.strftime("%Y-%m-%dT%H:%M:%SZ"), u] += 1
    rows = [{"window_end": end, "u": u, "n": n} for (end, u), n in sorted(counts.items(), key=lambda c: (c[0][0], -c[1], c[0][1]))]
    text = lambda many: "".join(json.dumps(r) + "\n" for r in many)
    return {"table.jsonl": text({"window_end": r["window_end"], "n": r["n"], "u": r["u"]} for r in rows), "sorted.jsonl": text(rows)}

"""Thousands of rows through selects alone: positions of the source are the only state; an upsert keeps the last row of a key"""
import math
import random

from golden.oracle import MINUTE, SECOND, fold, groups, iso, lines, micros


def make(folder):
    rng = random.Random(14)
    rows = [{"id": i, "name": rng.choice(["a", "b", None, ""]), "price": rng.randrange(10000) / 4} for i in range(4000)]
    (folder / "input.jsonl").write_text(lines(rows))
    kept = [{"id": r["id"], "label": (r["name"] or "?") + str(r["id"]), "price": r["price"]} for r in rows if r["price"] >= 500]
    last = {}
    for r in rows:
        last[r["name"]] = {"name": r["name"], "id": r["id"]}
    return {"out.jsonl": lines(kept), "table.jsonl": lines(kept), "rolled.csv": "id\n" + "".join("%d\n" % r["id"] for r in kept), "newest.jsonl": lines(last.values())}

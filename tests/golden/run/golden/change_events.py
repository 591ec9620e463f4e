"""A table that is changed at random, and what Debezium would write of it; and the topology that docs/changes.md prints."""
import json
import pathlib
import re

PAGE = pathlib.Path(__file__).resolve().parents[4] / "docs" / "changes.md"
NAMES = ["Ada", "", "Ünal", "O'Brien", 'quo"te', "日本 🚀", None, "tab\tand\\", " padded "]


def printed_topology():
    """The first of the page."""
    return json.loads(re.search(r"```jsonc\n(.*?)\n```", PAGE.read_text(), re.DOTALL)[1])


class Origin:
    def __init__(self, rng, keys):
        self.rng, self.keys, self.rows, self.lsn = rng, keys, {}, 0

    def change(self):
        """Changes the table; gives the key and the event. Deletions have of the row before what PostgreSQL tells by default, its key."""
        self.lsn += self.rng.randrange(1, 100)
        key = self.rng.randrange(self.keys)
        there = key in self.rows
        if there and self.rng.random() < 0.35:
            del self.rows[key]
            return key, self.event("d", {"id": key, "name": None, "email": None}, None)
        row = {"id": key, "name": self.rng.choice(NAMES), "email": f"{self.lsn}@example.org"}
        self.rows[key] = {**row, "lsn": self.lsn}
        return key, self.event("u" if there else self.rng.choice("cr"), None, row)

    def event(self, op, before, after):
        return {"before": before, "after": after, "source": {"version": "2.5.0.Final", "connector": "postgresql", "table": "customers", "lsn": self.lsn},
                "op": op, "ts_ms": 1619294100796 + self.lsn, "transaction": None}


def again(rng, events, count):
    """Some of the events once more, each somewhere behind its first time."""
    out = list(events)
    for _ in range(count):
        at = rng.randrange(len(out))
        out.insert(rng.randrange(at + 1, len(out) + 1), out[at])
    return out

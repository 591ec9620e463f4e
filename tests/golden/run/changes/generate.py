"""Thousands of changes of a few rows, many of them deletions. The expected tables are the origin itself."""
import json
import pathlib
import random

from golden.change_events import Origin, again, printed_topology
from golden.millrace import Wrong
from golden.oracle import lines

# The page's connection and source are servers; nothing else may differ.
OTHERWISE = {"changes": {"source", "brokers", "topic", "path"}, "table": {"connection"}}


def as_printed():
    stages = json.loads((pathlib.Path(__file__).parent / "topology.json").read_text())["stages"]
    for name, printed in printed_topology()["stages"].items():
        for option in sorted({*printed, *stages[name]} - OTHERWISE.get(name, set())):
            if printed.get(option) != stages[name].get(option):
                raise Wrong(f"docs/changes.md prints another {name}.{option}: {printed.get(option)}")


def make(folder):
    as_printed()
    rng = random.Random(21)
    origin = Origin(rng, 80)
    events = [event for _, event in (origin.change() for _ in range(4000))]
    disorder = again(rng, events, 1000)
    rng.shuffle(disorder)
    (folder / "disorder.jsonl").write_text(lines(disorder))
    (folder / "order.jsonl").write_text(lines({"schema": {"type": "struct", "name": "Envelope"}, "payload": e} for e in events))
    rows = lines(origin.rows.values())
    return {"table.jsonl": rows, "copy.jsonl": rows}

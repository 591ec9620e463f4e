#!/usr/bin/env -S python3 -B
"""A sink that takes nothing for a long time, over a big input, with no server: what it has not taken goes to the state folder,
memory stays flat, the other sink goes on, `retain` stalls the stage, and at the end all rows are there once, also after kill -9.

    slow_sink.py --millrace BINARY [--records 400000]

The table is SQLite's, held by a lock of this process.
"""
import collections
import contextlib
import json
import os
import sqlite3

from patience import LEAST
from real_systems import PATIENCE, Run, check, difference, free_port, main, metric, wait_until

WINDOW = 60
KEYS = 5_000
MB = 1_000_000


def write_input(path, records):
    """Every record of a minute has another key nearly always: as many rows come out as records go in."""
    expected = collections.Counter()
    with open(path, "w") as out:
        for i in range(records):
            second, key = i * WINDOW // KEYS, f"user-{i * 7919 % KEYS:06}-{'x' * 60}"
            out.write(f'{{"userid":"{key}","at":{second}}}\n')
            expected[(second // WINDOW + 1) * WINDOW, key] += 1
    return sorted((end, key, n) for (end, key), n in expected.items())


def topology(folder, retain):
    return {
        "millrace": 1, "topology": "slow_sink", "snapshot_every": "200 ms",
        "stages": {
            # Slow enough that the table is held before all is in it.
            "clicks": {"source": "file", "path": str(folder / "in.jsonl"), "rate": f"{40_000 * LEAST / PATIENCE:.0f}/s"},
            "parsed": {"parser": "json", "from": "clicks", "event_time": "at",
                       "schema": {"userid": "text", "at": {"type": "timestamp", "format": "epoch_s"}}},
            "counts": {"window": "tumbling", "size": f"{WINDOW} s", "from": "parsed", "key": ["userid"],
                       "aggregates": {"n": "count(*)"}, "shards": 4, "retain": retain, "retain_memory": "8 MB"},
            "rows": {"sink": "file", "from": "counts", "path": str(folder / "rows.csv"), "format": "csv",
                     "columns": {"e": "extract(epoch from window_end)::bigint", "userid": "userid", "n": "n"}},
            "table": {"sink": "sql", "from": "counts", "connection": f"sqlite3://{folder / 'table.db'}",
                      "table": "counts", "create": True,
                      "columns": {"e": "extract(epoch from window_end)::bigint", "userid": "userid", "n": "n"}},
        }}


class Lock:
    """Nobody else may write the table."""

    def __init__(self, path):
        self.connection = sqlite3.connect(path, isolation_level=None, timeout=60 * PATIENCE)
        self.connection.execute("begin exclusive")

    def release(self):
        self.connection.execute("commit")
        self.connection.close()


def table_rows(path):
    with contextlib.closing(sqlite3.connect(path, timeout=30 * PATIENCE)) as connection:
        try:
            return sorted(connection.execute("select e, userid, n from counts"))
        except sqlite3.OperationalError:  # it is not made yet
            return []


def file_rows(path):
    with open(path) as rows:
        next(rows)
        return sorted((int(e), key, int(n)) for e, key, n in (line.rstrip("\n").split(",") for line in rows))


def committed_rows(folder):
    try:
        with open(folder / "rows.csv") as rows:
            return max(0, sum(1 for _ in rows) - 1)
    except OSError:
        return 0


def job(options, folder, retain):
    path = folder / "topology.json"
    path.write_text(json.dumps(topology(folder, retain)))
    address = f"127.0.0.1:{free_port()}"
    return Run(options.millrace, path, folder / "state", "--http", address), address


def test(options, folder):
    expected = write_input(folder / "in.jsonl", options.records)
    database = folder / "table.db"

    # Begins while it may write, so that its tables are there; then it is held.
    running, address = job(options, folder, "10 GB")
    wait_until("the first rows are in the table", lambda: database.exists() and table_rows(database))
    lock = Lock(database)
    wait_until("output is spilled", lambda: metric(address, "millrace_spilled_bytes") > 0)
    wait_until("the file has every row", lambda: committed_rows(folder) == len(expected), 300)
    spilled = held = 0

    def has_spilled():
        nonlocal spilled, held
        spilled, held = metric(address, "millrace_spilled_bytes"), metric(address, "millrace_held_bytes", 'sink="table"')
        check(spilled > held - 2 * 8 * MB - MB, f"{spilled / MB:.0f} MB spilled of {held / MB:.0f} MB held")
        return held > 0

    wait_until("what `retain_memory` does not hold is spilled", has_spilled)
    memory = running.memory_mb()
    check(metric(address, "millrace_stalled") == 0, "a shard stalls below `retain`")

    # Dies with all of it on disk, and is held again; nothing is read into memory by a start.
    running.kill()
    running, address = job(options, folder, "10 GB")
    wait_until("it knows what was spilled", lambda: metric(address, "millrace_spilled_bytes") > spilled / 2)
    again = running.memory_mb()
    check(again < memory + 60, f"{again:.0f} MB after the start, {memory:.0f} MB before")
    running.kill()

    # Less than what it keeps already: no more input is taken. The table answers, and all goes on.
    running, address = job(options, folder, "1 MB")
    lock.release()
    running.expect(0, seconds=300)
    for name, rows in (("the file", file_rows(folder / "rows.csv")), ("the table", table_rows(database))):
        check(not difference(expected, rows), lambda: f"{name}: {difference(expected, rows)}")
    left = [f for _, _, files in os.walk(folder / "state") for f in files if f.startswith("seg-")]
    check(not left, f"{len(left)} segments are left")
    print(f"{len(expected)} rows once in file and table; {spilled / MB:.0f} MB spilled, {memory:.0f} MB in memory, "
          f"{again:.0f} MB after a restart")


if __name__ == "__main__":
    main(test, __doc__, records=400_000)

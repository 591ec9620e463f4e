#!/usr/bin/env -S python3 -B
"""Rows that are lost on purpose: the stored position of a sink is moved forward by hand between two runs, so that it passes over rows that it was
given. The report, the API, the console and the run's last lines say that the ledger does not hold, and by how many rows. No server is needed.

    lost_rows.py --millrace BINARY [--only CASE]
"""
import contextlib
import json
import re
import sqlite3

from real_systems import PATIENCE, OwnFolder, Run, captured, check, http_status, main_of_cases, metric, told_address, topology_file, wait_until

RECORDS, KEYS, SIZE = 20, 2, 10  # records in a part of the input, its windows, seconds of a window
START = 1_700_000_000
SETTLED = ("out", "filtered", "late", "dead_letters", "in_flight")


class Case(OwnFolder):
    """Rows go into a table of SQLite; the job of windows has a sink of records beside it, which loses none."""

    def __init__(self, options, folder, name):
        super().__init__(options, folder, name)
        self.input, self.database, self.parts = self.folder / "in.jsonl", self.folder / "rows.db", 0
        self.input.touch()
        self.stages = {
            "lines": {"source": "file", "path": str(self.input), "follow": True},
            "parsed": {"parser": "json", "from": "lines", "schema": {"n": "bigint", "at": {"type": "timestamp", "format": "epoch_s"}},
                       "event_time": "at"},
            "table": {"sink": "sql", "from": "parsed", "connection": f"sqlite3://{self.database}", "table": "kept", "create": True}}

    def add_windows(self):
        self.stages["counts"] = {"window": "tumbling", "size": f"{SIZE} s", "from": "parsed", "key": ["k"], "aggregates": {"c": "count(*)"}, "shards": 2}
        self.stages["parsed"]["schema"]["k"] = "bigint"
        self.stages["table"]["from"] = "counts"
        self.stages["all"] = {"sink": "file", "from": "parsed", "path": str(self.folder / "all.jsonl")}

    def write(self):
        """A part of the input, all of whose lines have one length: seconds that go on from the part before."""
        with open(self.input, "a", encoding="utf-8") as f:
            for i in range(RECORDS * self.parts, RECORDS * (self.parts + 1)):
                f.write(json.dumps({"n": 100 + i, "k": i % KEYS, "at": START + i}) + "\n")
        self.parts += 1

    def start(self):
        path = topology_file(self.folder / "topology.json", self.name, self.stages, snapshot_every="200 ms")
        self.run = Run(self.binary, path, self.folder / "state", "--http", "127.0.0.1:0")

    def asked(self):
        """The ledger by the API, its stages by name."""
        status, text = http_status(told_address(self.run.state) or "127.0.0.1:1", f"/api/v1/topologies/{self.name}/ledger")
        check(status == 200, f"the ledger: {status} {text}")
        told = json.loads(text)
        return told, {s["stage"]: s for s in told["stages"]}

    def wait_for(self, stage, **counts):
        """Waits until nothing is in flight and the stage has come to these counts; gives the ledger."""
        def has_come():
            told, stages = self.asked()
            check(told["incomplete"] == [] and all(s["in_flight"] == 0 for s in told["stages"]), f"{told}")
            check(all(stages[stage][k] == v for k, v in counts.items()), f"{stage} has {stages[stage]}, not {counts}")
            return told
        return wait_until(f"{stage} has {counts}", has_come)

    def rows(self):
        with contextlib.closing(sqlite3.connect(self.database, timeout=60 * PATIENCE)) as db:
            return db.execute("select count(*) from kept").fetchone()[0]

    def move_forward(self, column, by):
        """Has the table's sink stand after rows that it never got."""
        with contextlib.closing(sqlite3.connect(self.database, timeout=60 * PATIENCE)) as db:
            moved = db.execute(f"update millrace_positions set {column} = {column} + ? where log <> ''", (by,)).rowcount
            db.commit()
        check(moved > 0, "the sink has no position")

    def console(self):
        done = captured(self.binary, "console", "--connect", f"http://{told_address(self.run.state)}", "-e", "ledger")
        check(done.returncode == 0, f"the console: {done.stderr}")
        return done.stdout

    def is_listed(self, text):
        """A topology that runs is degraded by it, once two ledgers in a row have it."""
        address = told_address(self.run.state)
        def told():
            listed, = json.loads(http_status(address, "/api/v1/topologies")[1])
            return [(t["code"], t["stage"], t["text"]) for t in listed["troubles"]] == [("ledger", "table", text)]
        wait_until(f"the list says that {text}", told, seconds=100)
        check(metric(address, "millrace_trouble", 'code="ledger"') == 1, "the metric")

    def holds(self, ledger):
        check(ledger["holds"] is True and all(s["holds"] is True for s in ledger["stages"]), f"it does not hold: {ledger}")
        check("does not hold" not in self.console() and "UNEQUAL" not in self.console(), self.console())
        self.run.stop()
        self.run.ledger()  # it adds up
        check("does not hold" not in self.run.errors(), self.run.errors()[-1500:])

    def lacks(self, ledger, given, lost):
        """All that tells of it says that the table alone has lost so many rows."""
        check(ledger["holds"] is False and {s["stage"] for s in ledger["stages"] if s["holds"] is not True} == {"table"}, f"the API: {ledger}")
        check(self.rows() == given - lost, f"the table has {self.rows()} rows")
        self.is_listed(f"the ledger of table does not hold: of {given} rows that it was given {lost} are lost")
        said = self.console()
        check("the equation of a stage does not hold" in said, f"the console: {said}")
        check(re.findall(r"^(\w+) .*UNEQUAL", said, re.M) == ["table"], f"the console: {said}")
        self.run.stop()
        for name, s in json.loads(self.run.report_file.read_text())["stages"].items():
            lacking = s["in"] - sum(s.get(k, 0) for k in SETTLED)
            check(lacking == (lost if name == "table" else 0), f"the report: {name} lacks {lacking}: {s}")
        check(f"{self.name}/table: the ledger does not hold: of {given} rows that it was given {lost} are lost" in self.run.errors(),
              self.run.errors()[-1500:])


def records_that_a_sink_passes_over(c):
    """A sink that reads a source's records stands five of them too far: it lacks these five for good"""
    c.write()
    c.start()
    c.holds(c.wait_for("table", out=RECORDS))
    c.move_forward("position_minor", 5 * len(c.input.read_text().splitlines(True)[0]))
    c.write()
    c.start()
    c.lacks(c.wait_for("parsed", out=2 * RECORDS), 2 * RECORDS, 5)
    c.write()  # it goes on, and what is lost stays so
    c.start()
    c.lacks(c.wait_for("table", out=3 * RECORDS - 5), 3 * RECORDS, 5)


def windows_that_a_sink_passes_over(c):
    """A sink downstream of a window stands two windows too far on the log of each shard: it lacks their rows"""
    rows = KEYS * RECORDS // SIZE  # windows of a part; its last one waits for the next part
    c.add_windows()
    c.write()
    c.start()
    c.holds(c.wait_for("table", out=rows - KEYS))
    c.move_forward("position_major", 2 * SIZE * 1_000_000)
    c.write()
    c.write()
    c.start()
    c.lacks(c.wait_for("table", **{"in": 3 * rows - KEYS}), 3 * rows - KEYS, 2 * KEYS)


CASES = (records_that_a_sink_passes_over, windows_that_a_sink_passes_over)


if __name__ == "__main__":
    main_of_cases(CASES, Case, __doc__)

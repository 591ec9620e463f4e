"""The job of pipelines/active_users with clicks that keep coming and a sink of every kind, for tests that disturb it.

`Clicks` adds clicks to the topic, odd ones too; `Targets` reads what each sink has committed; `Job` starts the job and,
at the end, compares all of it with the oracle: each sink's rows, the ledger, the dead letters.
"""
import collections
import json
import random
import shutil
import sqlite3
import time

from click_oracle import DELAY, Result, Row, row_of_json, rows_of_maria, seconds
from deployments_under_test import OnRun
from real_systems import PIPELINE, Coming, Kafka, MariaDB, PostgreSQL, check, difference, unique, wait_until

PARTITIONS = 3
CLICKS_A_SECOND = 400
ODD_USERS = ["", "", "Ümit", "O'Brien", 'quo"te', "tab\tand\\", "日本 🚀", " padded ", "zero\0byte", 17, True, None]


def stamp(at):
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(at)) + ".%03d+0000" % (at * 1000 % 1000)


def record(rng, at):
    """A click of about event time `at`; some are late, odd or no click at all."""
    kind = rng.random()
    if kind < 0.005:
        return rng.choice([b"", b"{", b'{"userid":"u1","timestamp":', b"[1]", b"null", b'"text"', b"\xff\xfe", b"{}",
                           b'{"userid":"u1"}', b'{"userid":"u1","timestamp":null}',
                           b'{"userid":"u1","timestamp":"yesterday"}',
                           b'{"userid":{"a":1},"timestamp":"2021-04-24 20:00:00"}',
                           b'{"userid":"u1","timestamp":"9999-04-24 20:00:00"}'])
    user = rng.choice(ODD_USERS) if kind < 0.03 else f"u{int(rng.expovariate(1 / 40)):05d}"
    late = rng.uniform(600, 3000) if kind > 0.98 else rng.uniform(0, 20)
    click = {"timestamp": stamp(at - late), "page": "home", "price": 1.5}
    if kind > 0.002 or user is not None:
        click["userid"] = user
    return json.dumps(click, ensure_ascii=rng.random() < 0.5).encode()


class Clicks(Coming):
    """Adds clicks to the topic, in bursts, until it is told to end. Event time runs 3 times as fast as the clicks."""

    def __init__(self, kafka, topic, seed):
        super().__init__("clicks", lambda: self.burst(CLICKS_A_SECOND // 4))
        self.kafka, self.topic, self.rng, self.at = kafka, topic, random.Random(seed), 1619294100.0

    def burst(self, n, *options):
        lines = []
        for _ in range(n):
            self.at += self.rng.expovariate(1 / 3)
            lines.append(record(self.rng, self.at))
        # -Z: an empty line is a null value. Each record for itself chooses a partition, so that all get some.
        self.kafka.produce(self.topic, lines, "-Z", "-X", "sticky.partitioning.linger.ms=0", *options)

    def end(self):
        """The last clicks move the watermark of every partition past all others."""
        super().end()
        self.at += 2 * DELAY
        for partition in range(PARTITIONS):
            self.burst(20, "-p", str(partition))


class Targets:
    """Reads what each sink has committed."""

    def __init__(self, kafka, topic, mariadb, postgres, folder):
        self.kafka, self.topic, self.mariadb, self.postgres, self.folder = kafka, topic, mariadb, postgres, folder

    def active2(self):
        return [row_of_json(m.value) for m in self.kafka.read(self.topic)]

    def sqlite(self):
        if not (self.folder / "rows.sqlite").exists():
            return []
        with sqlite3.connect(self.folder / "rows.sqlite", timeout=30) as db:
            if not db.execute("select 1 from sqlite_master where name = 'rows'").fetchone():
                return []
            return [Row(seconds(a), seconds(b), c, d)
                    for a, b, c, d in db.execute('select start, "end", userid, click_number from rows order by rowid')]

    def maria(self):
        return rows_of_maria(self.mariadb, "rows_of_job") if self.mariadb.has("rows_of_job") else []

    def postgresql(self):
        if not self.postgres.has("rows_of_job"):
            return []
        return [Row(r["s"], r["e"], r["userid"], r["click_number"]) for r in self.postgres.ask(
            "select extract(epoch from start)::bigint as s, extract(epoch from \"end\")::bigint as e, userid, "
            "click_number from rows_of_job")]

    def rolled(self):
        return [row_of_json(line) for f in sorted((self.folder / "rolled").glob("rows*.jsonl"))
                for line in f.read_text().splitlines()]

    def appended(self):
        file = self.folder / "rows.jsonl"
        return [row_of_json(line) for line in file.read_text().splitlines()] if file.exists() else []

    COMMITTED = ("active2", "sqlite", "maria", "postgresql", "rolled")

    def committed(self):
        """Rows of each sink whose readers see committed rows only; the tail of the appended file may still be cut off."""
        return {name: collections.Counter(getattr(self, name)()) for name in self.COMMITTED}


def no_row_twice(name, rows):
    """A window's rows come once, so that (start, userid) is unique."""
    keys = collections.Counter((r.start, r.userid) for r in rows.elements())
    twice = [k for k, n in keys.items() if n > 1]
    check(not twice, f"{name}: {len(twice)} rows more than once, such as {twice[:5]}")


def nothing_lost_since(before, now):
    """All rows that each sink had committed are still there, and no row twice."""
    for name, rows in now.items():
        gone = before[name] - rows
        check(not gone, f"{name}: {sum(gone.values())} committed rows have disappeared, such as {list(gone)[:5]}")
        no_row_twice(name, rows)


def overlay(folder):
    stages = {
        "counts": {"retain_memory": "2 MB"},  # output is spilled then while a sink is away
        "screen": {"style": "json"},
        "lite": {"sink": "sql", "from": "active", "connection": f"sqlite3://{folder}/rows.sqlite", "table": "rows",
                 "create": True},
        "maria": {"sink": "sql", "from": "active", "connection": "${E2E_MARIADB_URL}", "table": "rows_of_job",
                  "create": True},
        "postgresql": {"sink": "sql", "from": "active", "connection": "${E2E_POSTGRES_URL}", "table": "rows_of_job",
                       "create": True},
        "appended": {"sink": "file", "from": "active", "path": f"{folder}/rows.jsonl"},
        "rolled": {"sink": "file", "from": "active", "path": f"{folder}/rolled/rows.jsonl", "roll": {"rows": 200}},
    }
    path = folder / "sinks.json"
    path.write_text(json.dumps({"stages": stages}))
    return path


ROUND = 50


def in_rounds(options, folder, one_round):
    """Many kills go by fifty, each round in a folder, with a job and with a seed of its own: what one kill is checked by grows with the rows before
    it. `one_round(options, place, seed, kills)` returns how many it has made."""
    left, seed = options.kills, options.seed
    while left > 0:
        place = folder / str(seed)
        place.mkdir()
        left -= one_round(options, place, seed, min(left, ROUND))
        seed += 1
        if not options.keep:
            shutil.rmtree(place, ignore_errors=True)


class Job:
    """One state of the job, from its topics to its last comparison."""

    def __init__(self, options, folder, brokers, maria_url, postgres_url, seed, at=None):
        mark = unique("")
        self.options, self.folder, self.at = options, folder, at or OnRun(options, folder)
        self.active, self.active2, self.name = "active" + mark, "active2" + mark, "active_users" + mark
        self.kafka, self.mariadb = Kafka(brokers), MariaDB(maria_url, unique("job"))
        self.postgres = PostgreSQL(postgres_url, unique("job"))
        self.postgres.create()
        self.kafka.create(self.active, PARTITIONS)
        self.clicks = Clicks(self.kafka, self.active, seed)
        self.targets = Targets(self.kafka, self.active2, self.mariadb, self.postgres, folder)
        self.sinks = overlay(folder)

    def start(self, *more):
        return self.at.start(self.name, PIPELINE / "topology.json", "--with", self.sinks, "--set", f"stages.clicks.topic={self.active}", "--set",
                             f"stages.topic.topic={self.active2}", *more, **self.environment())

    def environment(self):
        return {"E2E_MARIADB_URL": self.mariadb.url, "E2E_POSTGRES_URL": self.postgres.url, "KAFKA_BROKERS": self.kafka.brokers}

    def finish(self, running):
        """Called when all clicks are in: waits for the rows, stops the run, and compares. Says in a line what there was."""
        expected = Result(self.kafka.read(self.active), PARTITIONS)
        rows = set(expected.rows)
        wait_until("every sink has as many rows as the oracle", lambda: all(
            len(getattr(self.targets, name)()) >= len(rows) for name in ("active2", "sqlite", "maria", "postgresql", "appended")), 120)
        time.sleep(0.5)
        running.stop()
        for name in (*Targets.COMMITTED, "appended"):
            apart = difference(rows, getattr(self.targets, name)())
            check(not apart, f"{name}: {apart}")
        in_topic = self.targets.active2()
        check(in_topic == sorted(in_topic, key=lambda r: (r.start, r.click_number)), "active2 is not in order")
        shown = self.on_screen(running)
        check(set(shown) == rows, lambda: f"the screen: {list(set(shown) ^ rows)[:5]}")
        self.compare_ledger(running.ledger(), expected)
        letters = [(int(d["partition"]), d["position"]) for d in running.dead_letters()]
        apart = difference(expected.dead, letters)
        check(not apart, f"dead letters (partition, position): {apart}")
        self.mariadb.drop()
        self.postgres.drop()
        return (f"{expected.records} clicks, {expected.late} late, {len(letters)} dead letters, {len(rows)} rows, "
                f"active2, MariaDB, PostgreSQL, SQLite and files equal the oracle's; {sum(shown.values()) - len(rows)} rows twice on the screen")

    @staticmethod
    def on_screen(running):
        shown = collections.Counter()
        for line in running.out.read_text().splitlines():
            try:
                shown[row_of_json(line)] += 1
            except ValueError:  # a kill in the middle of a line; the line is printed again
                continue
        return shown

    @staticmethod
    def compare_ledger(stages, expected):
        wanted = [("clicks", "in", expected.records), ("parsed", "dead_letters", len(expected.dead)),
                  ("counts", "late", expected.late), ("counts", "out", expected.taken)]
        wanted += [(sink, "out", len(expected.rows))
                   for sink in ("screen", "topic", "lite", "maria", "postgresql", "appended", "rolled")]
        for stage, count, value in wanted:
            check(stages[stage][count] == value, f"the ledger's {count} of {stage} should be {value}: {stages[stage]}")

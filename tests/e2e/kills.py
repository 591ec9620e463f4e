#!/usr/bin/env python3
"""Kills the job with -9 at random moments while clicks flow, and compares every sink with the oracle.

Beside the screen and `active2` a MariaDB table, a SQLite table, an appended file and a rolled file get the same rows.
After each kill: rows that were committed are still there, and none is there twice. At the end every sink holds exactly
the oracle's rows, the ledger adds up, and each record that could not be read is one dead letter.

    kills.py --millrace build/release/millrace [--kills 300] [--seed 1]      (tools/kill_test does it with servers)
"""
import argparse
import collections
import json
import random
import signal
import sqlite3
import sys
import threading
import time

sys.dont_write_bytecode = True
from click_oracle import DELAY, Result, Row, row_of_json, seconds  # noqa: E402
from real_systems import (PIPELINE, Kafka, MariaDB, Run, check, dead_letters, difference, main, needed,  # noqa: E402
                          unique, wait_until)

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


class Clicks(threading.Thread):
    """Adds clicks to the topic, in bursts, until it is told to end. Event time runs 3 times as fast as the clicks."""

    def __init__(self, kafka, topic, seed):
        super().__init__(daemon=True)
        self.kafka, self.topic, self.rng = kafka, topic, random.Random(seed)
        self.at, self.ending, self.failure = 1619294100.0, threading.Event(), None

    def burst(self, n, *options):
        lines = []
        for _ in range(n):
            self.at += self.rng.expovariate(1 / 3)
            lines.append(record(self.rng, self.at))
        # -Z: an empty line is a null value.
        self.kafka.produce(self.topic, lines, "-Z", *options)

    def run(self):
        try:
            while not self.ending.is_set():
                began = time.monotonic()
                self.burst(CLICKS_A_SECOND // 4)
                self.ending.wait(max(0.0, 0.25 - (time.monotonic() - began)))
        except Exception as e:  # shown by end(): a thread must not fail in silence
            self.failure = e

    def end(self):
        """The last clicks move the watermark of every partition past all others."""
        self.ending.set()
        self.join()
        check(not self.failure, f"the clicks failed: {self.failure}")
        self.at += 2 * DELAY
        for partition in range(PARTITIONS):
            self.burst(20, "-p", str(partition))


class Targets:
    """Reads what each sink has committed."""

    def __init__(self, kafka, topic, mariadb, folder):
        self.kafka, self.topic, self.mariadb, self.folder = kafka, topic, mariadb, folder

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
        if not self.mariadb.ask(f"select 1 from information_schema.tables where table_schema = "
                                f"'{self.mariadb.database}' and table_name = 'rows_of_job'", "information_schema"):
            return []
        return [Row(seconds(a), seconds(b), None if c == "NULL" else bytes.fromhex(c).decode(), int(d))
                for a, b, c, d in self.mariadb.ask(
                    "select date_format(start, '%Y-%m-%dT%H:%i:%sZ'), date_format(`end`, '%Y-%m-%dT%H:%i:%sZ'), "
                    "hex(userid), click_number from rows_of_job")]

    def rolled(self):
        return [row_of_json(line) for f in sorted((self.folder / "rolled").glob("rows*.jsonl"))
                for line in f.read_text().splitlines()]

    def appended(self):
        file = self.folder / "rows.jsonl"
        return [row_of_json(line) for line in file.read_text().splitlines()] if file.exists() else []

    COMMITTED = ("active2", "sqlite", "maria", "rolled")

    def committed(self):
        """Of each sink of which a reader sees committed rows only; the tail of the appended file may still be cut off."""
        return {name: collections.Counter(getattr(self, name)()) for name in self.COMMITTED}


def no_row_twice(name, rows):
    """A window's rows come once, so that (start, userid) is unique."""
    keys = collections.Counter((r.start, r.userid) for r in rows.elements())
    twice = [k for k, n in keys.items() if n > 1]
    check(not twice, f"{name}: {len(twice)} rows more than once, such as {twice[:5]}")


def overlay(folder):
    sinks = {
        "screen": {"style": "json"},
        "lite": {"sink": "sql", "from": "active", "connection": f"sqlite3://{folder}/rows.sqlite", "table": "rows",
                 "create": True},
        "maria": {"sink": "sql", "from": "active", "connection": "${E2E_MARIADB_URL}", "table": "rows_of_job",
                  "create": True},
        "appended": {"sink": "file", "from": "active", "path": f"{folder}/rows.jsonl"},
        "rolled": {"sink": "file", "from": "active", "path": f"{folder}/rolled/rows.jsonl", "roll": {"rows": 200}},
    }
    path = folder / "sinks.json"
    path.write_text(json.dumps({"stages": sinks}))
    return path


def test(options, folder):
    brokers, url = needed("KAFKA_BROKERS", "MARIADB_URL")
    kafka, mariadb = Kafka(brokers), MariaDB(url, unique("kills"))
    mark = unique("")
    active, active2 = "active" + mark, "active2" + mark
    rng = random.Random(options.seed)
    kafka.create(active, PARTITIONS)
    clicks = Clicks(kafka, active, options.seed)
    targets = Targets(kafka, active2, mariadb, folder)
    sinks = overlay(folder)

    def job():
        return Run(options.millrace, PIPELINE / "topology.json", folder / "job", "--with", str(sinks),
                   "--set", f"topology=active_users{mark}", "--set", f"stages.clicks.topic={active}",
                   "--set", f"stages.topic.topic={active2}", env={"E2E_MARIADB_URL": mariadb.url})

    clicks.start()
    before = {name: collections.Counter() for name in targets.COMMITTED}
    shown, progress, deaths = time.monotonic(), 0, 0
    while deaths < options.kills:
        running = job()
        # Most lives are short, some so short that nothing is up yet, some long enough to commit a lot.
        time.sleep(rng.choice([0.05, 0.3, 0.6, 1.0, 1.5, 2.5]) * rng.uniform(0.5, 1.5))
        check(running.alive(), lambda: f"ended by itself with {running.process.returncode}: {running.errors()[-1500:]}")
        running.process.send_signal(signal.SIGKILL)
        running.process.wait()
        deaths += 1
        now = targets.committed()
        for name, rows in now.items():
            gone = before[name] - rows
            check(not gone, f"{name}: {sum(gone.values())} committed rows have disappeared, such as {list(gone)[:5]}")
            no_row_twice(name, rows)
        progress += now["active2"] != before["active2"]
        before = now
        if time.monotonic() - shown > 20:
            shown = time.monotonic()
            print(f"{deaths} kills, {sum(now['active2'].values())} rows in active2", flush=True)
    clicks.end()
    running = job()
    messages = kafka.read(active)
    expected = Result(messages, PARTITIONS)
    rows = collections.Counter(expected.rows)
    wait_until("every sink has as many rows as the oracle",
               lambda: all(sum(r.values()) >= len(expected.rows) for r in
                           (collections.Counter(getattr(targets, name)()) for name in ("active2", "sqlite", "maria",
                                                                                       "appended"))), 120)
    time.sleep(0.5)
    running.stop()

    for name in (*targets.COMMITTED, "appended"):
        found = getattr(targets, name)()
        check(not difference(expected.rows, found), lambda: f"{name}: {difference(expected.rows, found)}")
    in_topic = targets.active2()
    check(in_topic == sorted(in_topic, key=lambda r: (r.start, r.click_number)), "active2 is not in order")
    on_screen = collections.Counter()
    for line in running.out.read_text().splitlines():
        try:
            on_screen[row_of_json(line)] += 1
        except ValueError:  # a kill in the middle of a line; the line is printed again
            continue
    check(set(on_screen) >= set(rows), lambda: f"the screen lacks {list(set(rows) - set(on_screen))[:5]}")

    stages = running.ledger()
    check(stages["clicks"]["in"] == expected.records, f"clicks: {stages['clicks']}, in the topic: {expected.records}")
    check(stages["parsed"]["dead_letters"] == len(expected.dead),
          f"parsed: {stages['parsed']}, dead letters expected: {len(expected.dead)}")
    check(stages["counts"]["late"] == expected.late, f"counts: {stages['counts']}, late expected: {expected.late}")
    check(stages["counts"]["out"] == expected.taken, f"counts: {stages['counts']}, taken expected: {expected.taken}")
    for sink in ("screen", "topic", "lite", "maria", "appended", "rolled"):
        check(stages[sink]["out"] == len(expected.rows), f"{sink}: {stages[sink]}, rows: {len(expected.rows)}")
    letters = [(d["partition"], d["position"]) for d in dead_letters(folder / "job")]
    check(len(letters) == len(expected.dead) == len(set(map(str, letters))),
          f"{len(letters)} dead letters, {len(expected.dead)} expected")
    check(progress >= max(1, options.kills // 10), f"only {progress} of {deaths} lives committed anything")
    mariadb.drop()
    print(f"{deaths} kills (seed {options.seed}): {expected.records} clicks, {expected.late} late, {len(letters)} dead "
          f"letters, {len(expected.rows)} rows; active2, MariaDB, SQLite and files equal the oracle's; "
          f"{sum(on_screen.values()) - len(rows)} rows twice on the screen; {progress} lives committed rows")


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--kills", type=int, default=20)
    arguments.add_argument("--seed", type=int, default=1)
    sys.exit(main(test, arguments))

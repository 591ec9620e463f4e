#!/usr/bin/env python3
"""The pipeline pipelines/game as its README has it: without servers; and real requests by ab through HTTP and a real Kafka into two
tables of Parquet files, while API and job are killed with -9; then the seed's questions to the tables in SQL.

    game.py --millrace BINARY [--loops 3] [--seed 1]
"""
import collections
import json
import os
import random
import shutil
import subprocess
import time
import urllib.request

from deployments_under_test import OnRun
from parquet_tables import Sql, Trino, needs_parquet, table_rows, visible_files, without_parquet
from real_systems import PATIENCE, ROOT, Kafka, Run, check, difference, free_port, main, needed, topology_file, unique, wait_until

PIPELINE = ROOT / "pipelines" / "game"
COLUMNS = ["raw_event", "timestamp", "accept", "host", "user-agent", "event_type"]
# Returns the requests of one loop of ab.sh: default, swords, guilds.
LOOP = {"user1.comcast.com": (10, 20, 30), "user2.att.com": (15, 25, 35), "user3.gogov.com": (20, 30, 40)}


def tables(options, folder):
    return {name: table_rows(options, folder / name) for name in ("sword_purchases", "join_guilds")}


def embedded(options, folder):
    """The job that needs no server: each made event of the two kinds is in its table once."""
    out = folder / "tables"
    job = Run(options.millrace, PIPELINE / "topology.json", folder / "embedded", "--with", str(PIPELINE / "embedded.json"),
              "--set", "stages.raw_events.rate=null", env={"TABLES": str(out)})
    job.expect(0)
    made = topology_file(folder / "made.json", "made", {
        "events": {"source": "generator", "kind": "game", "seed": 1, "count": 2250},
        "lines": {"parser": "text", "from": "events"},
        "out": {"sink": "file", "from": "lines", "path": str(folder / "made.jsonl"), "format": "text", "template": "{line}"}})
    Run(options.millrace, made, folder / "made").expect(0)
    lines = (folder / "made.jsonl").read_text().splitlines()
    found = tables(options, out)
    for name, kind in (("sword_purchases", "purchase_sword"), ("join_guilds", "join_guild")):
        check(all(list(row) == COLUMNS for row in found[name]), f"columns of {name}: {list(found[name][0])}")
        wrong = difference([line for line in lines if json.loads(line)["event_type"] == kind], [r["raw_event"] for r in found[name]])
        check(not wrong, f"{name}: {wrong}")
    ledger = job.ledger()
    check(ledger["raw_events"]["in"] == 2250, f"{ledger}")
    print(f"embedded: {len(found['sword_purchases'])} swords, {len(found['join_guilds'])} guilds", flush=True)


def done(process):
    said, _ = process.communicate(timeout=75 * PATIENCE)
    check(process.returncode == 0, f"ab.sh: {said[-500:]}")
    check(said.count("Complete requests") == 9 and "Requests per second" in said, f"ab says: {said[-500:]}")


class Played:
    """The API and the job on a deployment, with a topic of their own, and tables in `out`."""
    ROLLED = [word for table in ("sword_purchases", "join_guilds") for word in ("--set", f"stages.{table}.roll.age=1 s")]

    def __init__(self, options, at, out):
        self.options, self.at, self.out, self.kafka = options, at, out, Kafka(*needed("KAFKA_BROKERS"))
        self.topic, self.mark, self.port, self.probes, self.answered = unique("events"), unique(""), free_port(), 0, 0

    def start_api(self):
        self.api = self.at.start(f"api{self.mark}", PIPELINE / "api.json", "--set", f"stages.topic.topic={self.topic}", PORT=str(self.port))

        def answers():  # the default counts; a probe without an answer may be an event, too
            self.api.check_alive()
            self.probes += 1
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=5 * PATIENCE) as r:
                return r.read() == b"This is the default response!\n"

        wait_until("the API answers", answers)
        self.answered += 1

    def start_job(self):
        self.job = self.at.start(f"game{self.mark}", PIPELINE / "topology.json", "--set", f"stages.raw_events.topic={self.topic}", *self.ROLLED,
                                 TABLES=str(self.out))

    def begin(self):
        self.start_api()
        check(len(self.kafka.read(self.topic)) <= self.probes, "probes are the only messages")
        self.start_job()

    def loop(self):
        """One loop of ab.sh, on its way."""
        process = subprocess.Popen([PIPELINE / "ab.sh", "--loops", "1", f"http://127.0.0.1:{self.port}"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                   text=True)
        Run.started.append(process)
        return process

    def compare(self, loops):
        """Each request of so many loops is a message, and each message of the two kinds is in its table once. Gives messages and tables."""
        def by_ab(events):
            return [e for e in events if e["User-Agent"].startswith("ApacheBench")]

        def in_topic():
            return [json.loads(m.value) for m in self.kafka.read(self.topic)]

        total = 225 * loops
        wait_until(f"{total} messages of ab and {self.answered} answered probes are in the topic",
                   lambda: len(found := in_topic()) - len(by_ab(found)) >= self.answered and len(by_ab(found)) >= total, 120)
        messages = self.kafka.read(self.topic)
        expected = collections.Counter()
        for host, counts in LOOP.items():
            for kind, n in zip(("default", "purchase_sword", "join_guild"), counts):
                expected[host, kind] = n * loops
        events = [json.loads(m.value) for m in messages]
        check(len(events) - len(by_ab(events)) <= self.probes, f"{len(events) - len(by_ab(events))} messages of {self.probes} probes")
        found = collections.Counter((e["Host"], e["event_type"]) for e in by_ab(events))
        check(found == expected, f"messages by host and kind: {found}, expected {expected}")
        check(all(e["Accept"] == "*/*" for e in by_ab(events)), "ab's Accept is merged")
        wait_until("all rows are in the tables",
                   lambda: tuple(map(len, tables(self.options, self.out).values())) >= (75 * loops, 105 * loops), 120)
        there = tables(self.options, self.out)
        for (name, rows), kind in zip(there.items(), ("purchase_sword", "join_guild")):
            wanted = [(m.value.decode(), time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(m.timestamp // 1000)) + f".{m.timestamp % 1000:03}")
                      for m, e in zip(messages, events) if e["event_type"] == kind]
            wrong = difference(wanted, [(r["raw_event"], r["timestamp"]) for r in rows])
            check(not wrong, f"{name}: {wrong}")
            check(all(list(r) == COLUMNS and r["event_type"] == kind for r in rows), f"rows of {name}")
            check(all(f.endswith(".snappy.parquet") for f in visible_files(self.out / name)), f"{visible_files(self.out / name)}")
        return messages, there

    def end(self):
        for running in (self.job, self.api):
            running.stop()
        self.kafka.delete_topic(self.topic)


def through_kafka(options, folder):
    p, rng, kills = Played(options, OnRun(options, folder), folder / "lake"), random.Random(options.seed), 0
    p.begin()
    for _ in range(options.loops):
        loop = p.loop()
        time.sleep(rng.uniform(0, 1.5))
        p.job.kill()
        p.start_job()
        done(loop)
        p.api.kill()  # answered requests are durable
        p.start_api()
        kills += 2
    messages, there = p.compare(options.loops)
    consumer = p.at.start(f"consumer{p.mark}", PIPELINE / "consumer.json", TOPIC=p.topic)
    wait_until("the consumer has printed the topic", lambda: consumer.out.read_bytes().count(b"\n") >= len(messages))
    check(consumer.out.read_bytes().splitlines() == [m.value for m in messages], "the consumer prints the messages as they are, in their order")
    consumer.stop()
    in_sql(options, p.out, there, lambda: done(p.loop()), 75 * options.loops)
    in_trino(options, p.out, lambda: done(p.loop()))
    p.end()
    print(f"through Kafka: {options.loops} loops of ab, {kills} kills, {len(messages)} messages, "
          f"{', '.join(f'{len(rows)} {name}' for name, rows in there.items())}", flush=True)


def in_sql(options, out, there, once_more, swords):
    sql = Sql(options, "--topology", PIPELINE / "topology.json", env={**os.environ, "TABLES": str(out)})
    if sql.is_missing("the questions in SQL"):
        return
    shown = [list(r.values())[0] for r in sql.rows("show tables")]
    check(shown == ["join_guilds", "sword_purchases"], f"show tables: {shown}")
    for name, rows in there.items():
        described = [(r["column_name"], r["column_type"]) for r in sql.rows(f"describe {name}")]
        check(described == [(c, "VARCHAR") for c in COLUMNS], f"describe {name}: {described}")
        by_host = collections.Counter(r["host"] for r in rows)
        found = {r["host"]: r["n"] for r in sql.rows(f"select host, count(*) as n from {name} group by host")}
        check(found == by_host, f"{name} by host: {found}, expected {by_host}")
    report = subprocess.run([PIPELINE / "findings.sh", options.millrace], capture_output=True, text=True, env={**os.environ, "TABLES": str(out)})
    check(report.returncode == 0 and report.stdout.count("sql> ") == 7 and f" {swords}\n" in report.stdout, f"findings.sh: {report.stdout} {report.stderr}")
    count = lambda: sql.rows("select count(*) as n from sword_purchases")[0]["n"]
    check(count() == swords, f"{count()} swords, expected {swords}")
    once_more()
    wait_until("the count has grown by a loop's swords", lambda: count() == swords + 75, 60)


def in_trino(options, out, once_more):
    """The seed's questions, as it put them to Presto, with the answers' columns as it shows them."""
    if not os.environ.get("TRINO_URL"):
        print('SKIPPED: the questions to Trino; remedy: eval "$(tools/services start trino)"', flush=True)
        return
    trino = Trino(options, PIPELINE / "topology.json", env={**os.environ, "TABLES": str(out)})
    names = ("join_guilds", "sword_purchases")
    for name in names:
        trino.define(name)
    trino.expect("show tables", [[name] for name in names], ["Table"])
    for name in names:
        trino.expect(f"describe {name}", [[column, "varchar", "", ""] for column in COLUMNS])
        by_host = collections.Counter(r["host"] for r in table_rows(options, out / name))
        trino.expect(f"select host, count(*) from {name} group by host order by host", sorted([h, n] for h, n in by_host.items()), ["host", "_col1"])
    before = trino.ask("select count(*) from sword_purchases")
    check(before[0] == ["_col0"], f"columns {before[0]}")
    once_more()
    wait_until("the count has grown by a loop's swords",
               lambda: trino.ask("select count(*) from sword_purchases")[1] == [[before[1][0][0] + 75]], 60)
    for name in names:
        trino.ask(f"drop table {name}")
    trino.drop()
    print("Trino: show tables, describe, count twice growing, group by host", flush=True)


def no_parquet_or_ab(options):
    return without_parquet(options) or ("" if shutil.which("ab") else "real requests need ab; remedy: apt-get install apache2-utils")


def go(options, folder):
    needs_parquet(options)
    embedded(options, folder)
    if why := no_parquet_or_ab(options):
        print(f"SKIPPED: {why}", flush=True)
        return
    through_kafka(options, folder)


if __name__ == "__main__":
    main(go, __doc__, loops=3, seed=1)

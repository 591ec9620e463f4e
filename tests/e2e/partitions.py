#!/usr/bin/env -S python3 -B
"""Partitions are added to the topic of a running job, and to one that is down; in between it is killed with -9.

Records of a new partition come within seconds. At the end every record is once in the sink without a window; every
row of a window came once and never changed; and what is not in rows is counted as late, each record once.

    partitions.py --millrace build/release/millrace [--rounds 5] [--seed 1]
"""
import collections
import json
import random
import sqlite3
import time

from real_systems import PATIENCE, Kafka, Run, check, main, needed, topology_file, unique, wait_until

KEYS, WINDOW, DELAY = 5, 10, 5


def topology(name, folder):
    end = {"e": "extract(epoch from window_end)::bigint", "k": "k", "n": "n"}
    stages = {
        "events": {"source": "kafka", "brokers": "${KAFKA_BROKERS}", "topic": name, "discover_every": "500 ms"},
        "parsed": {"parser": "json", "from": "events", "event_time": "at", "watermark_delay": f"{DELAY} s",
                   "future_skew": "off", "schema": {"k": "text", "at": {"type": "timestamp", "format": "epoch_s"}}},
        "counts": {"window": "tumbling", "size": f"{WINDOW} s", "from": "parsed", "key": ["k"],
                   "aggregates": {"n": "count(*)"}, "shards": 3},
        "raw": {"sink": "sql", "from": "parsed", "connection": f"sqlite3://{folder}/raw.sqlite", "table": "raw",
                "create": True, "columns": {"partition": "_partition::bigint", "position": "_position"}},
        "rows": {"sink": "sql", "from": "counts", "connection": f"sqlite3://{folder}/rows.sqlite", "table": "rows",
                 "create": True, "columns": end},
        "log": {"sink": "file", "from": "counts", "path": f"{folder}/log.jsonl", "columns": end},
    }
    return topology_file(folder / "topology.json", name, stages, snapshot_every="300 ms", commit_every="50 ms")


class Test:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.kafka, self.rng = Kafka(*needed("KAFKA_BROKERS")), random.Random(options.seed)
        self.name = unique("partitions")
        self.kafka.create(self.name, 1)
        self.path = topology(self.name, folder)
        self.partitions, self.now, self.sent = 1, 1000, collections.Counter()
        self.in_window, self.rows = collections.Counter(), {}

    def start(self):
        return Run(self.options.millrace, self.path, self.folder / "job", env={"KAFKA_BROKERS": self.kafka.brokers})

    def send(self, partition, events):
        self.kafka.produce(self.name, [json.dumps({"k": k, "at": at}).encode() for k, at in events], "-p", str(partition))
        self.sent[partition] += len(events)
        self.in_window.update(((at // WINDOW + 1) * WINDOW, k) for k, at in events)

    def produce(self, seconds):
        """Lets this much event time go by, in all partitions alike."""
        events = collections.defaultdict(list)
        for _ in range(seconds):
            self.now += 1
            for p in range(self.partitions):
                for _ in range(self.rng.randint(1, 4)):
                    events[p].append((f"k{self.rng.randrange(KEYS)}", self.now - self.rng.randint(0, DELAY - 1)))
        for p, some in events.items():
            self.send(p, some)

    def close_windows(self):
        """One record in each partition, in a window of their own, past all others."""
        self.now = (self.now // WINDOW + 5) * WINDOW + DELAY
        for p in range(self.partitions):
            self.send(p, [("last", self.now)])

    def add_partition(self):
        self.partitions += 1
        self.kafka.add_partitions(self.name, self.partitions)

    def make_topic_anew(self):
        """The topic has fewer partitions than the state knows."""
        self.kafka.delete_topic(self.name)
        wait_until("the topic is gone", lambda: not self.kafka.partitions(self.name))
        self.kafka.create(self.name, 1)

    def ask(self, table, columns):
        file = self.folder / f"{table}.sqlite"
        if not file.exists():
            return []
        with sqlite3.connect(file, timeout=30 * PATIENCE) as db:
            if not db.execute("select 1 from sqlite_master where name = ?", (table,)).fetchone():
                return []
            return db.execute(f"select {columns} from {table}").fetchall()

    def raw(self):
        found = collections.Counter(self.ask("raw", "partition, position"))
        twice = [at for at, n in found.items() if n > 1]
        check(not twice, f"records came twice: {twice[:5]}")
        return found

    def look(self):
        """Rows come once, and stay as they were."""
        rows = self.ask("rows", "e, k, n")
        now = {(e, k): n for e, k, n in rows}
        check(len(now) == len(rows), "a window's row came twice")
        for at, n in self.rows.items():
            check(now.get(at) == n, f"the row of {at} was {n} and is {now.get(at)}")
        self.rows = now

    def again(self, running):
        running.kill()
        self.look()
        return self.start()

    def wait_for_all(self, what, running):
        running.wait_until(f"every record is there: {what}", lambda: len(self.raw()) == sum(self.sent.values()))

    def settled(self, ledger):
        """Records that the window has done with, and of those in rows, late, late at a shard."""
        rows = sum(n for (n,) in self.ask("rows", "n"))
        counts = ledger["counts"]
        return rows + counts["late"] + counts["late_at_shard"], rows, counts["late"], counts["late_at_shard"]

    def compare(self, ledger):
        raw = self.raw()
        for p, n in self.sent.items():
            check(sum(1 for at in raw if at[0] == p) == n, f"partition {p}: not all of {n} records came")
        self.look()
        for at, n in self.rows.items():
            check(n <= self.in_window[at], f"the row of {at} counts {n} of {self.in_window[at]} records")
        total = sum(self.sent.values())
        all_settled, in_rows, late, at_shard = self.settled(ledger)
        check(all_settled == total - self.partitions,
              f"{in_rows} in rows, {late} late, {at_shard} late at a shard and the last of {self.partitions} partitions "
              f"are not the {total} that were sent")
        log = [json.loads(line) for line in (self.folder / "log.jsonl").read_text().splitlines()]
        check({(r["e"], r["k"]): r["n"] for r in log} == self.rows and len(log) == len(self.rows),
              "the two sinks of the window have different rows")
        return (f"{total} records in {self.partitions} partitions, {len(self.rows)} rows, {late} late, "
                f"{at_shard} late at a shard")


def test(options, folder):
    t = Test(options, folder)
    running, slowest = t.start(), 0.0
    t.produce(60)
    t.wait_for_all("at the first start", running)
    for number in range(options.rounds):
        while_down = number % 3 == 2
        if while_down:
            running.kill()
        began = time.monotonic()
        t.add_partition()
        t.produce(40)
        if while_down:
            running = t.start()
        elif t.rng.random() < 0.5:  # it is found about then, and joins
            time.sleep(t.rng.uniform(0, 1.5))
            running = t.again(running)
        t.wait_for_all(f"with partition {t.partitions - 1}", running)
        slowest = max(slowest, time.monotonic() - began)
        for _ in range(t.rng.randint(0, 2)):
            t.produce(30)
            time.sleep(t.rng.uniform(0, 1))
            running = t.again(running)
        t.produce(30)
        t.wait_for_all("after kills", running)
        t.look()
    t.close_windows()
    t.wait_for_all("at the end", running)
    wait_until("the last windows have fired",
               lambda: t.settled(running.ask_ledger())[0] >= sum(t.sent.values()) - t.partitions, 60)
    running.stop()
    print(f"{t.compare(running.ledger())}; all of a new partition came within {slowest:.1f} s")
    t.make_topic_anew()
    t.start().expect(1, "is not there any more", "--fresh")


if __name__ == "__main__":
    main(test, __doc__, rounds=5, seed=1)

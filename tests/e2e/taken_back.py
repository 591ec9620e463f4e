#!/usr/bin/env -S python3 -B
"""Rows that `updates` takes back, while the process is killed with -9 again and again: sessions that grow and grow together, and groups that having no longer
lets through. At the end tables in PostgreSQL and MariaDB, and what a compacted topic says of each key, are the rows that `final` would give.

    taken_back.py --millrace BINARY [--only NAME] [--kills N] [--seed N]      each case is a function below; what it shows is its docstring
"""
import json
import random

from real_systems import Coming, OnServers, Run, check, difference, kill_lives, main_of_cases

PARTITIONS, USERS, EVENTS, GAP, SPAN = 3, 25, 120, 120, 21_600
BEGIN = 1_619_222_400


class Case(OnServers):
    def __init__(self, options, folder, name):
        super().__init__(options, folder, name, PARTITIONS)
        self.kafka.create(self.name + "_rows", 2)
        self.kafka.configure(self.name + "_rows", "cleanup.policy", "compact")
        self.rng = random.Random(options.seed)
        self.events = []

    def burst(self):
        """Four times a second; at any time of six hours, so that sessions grow at both ends and grow together."""
        events = [(f"u{self.rng.randrange(USERS)}", BEGIN + self.rng.randrange(SPAN)) for _ in range(EVENTS)]
        for partition in range(PARTITIONS):
            mine = [(at * 1000, None, json.dumps({"u": u, "t": at}).encode()) for u, at in events if at % PARTITIONS == partition]
            if mine:
                self.kafka.produce_records(self.name, mine, partition)
        self.events += events

    def run(self, window, key, expected):
        """`key`: columns of the tables beside u."""
        topology = {
            "millrace": 1, "topology": self.name, "commit_every": "20 ms", "snapshot_every": "200 ms",
            "stages": {
                "events": {"source": "kafka", "brokers": self.kafka.brokers, "topic": self.name},
                "parsed": {"parser": "json", "from": "events", "schema": {"u": "text", "t": {"type": "timestamp", "format": "epoch_s"}},
                           "event_time": "t", "watermark_delay": "2 days"},
                "window": {**window, "from": "parsed", "key": "u", "emit": "updates", "every": "150 ms", "shards": 3},
                "rows": {"transform": "select", "from": "window",
                         "columns": {"id": " || '/' || ".join(["u", *(f"{k}::text" for k in key)]), "u": "u", "n": "n", "s": "window_start", "e": "window_end"}},
                "postgres": {"sink": "sql", "from": "rows", "connection": self.postgres.url, "table": "t", "create": True, "mode": "upsert", "key": "id"},
                "mariadb": {"sink": "sql", "from": "rows", "connection": self.mariadb.url.replace("mariadb:", "mysql:"), "table": "t", "create": True,
                            "mode": "upsert", "key": "id"},
                "topic": {"sink": "kafka", "from": "rows", "brokers": self.kafka.brokers, "topic": self.name + "_rows", "key": "id", "removed": "tombstone"}}}
        file = self.folder / "topology.json"
        file.write_text(json.dumps(topology))
        coming = Coming("events", self.burst)
        coming.start()
        kill_lives(lambda: [Run(self.options.millrace, file, self.folder / "state")], self.options.kills, self.rng, (0.4, 1.0, 2.0), coming)
        coming.end()
        wanted = expected(self.events)
        life = Run(self.options.millrace, file, self.folder / "state")
        for name, rows in [("postgres", self.of_postgres), ("mariadb", self.of_mariadb), ("topic", self.of_topic)]:
            life.wait_until(f"{name} has the rows of final", lambda rows=rows: not difference(wanted, rows()))
        life.stop()
        for name, rows in [("postgres", self.of_postgres), ("mariadb", self.of_mariadb), ("topic", self.of_topic)]:
            wrong = difference(wanted, rows())
            check(not wrong, f"{name}: {wrong}")
        ledger = life.ledger()
        check(ledger["window"]["out"] == len(self.events) and not life.dead_letters(), f"the ledger: {ledger}")
        tombstones = sum(m.value is None for m in self.kafka.read(self.name + "_rows"))
        check(tombstones, "nothing was taken back")
        print(f"{self.options.kills} kills, {len(self.events)} events, {len(wanted)} rows, {tombstones} tombstones", flush=True)

    def of_postgres(self):
        return [(r["u"], r["n"]) for r in self.postgres.ask("select u, n from t")] if self.postgres.has("t") else []

    def of_mariadb(self):
        return [(u, int(n)) for u, n in self.mariadb.ask("select u, n from t")] if self.mariadb.has("t") else []

    def of_topic(self):
        newest = {m.key: m.value for m in self.kafka.read(self.name + "_rows")}
        rows = [json.loads(value) for value in newest.values() if value is not None]
        return [(r["u"], r["n"]) for r in rows]


def sizes_of_sessions(events):
    of_user = {}
    for u, at in events:
        of_user.setdefault(u, []).append(at)
    out = []
    for u, times in of_user.items():
        last = None
        for at in sorted(times):
            if last is None or at - last >= GAP:
                out.append([u, 0])
            out[-1][1] += 1
            last = at
    return [tuple(s) for s in out]


def growing(c):
    """Sessions by user and both bounds: each growth leaves a row that goes."""
    c.run({"window": "session", "gap": f"{GAP} s", "aggregates": {"n": "count(*)"}}, ["window_start", "window_end"], sizes_of_sessions)


def short(c):
    """Sessions of few events alone: a row goes when its session gets too long."""
    c.run({"window": "session", "gap": f"{GAP} s", "aggregates": {"n": "count(*)"}, "having": "n < 3"}, ["window_start"],
          lambda events: [s for s in sizes_of_sessions(events) if s[1] < 3])


def back(c):
    """Hours whose number of events is no multiple of three: a row goes and comes back."""
    def expected(events):
        hours = {}
        for u, at in events:
            hours[u, at // 3600] = hours.get((u, at // 3600), 0) + 1
        return [(u, n) for (u, _), n in hours.items() if n % 3]
    c.run({"window": "tumbling", "size": "1 hour", "aggregates": {"n": "count(*)"}, "having": "n % 3 <> 0"}, ["window_end"], expected)


CASES = [growing, short, back]


if __name__ == "__main__":
    main_of_cases(CASES, Case, __doc__, kills=8, seed=1)

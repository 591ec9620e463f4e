#!/usr/bin/env -S python3 -B
"""A process stands still (SIGSTOP) while its successor takes over every kind of sink, and then wakes up: what it had under way is
refused, it ends with a message that says why, and every row is in each target once.

The successor runs on a copy of the state folder, as after the loss of a node, or on a new folder with --adopt. All kinds of sinks
at once, each in processes of its own; each target gets the rows of a window and the records themselves.

    zombies.py --millrace build/release/millrace [--rounds 2] [--seed 1] [--past-timeouts]

With --past-timeouts each stands still in the middle of a transaction for longer than any server waits for it, first with a
successor that has to wait for the server to give the transaction up, then alone: then it must go on as if nothing had been.
"""
import collections
import concurrent.futures
import json
import random
import shutil
import signal
import sqlite3
import time

from patience import LEAST, PATIENCE
from real_systems import Kafka, MariaDB, PostgreSQL, Run, check, difference, main, needed, topology_file, unique

RATE = 300
A_SECOND = 100  # records of event time
KEYS = 7
FENCED = ("taken over", "claimed it", "fenced", "under another state folder", "from another state folder")
SERVER_WAITS = 150  # seconds for a client in the middle of a transaction; docs/operations.md


def record(i):
    return {"i": i, "k": f"k{i * i % KEYS}", "at": i // A_SECOND}


def expected(count):
    counted = collections.Counter((i // A_SECOND + 1, f"k{i * i % KEYS}") for i in range(count))
    return {"direct": [(i,) for i in range(count)], "counted": [(e, k, n) for (e, k), n in counted.items()]}


COLUMNS = {"direct": {"i": "i"}, "counted": {"e": "extract(epoch from window_end)::bigint", "k": "k", "n": "n"}}


class Target:
    """The target of the rows: `stage(name)` is the sink's declaration, `rows(name)` what a reader sees."""

    def __init__(self, folder, servers):
        self.folder, self.servers, self.env = folder, servers, {}

    def lines(self, paths):
        return [tuple(json.loads(line).values()) for path in paths for line in path.read_text().splitlines() if line]

    def drop(self):
        pass


class Appended(Target):
    def stage(self, name):
        return {"sink": "file", "path": f"{self.folder}/{name}.jsonl"}

    def rows(self, name):
        path = self.folder / f"{name}.jsonl"
        # The last line may be under way, or be cut off again; at the end all must be right.
        return self.lines([path]) if path.exists() and path.read_bytes().endswith(b"\n") else []


class Rolled(Target):
    def stage(self, name):
        return {"sink": "file", "path": f"{self.folder}/{name}/rows.jsonl", "roll": {"rows": 50}}

    def rows(self, name):
        return self.lines(sorted((self.folder / name).glob("rows-*.jsonl")))


class SQLite(Target):
    def stage(self, name):
        return {"sink": "sql", "connection": f"sqlite3://{self.folder}/{name}.sqlite", "table": name, "create": True}

    def rows(self, name):
        with sqlite3.connect(self.folder / f"{name}.sqlite", timeout=60) as db:
            if not db.execute("select 1 from sqlite_master where name = ?", (name,)).fetchone():
                return []
            return db.execute(f"select * from {name}").fetchall()


class Maria(Target):
    def __init__(self, folder, servers):
        super().__init__(folder, servers)
        self.db = MariaDB(servers["MARIADB_URL"], unique("zombie"))
        self.env = {"ZOMBIE_URL": self.db.url}

    def stage(self, name):
        return {"sink": "sql", "connection": "${ZOMBIE_URL}", "table": name, "create": True}

    def rows(self, name):
        rows = self.db.ask(f"select * from {name}") if self.db.has(name) else []
        return [tuple(int(v) if v.isdigit() else v for v in row) for row in rows]

    def hold_positions(self, seconds):
        """Nobody else can commit for so long."""
        self.db.ask(f"begin; select count(*) from millrace_positions for update; select sleep({seconds}); commit")

    def drop(self):
        self.db.drop()


class Postgres(Target):
    def __init__(self, folder, servers):
        super().__init__(folder, servers)
        self.db = PostgreSQL(servers["POSTGRES_URL"], unique("zombie"))
        self.db.create()
        self.env = {"ZOMBIE_URL": self.db.url}

    stage = Maria.stage

    def rows(self, name):
        return [tuple(row.values()) for row in self.db.ask(f"select * from {name}")] if self.db.has(name) else []

    def hold_positions(self, seconds):
        self.db.do(f"begin; select 1 from millrace_positions for update; select pg_sleep({seconds}); commit")

    drop = Maria.drop


class Topics(Target):
    def __init__(self, folder, servers):
        super().__init__(folder, servers)
        self.kafka, self.mark = Kafka(servers["KAFKA_BROKERS"]), unique("")
        self.env = {"KAFKA_BROKERS": self.kafka.brokers}

    def stage(self, name):
        return {"sink": "kafka", "brokers": "${KAFKA_BROKERS}", "topic": name + self.mark,
                "create": {"partitions": 2, "replication": 1}}

    def hold_positions(self, seconds):
        """This is not needed: with a long `commit_every` a transaction is nearly always open."""
        time.sleep(seconds)

    def rows(self, name):
        return [tuple(json.loads(m.value).values()) for m in self.kafka.read(name + self.mark)]


KINDS = {"appended": Appended, "rolled": Rolled, "sqlite": SQLite, "mariadb": Maria, "postgresql": Postgres, "kafka": Topics}


class Case:
    def __init__(self, options, folder, kind, servers, seed, count, commit_every="50 ms"):
        self.options, self.kind, self.count = options, kind, count
        self.folder = folder / f"{kind}-{seed}"
        self.folder.mkdir()
        self.target = KINDS[kind](self.folder, servers)
        self.rng = random.Random(f"{kind} {seed}")
        with open(self.folder / "in.jsonl", "w") as out:
            out.writelines(json.dumps(record(i)) + "\n" for i in range(count))
        stages = {
            # Slower on a slow machine: there must be some to come when it stands still.
            "in": {"source": "file", "path": f"{self.folder}/in.jsonl", "rate": f"{int(RATE * LEAST / PATIENCE)}/s"},
            "parsed": {"parser": "json", "from": "in", "event_time": "at",
                       "schema": {"i": "bigint", "k": "text", "at": {"type": "timestamp", "format": "epoch_s"}}},
            "counts": {"window": "tumbling", "size": "1 s", "from": "parsed", "key": ["k"], "aggregates": {"n": "count(*)"},
                       "shards": 2},
            **{name: {**self.target.stage(name), "from": source, "columns": COLUMNS[name]}
               for name, source in (("direct", "parsed"), ("counted", "counts"))}}
        topology_file(self.folder / "topology.json", unique("zombie"), stages, snapshot_every="200 ms", commit_every=commit_every)

    def start(self, state, *more):
        return Run(self.options.millrace, self.folder / "topology.json", self.folder / state, *more, env=self.target.env)

    def sizes(self):
        return [len(self.target.rows(name)) for name in COLUMNS]

    def grown(self, running, since, by, seconds):
        """Returns whether both tables have grown by this much in time; `running` must not have ended before."""
        until = time.monotonic() + seconds * PATIENCE
        while time.monotonic() < until:
            if running.process.poll() == 0:  # it may come to its end between two looks on a slow machine
                return all(now >= before + by for now, before in zip(self.sizes(), since))
            check(running.alive(), lambda: f"{self.kind}: the run has ended with {running.process.returncode}: "
                                           f"{running.errors()[-1500:]}")
            if all(now >= before + by for now, before in zip(self.sizes(), since)):
                return True
            time.sleep(0.2)
        return False

    def successor(self, way):
        # A start ends where its target does not answer in time; the server ends what a stopped process holds after SERVER_WAITS.
        patient = ("--start-timeout", f"{2 * SERVER_WAITS} s")
        if way == "adopt":
            return self.start("adopted", "--adopt", *patient)
        shutil.copytree(self.folder / "state", self.folder / "copy")
        return self.start("copy", *patient)

    def ends_whole(self, running):
        check(running.wait(180) == 0, lambda: f"{self.kind}: it ended badly: {running.errors()[-1500:]}")
        wanted = expected(self.count)
        for name in COLUMNS:
            apart = difference(wanted[name], self.target.rows(name))
            check(not apart, f"{self.kind}, {name}: {apart}")

    def taken_over(self, way):
        """One zombie; says what it said in the end."""
        zombie = self.start("state")
        check(self.grown(zombie, [0, 0], 100, 60), f"{self.kind}: no first rows")
        time.sleep(self.rng.uniform(0, 0.3))
        zombie.process.send_signal(signal.SIGSTOP)
        before = self.sizes() if self.kind != "sqlite" else [100, 100]
        successor = self.successor(way)
        # Stopped in the middle of a commit it may hold locks, for which the successor rightly waits.
        if self.kind == "sqlite":
            successor.wait_for_its_beginning()
            time.sleep(6)
            in_time = True
        else:
            in_time = self.grown(successor, before, 50, 10)
        zombie.process.send_signal(signal.SIGCONT)
        said = self.refused(zombie)
        self.ends_whole(successor)
        return f"{'' if in_time else 'stopped while it held a lock; '}{said}"

    def stop_within_a_transaction(self, running):
        check(self.grown(running, [0, 0], 100, 60), f"{self.kind}: no first rows")
        with concurrent.futures.ThreadPoolExecutor(1) as one:
            held = one.submit(self.target.hold_positions, PATIENCE)
            time.sleep(PATIENCE / 2)
            running.process.send_signal(signal.SIGSTOP)
            held.result()  # the server has done its work now, and waits for the commit

    def past_timeouts(self):
        """First with a successor, then alone."""
        zombie = self.start("state")
        self.stop_within_a_transaction(zombie)
        before, began = self.sizes(), time.monotonic()
        successor = self.successor("copy")
        check(self.grown(successor, before, 50, SERVER_WAITS + 60), f"{self.kind}: the successor cannot take over: {successor.errors()}")
        taken_over = time.monotonic() - began
        time.sleep(max(0.0, SERVER_WAITS + 15 - taken_over))
        zombie.process.send_signal(signal.SIGCONT)
        said = self.refused(zombie)
        self.ends_whole(successor)
        return f"taken over after {taken_over:.0f} s; {said}"

    def alone(self):
        running = self.start("state")
        self.stop_within_a_transaction(running)
        time.sleep(SERVER_WAITS + 15)
        running.process.send_signal(signal.SIGCONT)
        self.ends_whole(running)
        return "went on as if nothing had been"

    def refused(self, zombie):
        status, said = zombie.wait(60), zombie.errors()
        check(status == 1, f"{self.kind}: the zombie ended with {status}, expected 1; it said: {said[-1500:]}")
        last = said.strip().splitlines()[-1]
        check(any(text in last for text in FENCED), f"{self.kind}: the zombie's last words do not say that it was replaced: {last}")
        return last


def all_kinds(options, folder, servers, seed, kinds, work, commit_every="50 ms"):
    cases = [Case(options, folder, kind, servers, seed, RATE * 30, commit_every) for kind in kinds]
    with concurrent.futures.ThreadPoolExecutor(len(cases)) as pool:
        done = {case: pool.submit(work, case) for case in cases}
    for case, outcome in done.items():
        print(f"ok      {case.kind}: {outcome.result()}", flush=True)
        case.target.drop()


def test(options, folder):
    names = ("KAFKA_BROKERS", "MARIADB_URL", "POSTGRES_URL")
    servers = dict(zip(names, needed(*names)))
    for number in range(options.rounds):
        way = ("copy", "adopt")[number % 2]
        print(f"round {number + 1}: the successor has {'a copy of the state' if way == 'copy' else 'a new state and --adopt'}",
              flush=True)
        all_kinds(options, folder, servers, options.seed + number, options.kinds, lambda case, way=way: case.taken_over(way))
    if options.past_timeouts:
        kinds = [kind for kind in options.kinds if kind in ("mariadb", "postgresql", "kafka")]
        print("within a transaction, past the servers' time-outs, with a successor", flush=True)
        all_kinds(options, folder, servers, "long", kinds, Case.past_timeouts, "1 s")
        print("within a transaction, past the servers' time-outs, alone", flush=True)
        all_kinds(options, folder, servers, "alone", kinds, Case.alone, "1 s")


if __name__ == "__main__":
    main(test, __doc__, rounds=2, seed=1, past_timeouts=False, kinds=dict(nargs="*", choices=list(KINDS), default=list(KINDS)))

#!/usr/bin/env -S python3 -B
"""Change events of a table in Kafka, as Debezium writes them, while the process is killed with -9 again and again: at the end the tables in PostgreSQL
and MariaDB equal their origin, and the ledger has counted each event once.

    changes.py --millrace BINARY [--only NAME] [--kills N] [--seed N]      each case is a function below; what it shows is its docstring
"""
import json
import random
import sys

from real_systems import ROOT, Coming, OnServers, Run, check, difference, kill_lives, main_of_cases

sys.path.insert(0, str(ROOT / "tests" / "golden" / "run"))
from golden.change_events import PAGE, Origin, again, printed_topology

PARTITIONS = 3
KEYS = 60
EVENTS = 300  # four times a second


class Case(OnServers):
    def __init__(self, options, folder, name):
        super().__init__(options, folder, name, PARTITIONS)
        self.rng = random.Random(options.seed)
        self.origin = Origin(self.rng, KEYS)
        self.sent = 0

    def tables(self):
        """Each has a sink of its own process: the topology as it is, with another connection alone."""
        return {"postgres": (self.postgres.url, self.of_postgres), "mariadb": (self.mariadb.url.replace("mariadb:", "mysql:"), self.of_mariadb)}

    def of_postgres(self, columns):
        if not self.postgres.has("customers"):
            return []
        return [tuple(r[c] for c in columns) for r in self.postgres.ask(f"select {', '.join(columns)} from customers")]

    def of_mariadb(self, columns):
        if not self.mariadb.has("customers"):
            return []
        texts = {"name", "email"}
        rows = self.mariadb.ask(f"select {', '.join(f'hex({c})' if c in texts else c for c in columns)} from customers")
        return [tuple(None if v == "NULL" else bytes.fromhex(v).decode() if c in texts else int(v) for c, v in zip(columns, row)) for row in rows]

    def run(self, topology, burst, columns, rest=None):
        """Kills the processes of all tables while `burst` goes on; then each table is the origin's. `rest` sends what burst() has held back."""
        file = self.folder / "topology.json"
        file.write_text(topology if isinstance(topology, str) else json.dumps(topology))
        coming = Coming("events", burst)
        coming.start()

        def start(name, url):
            return Run(self.options.millrace, file, self.folder / name,
                       env={"KAFKA_BROKERS": self.kafka.brokers, "TOPIC": self.name, "POSTGRES_URL": url})

        kill_lives(lambda: [start(name, url) for name, (url, _) in self.tables().items()], self.options.kills, self.rng, (0.3, 0.8, 1.5), coming)
        coming.end()
        if rest:
            rest()
        for name, (url, rows) in self.tables().items():
            life = start(name, url)
            life.wait_until(f"{name} has all {self.sent} events", lambda life=life: life.ask_ledger()["table"]["out"] >= self.sent)
            life.stop()
            expected = [tuple(row[c] for c in columns) for row in self.origin.rows.values()]
            check(expected, "the origin has no row")
            wrong = difference(expected, rows(columns))
            check(not wrong, f"{name} is not the origin: {wrong}")
            ledger = life.ledger()
            check(ledger["table"]["out"] == self.sent and not life.dead_letters(), f"the ledger of {name}: {ledger['table']}")
        print(f"{self.options.kills} kills, {self.sent} events, {len(self.origin.rows)} rows", flush=True)

    def produce(self, records):
        """(partition, key, value)"""
        for partition in range(PARTITIONS):
            mine = [(1_619_294_100_796, key, value) for p, key, value in records if p == partition]
            if mine:
                self.kafka.produce_records(self.name, mine, partition)
        self.sent += len(records)


def in_any_order(c):
    """The topology of the page, as it is printed: events in any order, in any partition, and some of them again, by their lsn."""
    held = []

    def burst():
        held.extend(again(c.rng, [event for _, event in (c.origin.change() for _ in range(EVENTS))], EVENTS // 4))
        c.rng.shuffle(held)
        send(held[EVENTS // 3:])
        del held[EVENTS // 3:]  # the others come much later

    def send(events):
        c.produce([(c.rng.randrange(PARTITIONS), None, json.dumps(e).encode()) for e in events])

    text = PAGE.read_text()
    printed = text[text.index("```jsonc\n") + 9:]
    c.run(printed[:printed.index("\n```")], burst, ["id", "name", "email", "lsn"], lambda: send(held))


def in_order(c):
    """Without `newest`: the changes of a key in their order, in its partition."""
    topology = printed_topology()
    del topology["stages"]["table"]["newest"]

    def burst():
        c.produce([(key % PARTITIONS, None, json.dumps(event).encode()) for key, event in (c.origin.change() for _ in range(EVENTS))])

    c.run(topology, burst, ["id", "name", "email", "lsn"])


def tombstones(c):
    """Rows by themselves, and tombstones that have but a key: the stages that the page prints for them."""
    topology = printed_topology()
    stages = topology["stages"]
    flattened = PAGE.read_text().split("```jsonc\n")[2].split("\n```")[0].replace("...,", "")
    stages.update({name: {**(stages[name] if name == "table" else {}), **stage} for name, stage in json.loads("{" + flattened + "}").items()})
    del stages["table"]["newest"]

    def burst():
        changes = [c.origin.change() for _ in range(EVENTS)]
        c.produce([(key % PARTITIONS, json.dumps({"id": key}).encode(), json.dumps(event["after"]).encode() if event["after"] else None)
                   for key, event in changes])

    c.run(topology, burst, ["id", "name", "email"])


CASES = [in_any_order, in_order, tombstones]


if __name__ == "__main__":
    main_of_cases(CASES, Case, __doc__, kills=8, seed=1)

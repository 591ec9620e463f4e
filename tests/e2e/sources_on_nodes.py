#!/usr/bin/env -S python3 -B
"""Sources that cannot be asked again, on three nodes: a request that was answered with 200, or a received record of a stream, counts exactly once,
on any death of a node. Another node goes on with the spool of a dead one.

    sources_on_nodes.py --millrace build/release/millrace [--only posts] [--store dir|kafka|postgresql] [--kills 4] [--seed 1]

POSTGRES_URL names the server with the tables, and the store's where that is asked for; KAFKA_BROKERS likewise.
"""
import random
import signal

from cluster_under_test import Cluster
from http_server import Game, answered, answers_of, clients_of, expect
from http_stream import Load
from polled_tables import Churn, check_changes, table_of
from real_systems import STORES, OwnFolder, check, main_of_cases, topology_file, wait_until


class Case(OwnFolder):
    def __init__(self, options, folder, name):
        super().__init__(options, folder, name)
        self.postgres = self.own_postgres()
        self.table = {"sink": "sql", "connection": self.postgres.url, "table": "received", "create": True}
        self.cluster = self.at_the_end.enter_context(Cluster(self.binary, self.folder, options.store, leading=("a", "b", "c"), following=()))

    def apply(self, name, lane, topology):
        """`lane`: the actor that receives."""
        self.name, self.lane = name, f"{name}/{lane}/lane0"
        self.cluster.ask("apply", topology, "--set", "snapshot_every=500 ms", by=self.cluster.nodes["b"])

    def received(self, columns):
        return self.postgres.ask(f"select {columns} from received") if self.postgres.has("received") else []

    def place(self):
        """Returns where the source is."""
        state, reason = self.cluster.state_of(self.name)
        check(state == "running", f"the topology is {state}: {reason}")
        return self.cluster.places().get(self.lane)

    def trouble(self, how):
        """The node that receives goes, and another one, or its own next process, receives."""
        had = wait_until("the source is somewhere", self.place)
        node = self.cluster.nodes[had]
        if how == "drained":
            self.cluster.ask("drain", had)
            wait_until(f"{had} is drained", lambda: self.place() not in (None, had))
            self.end(node)
        elif how == "ended":
            self.end(node)
        else:
            node.kill()
        wait_until("another node has the source", lambda: self.place() not in (None, had), 120)
        node.begin()

    @staticmethod
    def end(node):
        node.tell(signal.SIGTERM)
        wait_until(f"SIGTERM ends node {node.name}", lambda: not node.alive() or check(False, node.errors()[-1500:]))

    def disturb(self, goes_on):
        check(wait_until("the source is somewhere", self.place) == "b", "the source does not begin at the node that was asked")
        for i in range(self.options.kills):
            seen = goes_on()
            wait_until("more is received", lambda seen=seen: goes_on() > seen + 20)
            self.trouble(("killed", "drained", "killed", "ended")[i % 4])
        seen = goes_on()
        wait_until("more is received at last", lambda: goes_on() > seen + 20)
        state, reason = self.cluster.state_of(self.name)
        check(state == "running", f"the topology is {state}: {reason}")

    def finish(self):
        self.cluster.ask("stop", self.name)
        self.cluster.ask("wait", self.name)


class GameInTable(Game):
    def __init__(self, c):
        super().__init__(c.options, c.folder, "received", sink=c.table)
        self.rows = lambda: c.received("id, event_type, raw")


def posts(c):
    """Requests to an http_server: each that was answered with 200 is in the table once, each other one at most once"""
    game = GameInTable(c)
    c.apply(game.name, "events", game.topology)
    clients = clients_of(game, 3, c.options.seed, pause=0.002)
    c.disturb(lambda: answered(clients, 200))
    answers = answers_of(clients)
    taken = {key for key, answer in answers.items() if answer and answer[0] == 200}
    wait_until("every request that was answered", lambda: taken <= {row["id"] for row in game.rows()}, 120)
    c.finish()
    expect(game, answers)
    print(f"{len(taken)} requests answered and there once, {sum(answer is None for answer in answers.values())} without an answer", flush=True)


def stream(c):
    """A stream that goes on by `since`: each of its records is in the table once"""
    load = Load(c.options, c.folder, "--rate", "200/s").start()  # it goes on for as long as nodes are disturbed
    topology = topology_file(c.folder / "topology.json", "received", {
        "in": {"source": "http_stream", "url": load.url, "since": "since_mtime=mtime"},
        "parsed": {"parser": "json", "from": "in", "schema": {"mtime": "bigint"}},
        "table": {**c.table, "from": "parsed", "columns": {"n": "mtime"}}})
    c.apply("received", "parsed", topology)
    c.disturb(lambda: len(c.received("n")))
    delivered = load.end()
    wait_until("every record", lambda: len(c.received("n")) >= delivered, 240)
    c.finish()
    check(len(c.received("n")) == delivered, lambda: f"{len(c.received('n'))} rows of {delivered} records")
    print(f"{delivered} records there once", flush=True)


def table(c):
    """A table that changes while nodes come and go: each change is there once, and together they give the table"""
    churn = Churn(c.postgres, random.Random(c.options.seed))
    topology = topology_file(c.folder / "topology.json", "received", {
        "in": {"source": "sql", "connection": c.postgres.url, "table": "customers", "key": "id", "every": "200 ms"},
        "parsed": {"parser": "json", "from": "in", "schema": {"id": "bigint", "name": "text", "tier": "bigint", "deleted": "boolean"}},
        "table": {**c.table, "from": "parsed", "columns": {"id": "id", "name": "name", "tier": "tier", "deleted": "deleted", "at": "_timestamp"}}})
    c.apply("received", "parsed", topology)
    churn.start()
    changes = lambda: sorted(c.received("id, name, tier, deleted, at"), key=lambda row: row["at"])
    c.disturb(lambda: len(changes()))
    churn.end()
    wait_until("the last change", lambda: table_of(changes()) == churn.rows, 120)
    c.finish()
    check_changes(changes())
    print(f"{len(changes())} changes there once", flush=True)


CASES = (posts, stream, table)


if __name__ == "__main__":
    main_of_cases(CASES, Case, __doc__, store=STORES, kills=4, seed=1)

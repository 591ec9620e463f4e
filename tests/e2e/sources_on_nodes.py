#!/usr/bin/env -S python3 -B
"""Sources that cannot be asked again, on three nodes: a request that was answered with 200, or a received record of a stream, counts exactly once,
on any death of a node. Another node goes on with the spool of a dead one.

    sources_on_nodes.py --millrace build/release/millrace [--only posts] [--store dir|kafka|postgresql] [--kills 4] [--seed 1]

POSTGRES_URL names the server with the tables, and the store's where that is asked for; KAFKA_BROKERS likewise.
"""
import http.client
import json
import random
import signal
import subprocess
import threading

from cluster_under_test import Cluster
from real_systems import (PATIENCE, STORES, PostgreSQL, Run, Wrong, check, difference, free_port, main_of_cases, needed, unique, wait_until)

NAME, LANE = "received", "received/parsed/lane0"


class Posts(threading.Thread):
    """Numbers, one a request. One without an answer may have been taken or not; it is not asked for again."""

    def __init__(self, port, first, step):
        super().__init__(daemon=True)
        self.port, self.next, self.step, self.is_over = port, first, step, threading.Event()
        self.answered, self.unanswered, self.failure = [], set(), None

    def run(self):
        try:
            self.post()
        except Wrong as e:  # told by end(): a thread must not fail in silence
            self.failure = e

    def post(self):
        connection = None
        while not self.is_over.wait(0.002):
            n, self.next = self.next, self.next + self.step
            try:
                connection = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=60 * PATIENCE)
                connection.request("POST", "/numbers", json.dumps({"n": n}))
                answer = connection.getresponse()
                answer.read()
                if answer.status == 200:
                    self.answered.append(n)
                else:
                    check(answer.status == 503, lambda status=answer.status: f"a request was answered with {status}")
                    self.is_over.wait(0.05)
            except (OSError, http.client.HTTPException):
                self.unanswered.add(n)
                connection = None
                self.is_over.wait(0.05)

    def end(self):
        self.is_over.set()
        self.join()
        check(not self.failure, lambda: f"{self.failure}")


class Case:
    def __init__(self, options, folder, name):
        self.options, self.folder, self.rng = options, folder / name, random.Random(options.seed)
        self.folder.mkdir()
        self.postgres = PostgreSQL(needed("POSTGRES_URL")[0], unique(f"sources_{name}"))
        self.postgres.create()
        stores = {"dir": lambda: f"dir:{self.folder}/store", "postgresql": lambda: self.postgres.url,
                  "kafka": lambda: f"kafka:{needed('KAFKA_BROKERS')[0]}/{unique('chains')}"}
        self.cluster = Cluster(options.millrace, self.folder, stores[options.store](), leading=("a", "b", "c"), following=())
        self.cluster.start()

    def apply(self, source, column, by="b"):
        stages = {
            "in": source,
            "parsed": {"parser": "json", "from": "in", "schema": {column: "bigint"}},
            "table": {"sink": "sql", "from": "parsed", "connection": self.postgres.url, "table": "received", "create": True,
                      "columns": {"n": column}}}
        file = self.folder / "topology.json"
        file.write_text(json.dumps({"millrace": 1, "topology": NAME, "snapshot_every": "500 ms", "stages": stages}))
        self.cluster.ask("apply", file, by=self.cluster.nodes[by])

    def numbers(self):
        return [r["n"] for r in self.postgres.ask("select n from received")] if self.postgres.has("received") else []

    def place(self):
        """Returns where the source is."""
        state, reason = self.cluster.state_of(NAME)
        check(state == "running", f"the topology is {state}: {reason}")
        return self.cluster.places().get(LANE)

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
        node.start()
        node.wait_ready()

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
        state, reason = self.cluster.state_of(NAME)
        check(state == "running", f"the topology is {state}: {reason}")

    def finish(self):
        self.cluster.ask("stop", NAME)
        self.cluster.ask("wait", NAME)

    def close(self):
        self.cluster.stop()
        self.postgres.drop()


def posts(c):
    """Posts to an http_server: each that was answered with 200 is in the table once, each other one at most once"""
    port = free_port()
    c.apply({"source": "http_server", "listen": f"127.0.0.1:{port}", "routes": {"/numbers": {"body": "json"}}}, "n")
    clients = [Posts(port, i, 3) for i in range(3)]
    for client in clients:
        client.start()
    c.disturb(lambda: sum(len(client.answered) for client in clients))
    for client in clients:
        client.end()
    answered, unanswered = set(), set()
    for client in clients:
        answered |= set(client.answered)
        unanswered |= client.unanswered
    wait_until("every number that was answered", lambda: answered <= set(c.numbers()), 120)
    c.finish()
    found = c.numbers()
    check(len(found) == len(set(found)), lambda: f"{len(found) - len(set(found))} numbers are there twice")
    check(answered <= set(found) <= answered | unanswered, lambda: difference(sorted(answered), sorted(set(found) - unanswered)))
    print(f"{len(answered)} numbers answered and there once, {len(unanswered)} without an answer", flush=True)


def stream(c):
    """A stream that goes on by `since`: each of its records is in the table once"""
    port, out = free_port(), c.folder / "load.out"
    with open(out, "ab") as o:  # it goes on for as long as nodes are disturbed
        load = subprocess.Popen([c.options.millrace, "load", "--kind", "rsvp", "--http-serve", f"127.0.0.1:{port}", "--since", "since_mtime=mtime",
                                 "--rate", "200/s"], stdout=o, stderr=o)
    Run.started.append(load)
    c.apply({"source": "http_stream", "url": f"http://127.0.0.1:{port}/2/rsvps", "since": "since_mtime=mtime"}, "mtime")
    c.disturb(lambda: len(c.numbers()))
    load.send_signal(signal.SIGTERM)
    wait_until("SIGTERM ends millrace load", lambda: load.poll() is not None)
    check(load.returncode == 0, lambda: f"millrace load ended badly: {out.read_text()[-500:]}")
    delivered = int(out.read_text().rsplit("delivered ", 1)[1].split()[0])
    wait_until("every record", lambda: len(c.numbers()) >= delivered, 240)
    c.finish()
    found = c.numbers()
    check(len(found) == delivered, f"{len(found)} rows of {delivered} records")
    print(f"{delivered} records there once", flush=True)


CASES = (posts, stream)


if __name__ == "__main__":
    main_of_cases(CASES, Case, __doc__, store=STORES, kills=4, seed=1)

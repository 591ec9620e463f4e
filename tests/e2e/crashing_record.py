#!/usr/bin/env -S python3 -B
"""A record that ends the process which works on it, on three nodes that are started again at once, as a service manager does.

With `on_crash` "retry" it is tried again after waits that grow, on one node; the other partitions go on, and `list`, `explain` and /readyz
say which record it is. Once it does no harm any more every row comes. With "dead_letter" it is given up after three times, exactly once.
A window's shard is blamed likewise. One node alone is at risk, as soon as the first has told what it died of.

    crashing_record.py --millrace build/release/millrace [--store dir|postgresql|kafka]

KAFKA_BROKERS and POSTGRES_URL name the servers.
"""
import collections
import json
import re
import threading
import time

from cluster_under_test import Cluster
from harmful_record import ENDS_BY, POISON, Harm
from real_systems import STORES, Kafka, OwnFolder, case, check, http_status, main_of_cases, needed, told_address, topology_file, unique, wait_until

PARTITIONS = 4
START = 1_700_000_000
NAME = "counting"


class Restarted:
    """Starts each node again as soon as its process has ended, and counts how many were away at once, and how they ended."""

    def __init__(self, cluster):
        self.cluster, self.deaths, self.wrong, self.ends = cluster, [], None, False
        self.away, self.most_away = set(), 0
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.thread.start()

    def watch(self):
        while not self.ends:
            for node in self.cluster.nodes.values():
                if node.alive() or self.ends:
                    if node.name in self.away and b"ready: node" in node.out.read_bytes()[node.seen:]:
                        self.away.discard(node.name)
                    continue
                status = node.process.returncode
                if status != ENDS_BY:
                    self.wrong = f"node {node.name} has ended with {status}: {node.errors()[-1500:]}"
                self.deaths.append((time.monotonic(), node.name))
                self.away.add(node.name)
                self.most_away = max(self.most_away, len(self.away))
                node.start()
            time.sleep(0.02)

    def look(self):
        check(self.wrong is None, lambda: self.wrong)
        return len(self.deaths)

    def stop(self):
        self.ends = True
        self.thread.join()


class Fed:
    """Rounds of one record a key and partition. The harmful record comes once, in partition 2."""

    def __init__(self, kafka, topic):
        self.kafka, self.topic, self.rounds, self.ends = kafka, topic, 0, False
        self.counts = collections.Counter()
        self.thread = threading.Thread(target=self.feed, daemon=True)

    def feed(self):
        while not self.ends:
            for p in range(PARTITIONS):
                keys = [f"key{p}x{i}" for i in range(10)]
                if p == 2 and self.rounds == 5:
                    keys.insert(3, POISON)
                self.kafka.produce(self.topic, [json.dumps({"k": k, "at": START}).encode() for k in keys], "-p", str(p))
                self.counts.update(keys)
            self.rounds += 1
            time.sleep(0.5)

    def stop(self):
        self.ends = True
        self.thread.join()


def topology(file, kafka, postgres, topic, table, on_crash, where):
    """The regular expression looks at each record in a lane, at each row of the window in a shard, or downstream of it in a sink."""
    looks = "k ~ '^[a-z]'"
    stages = {
        "in": {"source": "kafka", "brokers": kafka.brokers, "topic": topic},
        "parsed": {"parser": "json", "from": "in", "schema": {"k": "text", "at": {"type": "timestamp", "format": "epoch_s"}}, "event_time": "at",
                   "on_crash": on_crash},
        "seen": {"transform": "select", "from": "parsed", "columns": {"*": True}, **({"where": looks} if where == "lane" else {})},
        "counts": {"window": "tumbling", "size": "1 hour", "from": "seen", "key": ["k"], "shards": 6, "aggregates": {"n": "count(*)"},
                   "emit": "updates", "every": "500 ms", **({"having": looks} if where == "shard" else {})},
        "kept": {"transform": "select", "from": "counts", "columns": {"k": "k", "n": "n"}, **({"where": looks} if where == "sink" else {})},
        "table": {"sink": "sql", "from": "kept", "connection": postgres.url, "table": table, "create": True, "mode": "upsert", "key": ["k"]}}
    return topology_file(file, NAME, stages, snapshot_every="500 ms")


class Case(OwnFolder):
    def begin(self, on_crash, where):
        self.kafka, self.postgres, self.topic = Kafka(*needed("KAFKA_BROKERS")), self.own_postgres(), unique("crashing")
        self.kafka.create(self.topic, PARTITIONS)
        self.harm = Harm(self.folder)
        self.cluster = self.at_the_end.enter_context(Cluster(self.binary, self.folder, self.options.store, leading=("a", "b", "c"), following=(),
                                                             environment=self.harm.environment))
        self.cluster.ask("apply", topology(self.folder / "topology.json", self.kafka, self.postgres, self.topic, "counts", on_crash, where))
        self.restarted, self.fed = Restarted(self.cluster), Fed(self.kafka, self.topic)
        self.fed.thread.start()
        for going_on in (self.restarted, self.fed):
            self.at_the_end.callback(going_on.stop)

    def rows(self):
        return {r["k"]: r["n"] for r in self.postgres.ask("select k, n from counts")} if self.postgres.has("counts") else {}

    def state(self):
        self.restarted.look()
        state, reason = self.cluster.state_of(NAME)
        check(state == "running", f"the topology is {state}: {reason}")
        return reason

    def blamed(self, actor):
        """Returns what `list` says of the actor once it waits."""
        return wait_until("the actor waits for its next try", lambda: re.search(
            rf"({actor}) has taken down node (\w) \((\d+) times\)( [^;]*)?; next try in (\d+) s", self.state()), 120)

    def readyz(self):
        return [http_status(told_address(n.state), "/readyz") for n in self.cluster.nodes.values() if n.alive()]

    def end(self, wanted):
        self.fed.stop()
        wanted = {k: n for k, n in self.fed.counts.items() if wanted(k)}

        def whole():
            self.state()
            check(self.rows() == wanted, f"rows are {len(self.rows())} of {len(wanted)}")
            return True
        wait_until("every row", whole, 180)
        self.restarted.stop()
        self.restarted.look()
        return len(self.restarted.deaths)


def gives_up(c):
    """With "dead_letter" it is given up after three times, exactly once."""
    c.begin("dead_letter", "lane")
    letters = wait_until("the record is given up", lambda: (c.state() or True) and c.cluster.ask("letters", NAME), 120)
    deaths = c.end(lambda k: k != POISON)
    letters = [json.loads(x) for x in letters.splitlines()]
    check(len(letters) == 1 and POISON in letters[0]["record"], f"letters: {letters}")
    check("has ended its process 3 times and was given up: node" in letters[0]["error"], letters[0]["error"])
    check(3 <= deaths <= 8, f"{deaths} deaths")
    print(f"given up after {deaths} deaths over {c.options.store}, {c.restarted.most_away} away at once", flush=True)


def tries_again(c, where, actor):
    """With "retry" it is tried again after waits that grow, on one node, and what it says while it waits."""
    c.begin("retry", where)
    said = c.blamed(actor)
    since = len(c.restarted.deaths)
    if where == "lane":
        check(re.search(r" (at record|between) parsed/2@\d+", said[4] or ""), f"it says {said[0]}")
        others = {k: n for k, n in c.rows().items() if not k.startswith("key2")}
        wait_until("the other partitions go on", lambda: any(n > others.get(k, 0) for k, n in c.rows().items() if not k.startswith("key2")))
    if where == "sink":
        check(" in the output of counts/" in (said[4] or ""), f"it says {said[0]}")
    wait_until("/readyz tells of it", lambda: any(status == 200 and f"{NAME}: {said[1]} has taken down node" in text for status, text in c.readyz()))
    stage = said[1].split("/")[0]
    explained = wait_until("explain tells of it", lambda: (lambda x: x if "has taken down node" in x else None)(
        c.cluster.ask("console", "-e", f"explain {stage}")))
    check("the log and core dump of that node" in explained, explained)
    wait_until("it is tried again", lambda: len(c.restarted.deaths) >= since + 2 and c.state(), 120)
    at_risk = {name for _, name in c.restarted.deaths[since:]}
    # Steps after a window run in its sink, and in that of the dead letters for the rows that fail.
    check(len(at_risk) <= (2 if where == "sink" else 1), f"nodes at risk: {c.restarted.deaths}")
    c.harm.ends()
    deaths = c.end(lambda k: True)
    print(f"{said[0]!r} over {c.options.store}; {deaths} deaths, {since} before it waited, {c.restarted.most_away} away at once", flush=True)


CASES = (gives_up, case("in_a_lane", tries_again, "lane", r"parsed/\S+"), case("in_a_shard", tries_again, "shard", r"counts/\S+"),
         case("in_a_sink", tries_again, "sink", "table"))


if __name__ == "__main__":
    main_of_cases(CASES, Case, __doc__, store=STORES)

#!/usr/bin/env -S python3 -B
"""Two of three nodes die for good, one after the other, under load: the one that was asked to apply the topology, and then the leader. The rest goes
on by itself, with rows in PostgreSQL and Kafka as counted here, each dead letter once, and a ledger that adds up.

    dead_nodes.py --millrace build/release/millrace [--seconds 20] [--store dir|kafka|postgresql]

KAFKA_BROKERS and POSTGRES_URL name the servers.
"""
import collections
import json
import random
import threading
import time

from cluster_under_test import Cluster, ClusterRun
from real_systems import STORES, Kafka, PostgreSQL, check, difference, main, needed, topology_file, unique, wait_until

RATE, PARTITIONS, KEYS = 2000, 3, 50
START = 1_700_000_000
END = "end"  # the key of records after every window


class Fed:
    """Records to a topic at a steady rate; one in 200 is no JSON."""

    def __init__(self, kafka, topic, seconds):
        self.kafka, self.topic, self.seconds, self.error = kafka, topic, seconds, None
        self.counts, self.bad, self.sent = collections.Counter(), collections.Counter(), 0
        self.places = [0] * PARTITIONS
        self.random = random.Random(7)
        self.thread = threading.Thread(target=self.feed, daemon=True)

    def feed(self):
        try:
            began, given = time.monotonic(), 0
            while given < self.seconds * RATE:
                due = min(int((time.monotonic() - began) * RATE), self.seconds * RATE)
                self.give(range(given, due))
                given = due
                time.sleep(0.3)
            for p in range(PARTITIONS):  # after every window
                self.put(p, [json.dumps({"k": END, "at": START + self.seconds + 3600}).encode()])
        except Exception as e:  # told by whoever waits
            self.error = e

    def give(self, numbers):
        lines = [[] for _ in range(PARTITIONS)]
        for i in numbers:
            p = i % PARTITIONS
            if self.random.randrange(200) == 0:
                self.bad[p, self.places[p] + len(lines[p])] += 1
                lines[p].append(b"no JSON %d" % i)
                continue
            key, at = f"key-{self.random.randrange(KEYS):03}", START + i // RATE
            self.counts[key, at + 1] += 1
            lines[p].append(json.dumps({"k": key, "at": at}).encode())
        for p in range(PARTITIONS):
            self.put(p, lines[p])

    def put(self, partition, lines):
        if lines:
            self.kafka.produce(self.topic, lines, "-p", str(partition))
        self.places[partition] += len(lines)
        self.sent += len(lines)


def topology(folder, name, kafka, postgres, topic):
    schema = {"k": "text", "at": {"type": "timestamp", "format": "epoch_s"}}
    columns = {"k": "k", "e": "extract(epoch from window_end)::bigint", "n": "n"}
    stages = {
        "in": {"source": "kafka", "brokers": kafka.brokers, "topic": topic},
        "parsed": {"parser": "json", "from": "in", "schema": schema, "event_time": "at"},
        "counts": {"window": "tumbling", "size": "1 s", "from": "parsed", "key": ["k"], "shards": 6, "aggregates": {"n": "count(*)"}},
        "table": {"sink": "sql", "from": "counts", "connection": postgres.url, "table": "counts", "create": True, "columns": columns},
        "topic": {"sink": "kafka", "from": "counts", "brokers": kafka.brokers, "topic": f"{topic}_out", "columns": columns,
                  "create": {"partitions": 1, "replication": 1}}}
    return topology_file(folder / "topology.json", name, stages, snapshot_every="500 ms")


def test(options, folder):
    brokers, url = needed("KAFKA_BROKERS", "POSTGRES_URL")
    kafka, postgres, topic, name = Kafka(brokers), PostgreSQL(url, unique("dead_nodes")), unique("dead_nodes"), "counting"
    postgres.create()
    kafka.create(topic, PARTITIONS)
    cluster = Cluster(options.millrace, folder, options.store, leading=("a", "b", "c"), following=())
    cluster.start()
    file = topology(folder, name, kafka, postgres, topic)
    cluster.ask("apply", file, by=cluster.nodes["a"])
    fed = Fed(kafka, topic, options.seconds)
    fed.thread.start()

    def rows():
        return collections.Counter({(r["k"], r["e"]): r["n"] for r in postgres.ask("select k, e, n from counts where k <> 'end'")}) if postgres.has("counts") else {}

    def there(part):
        check(fed.error is None, f"records could not be sent: {fed.error}")
        state, reason = cluster.state_of(name)
        check(state == "running", f"the topology is {state}: {reason}")
        return len(rows()) >= part * options.seconds * KEYS

    wait_until("the first rows", lambda: there(0.1))
    cluster.nodes["a"].kill()
    wait_until("rows behind the first death", lambda: there(0.4))
    dead = wait_until("somebody leads", lambda: cluster.leader() if cluster.leader() != "a" else None)
    cluster.nodes[dead].kill()
    alone = next(n for n in cluster.nodes.values() if n.alive())
    wait_until("every row", lambda: there(0.9) and not fed.thread.is_alive() and rows() == fed.counts, 120)
    run = ClusterRun(cluster, name, alone.name)
    expected_letters = list(fed.bad)
    wait_until("each dead letter", lambda: len(run.dead_letters()) >= len(expected_letters))
    run.stop()
    found = collections.Counter((r["k"], r["e"], r["n"]) for r in postgres.ask("select k, e, n from counts where k <> 'end'"))
    expected = collections.Counter((k, e, n) for (k, e), n in fed.counts.items())
    for where, rows_there in (("PostgreSQL", found), ("Kafka", [tuple(json.loads(m.value).values()) for m in kafka.read(f"{topic}_out")])):
        apart = difference(expected, [r for r in rows_there if r[0] != END] if where == "Kafka" else found)
        check(not apart, f"{where}: {apart}")
    letters = [(int(letter["partition"]), letter["position"]) for letter in run.dead_letters()]
    apart = difference(expected_letters, letters)
    check(not apart, f"dead letters (partition, position): {apart}")
    stages = run.ledger()
    check(stages["parsed"]["in"] == fed.sent and stages["parsed"]["dead_letters"] == len(letters), f"the ledger: {stages['parsed']}")
    check(alone.alive(), "the last node has ended")
    cluster.close()
    postgres.drop()
    print(f"ok      a and {dead} have died for good; {alone.name} alone: {len(expected)} rows from {fed.sent} records, "
          f"{len(letters)} dead letters", flush=True)


if __name__ == "__main__":
    main(test, __doc__, seconds=dict(type=int, default=20, help="of input"), store=STORES)

#!/usr/bin/env python3
"""Figures of a topology whose actors move: its records, late records and dead letters are the same when a node has died, a node that
gave away its actors shows no more how they stand, restarts are counted, and whoever leads next tells of the leader that is gone.

    figures_on_nodes.py --millrace build/release/millrace

KAFKA_BROKERS names the server.
"""
import argparse
import json
import re
import sys

sys.dont_write_bytecode = True
from cluster_under_test import Cluster  # noqa: E402
from real_systems import Kafka, check, http_status, main, needed, told_address, unique, wait_until  # noqa: E402

NAME, RECORDS, KEYS = "flows", 1000, 10
START = 1_700_000_000
GAUGES = r"^millrace_(watermark_seconds|stalled|sink_away|source_away|lag_records|keys|in_flight_bytes)\{"


class Flows:
    """Three nodes that may lead, and a topology all of whose actors can be anywhere."""

    def __init__(self, options, folder):
        brokers, = needed("KAFKA_BROKERS")
        self.kafka, self.topic = Kafka(brokers), unique("figures")
        self.kafka.create(self.topic, 1)
        lines = [json.dumps({"k": f"k{i % KEYS}", "at": START + i // 10}).encode() for i in range(RECORDS)]
        late = json.dumps({"k": "k0", "at": START - 3600}).encode()
        self.kafka.produce(self.topic, [*lines, b"no JSON", late])
        stages = {
            "in": {"source": "kafka", "brokers": brokers, "topic": self.topic},
            "parsed": {"parser": "json", "from": "in", "schema": {"k": "text", "at": {"type": "timestamp", "format": "epoch_s"}}, "event_time": "at"},
            "named": {"transform": "select", "from": "parsed", "columns": {"k": "k"}},
            "counts": {"window": "tumbling", "size": "10 s", "from": "named", "key": ["k"], "shards": 3, "aggregates": {"n": "count(*)"}},
            "rows": {"sink": "kafka", "from": "counts", "brokers": brokers, "topic": f"{self.topic}_out", "columns": {"k": "k", "n": "n"},
                     "create": {"partitions": 1, "replication": 1}}}
        file = folder / "flows.json"
        file.write_text(json.dumps({"millrace": 1, "topology": NAME, "snapshot_every": "500 ms", "stages": stages}))
        self.cluster = Cluster(options.millrace, folder, f"dir:{folder}/store", leading=("a", "b", "c"), following=())
        self.cluster.start()
        done = self.cluster.answer("apply", file)
        check(done.returncode == 0, f"apply: {done.stderr[-1000:]}")

    def nodes(self):
        return list(self.cluster.nodes.values())

    def metrics(self, node):
        status, text = http_status(told_address(node.state), "/metrics")
        check(status == 200, f"/metrics of {node.name}: {status}")
        return text

    def graph(self):
        """By stage: its state, records, late records and dead letters."""
        node = next(n for n in self.nodes() if n.alive())
        status, text = http_status(told_address(node.state), f"/api/v1/topologies/{NAME}/graph")
        check(status == 200, f"the graph: {text}")
        return {s["stage"]: (s["state"], s["records"], s["late"], s["dead_letters"]) for s in json.loads(text)["stages"]}

    def at_rest(self):
        """All that is there was taken: windows of 10 s over 100 s, less the last one, for each key."""
        rows = (RECORDS // 100 - 1) * KEYS
        wanted = {"in": ("runs", RECORDS + 2, 0, 0), "parsed": ("runs", RECORDS + 2, 0, 1), "named": ("runs", RECORDS + 1, 0, 0),
                  "counts": ("runs", rows, 1, 0), "rows": ("runs", rows, 0, 0)}
        wait_until("every stage has its records", lambda: check(self.graph() == wanted, f"{self.graph()}, not {wanted}") or True, 120)

    def begin_again(self, node):
        node.kill()
        node.start()
        node.wait_ready()

    def node_of(self, actor):
        return self.cluster.nodes[self.cluster.places()[f"{NAME}/{actor}"]]


def records_outlive_a_node(f):
    """The node of the sink dies, and then that of the lane: new processes read nothing twice, and nothing is missing."""
    f.at_rest()
    for actor in ("rows", "parsed/lane0"):
        f.node_of(actor).kill()
        f.at_rest()
        for node in f.cluster.start_missing():
            node.wait_ready()


def one_name_an_actor(f):
    """Each actor is written as metrics have it, and `restart` takes what else is written."""
    names = set(f.cluster.places())
    check({f"{NAME}/counts/{i}" for i in range(3)} <= names, f"the shards are called {sorted(names)}")

    def lives():
        found = (re.findall(r'^millrace_restarts_total\{[^}]*actor="counts/1"[^}]*\} (\S+)', f.metrics(n), re.M) for n in f.nodes())
        return sum(float(v) for values in found for v in values)
    for spelling in ("counts/1", f"{NAME}/counts/1", "counts/0/1"):
        before = lives()

        def is_counted(spelling=spelling, before=before):
            done = f.cluster.answer("console", "-e", f"restart {spelling}", "--topology", NAME)
            check(done.returncode == 0, f"restart {spelling}: {done.stderr[-1000:]}")
            return lives() > before
        wait_until(f"a restart of {spelling} is counted", is_counted)  # one that is on its way already begins no other life
    f.at_rest()


def moved_actors_leave_no_gauges(f):
    """Their counts stay where they were counted."""
    f.at_rest()
    leader = wait_until("somebody leads", f.cluster.leader)
    node = next((n for n in f.nodes() if n.name != leader and re.search(GAUGES, f.metrics(n), re.M)), None)
    check(node, "one of the other nodes has an actor")
    f.cluster.ask("drain", node.name)

    def has_left():
        text = f.metrics(node)
        return not re.search(GAUGES, text, re.M) and f'millrace_running{{topology="{NAME}"}} 0' in text and \
            f'millrace_restarts_total{{topology="{NAME}"' in text
    wait_until(f"{node.name} shows no actor that has left", has_left)
    drained = f'millrace_node_state{{node="{node.name}",state="drained"}} 1'
    wait_until("the leader tells that it is drained", lambda: drained in f.metrics(f.cluster.nodes[leader]))
    f.begin_again(node)
    f.at_rest()


def the_next_leader_tells(f):
    gone = f.cluster.nodes[wait_until("somebody leads", f.cluster.leader)]
    gone.kill()
    told = (f'millrace_node_state{{node="{gone.name}",state="silent"}} 1', f'millrace_topology_state{{topology="{NAME}",state="running"}} 1')
    wait_until("another one leads and tells", lambda: any(all(t in f.metrics(n) for t in told) for n in f.nodes() if n is not gone), 120)
    f.at_rest()


def test(options, folder):
    f = Flows(options, folder)
    for case in (records_outlive_a_node, one_name_an_actor, moved_actors_leave_no_gauges, the_next_leader_tells):
        case(f)
        print(f"{case.__name__}: ok", flush=True)


if __name__ == "__main__":
    sys.exit(main(test, argparse.ArgumentParser(description=__doc__)))

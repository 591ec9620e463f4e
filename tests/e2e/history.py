#!/usr/bin/env -S python3 -B
"""The log of a cluster tells its history: one line for each event, at the node that decides and at the node that it is about, with
topology, actor and node. An event that is in order is no warning, and an actor has one name everywhere.

    history.py --millrace build/release/millrace

KAFKA_BROKERS names the server.
"""
import json
import re
import signal

from cluster_under_test import Cluster, Node
from real_systems import PATIENCE, Kafka, check, main, needed, topology_file, unique, wait_until

START = 1_700_000_000
TOPOLOGIES = ("clicks", "sales")  # their stages have the same names
ACTORS = ("counts/0", "counts/1", "counts/2", "dead_letters", "parsed/lane0", "parsed/lane1", "rows")
WARNED = ("is lost: ", "is forgotten", "late record", "dead letter")  # lines that an operator has to know, and that this test brings about


class History:
    def __init__(self, options, folder):
        brokers, = needed("KAFKA_BROKERS")
        self.brokers, self.kafka, self.topic, self.fed = brokers, Kafka(brokers), unique("history"), 0
        self.folder = folder
        self.kafka.create(self.topic, 2)
        self.cluster = Cluster(options.millrace, folder, leading=("a", "b", "c"), following=())
        self.cluster.more_options = ("--log-format", "json")
        self.cluster.start()
        self.feed()
        for name in TOPOLOGIES:
            self.apply(name, by="a")
        self.at_rest()

    def file_of(self, name, **more):
        stages = {
            "in": {"source": "kafka", "brokers": self.brokers, "topic": self.topic},
            "parsed": {"parser": "json", "from": "in", "schema": {"k": "text", "at": {"type": "timestamp", "format": "epoch_s"}},
                       "event_time": "at", **more.pop("parsed", {})},
            "counts": {"window": "tumbling", "size": "10 s", "from": "parsed", "key": ["k"], "shards": 3, "aggregates": {"n": "count(*)"}},
            "rows": {"sink": "kafka", "from": "counts", "brokers": self.brokers, "topic": f"{self.topic}_{name}",
                     "columns": {"k": "k", "n": "n"}, "create": {"partitions": 1, "replication": 1}}}
        return topology_file(self.folder / f"{name}.json", name, stages, **{"snapshot_every": "300 ms", **more})

    def apply(self, name, by, **more):
        self.cluster.ask("apply", self.file_of(name, **more), by=self.cluster.nodes[by])

    def feed(self):
        self.kafka.produce(self.topic, [json.dumps({"k": f"k{i % 10}", "at": START + (self.fed + i) // 10}).encode() for i in range(200)])
        self.fed += 200

    def at_rest(self):
        """Every actor has a place at a node that lives."""
        wanted = {f"{t}/{a}" for t in TOPOLOGIES for a in ACTORS}
        alive = {n.name for n in self.cluster.nodes.values() if n.alive()}

        def placed():
            places = self.cluster.places()
            return places if set(places) == wanted and set(places.values()) <= alive else None
        return wait_until("every actor has a place", placed)

    def lines(self, node):
        """Lines that an operator sees; at a line's end another one may be under way."""
        text = self.cluster.nodes[node].errors()
        return [o for o in map(json.loads, text[:text.rfind("\n") + 1].splitlines()) if o["level"] != "debug"]

    def said(self, node, text, level="info", after=0):
        """The first line there that has this text, which comes in time."""
        def found():
            return next((o for o in self.lines(node)[after:] if re.search(text, o["message"])), None)
        line = wait_until(f"node {node} says: {text}", found)
        check(line["level"] == level and line["node"] == node, f"expected {level} of node {node}: {line}")
        return line

    def leader(self):
        return wait_until("somebody leads", self.cluster.leader)

    def others(self):
        leader = self.leader()
        return [n for n in self.cluster.nodes if n != leader and self.cluster.nodes[n].alive()]

    def seen(self):
        return {n: len(self.lines(n)) for n in self.cluster.nodes}


def nodes_join_and_actors_are_placed(h):
    leader = h.leader()
    for node in h.cluster.nodes:
        h.said(leader, f"^node {node} has joined under session \\d+$")
        h.said(node, f"^node {node} has joined the cluster .* under session \\d+; node . leads it")
    for node in h.others():
        h.said(node, f"^node {leader} leads the cluster$")
    for name in TOPOLOGIES:
        check(h.said("a", f"^API: 127.0.0.1:\\d+ asks for PUT /api/v1/topologies/{name}$"), "who has asked")
        h.said("a", f"^topology {name} is to be applied: its file is new here")
        applied = h.said(leader, f"^topology {name} is applied: plan 1 with {len(ACTORS)} actors$")
        check(applied["topology"] == name, f"whose it is: {applied}")
    placed = {}
    for o in h.lines(leader):
        if re.search(r"^topology \w+: node . takes ", o["message"]):
            placed |= {actor: o["about_node"] for actor in o["actors"]}
    places = h.at_rest()
    check(placed == places, f"the log places {placed}, and the cluster {places}")
    for actor, node in places.items():
        begun = h.said(node, f"^{actor} begins on node {node} under life ")
        topology, _, rest = actor.partition("/")
        check((begun["topology"], begun["stage"]) == (topology, rest.partition("/")[0]), f"whose it is: {begun}")
        check(begun.get("actor") == (rest if "/" in rest else None), f"which it is: {begun}")


def orders_are_told(h):
    leader, before = h.leader(), h.seen()
    for order, text in (("pause", "^topology sales is paused: "), ("resume", "^topology sales is resumed$"),
                        ("restart counts/1", "^topology sales: a restart of counts/1 is asked for$")):
        h.cluster.ask("console", "-e", order, "--topology", "sales")
        h.said(leader, text, after=before[leader])
    node = h.at_rest()["sales/counts/1"]
    h.said(node, "^sales/counts/1 has ended, as was asked for; it restarts in ", after=before[node])
    h.apply("sales", by="b", snapshot_every="200 ms")
    h.said("b", "^topology sales is to be applied: it changes snapshot_every$")
    h.said(leader, "^topology sales is applied anew: plan 2 with 7 actors replaces the one that runs$")


def a_drain_and_a_leave(h):
    leader, before, (node, *_) = h.leader(), h.seen(), h.others()
    theirs = [a for a, n in h.at_rest().items() if n == node]
    h.cluster.ask("drain", node)
    h.said(leader, f"^node {node} is asked to give away what it runs$")
    h.said(leader, f"^node {node} is drained: it runs nothing$")
    for actor in theirs:
        h.said(leader, f": node . takes .*{actor}.* from node {node}", after=before[leader])
        h.said(node, f"^{actor} has ended on node {node}: it has no place here any more$", after=before[node])
    process = h.cluster.nodes[node]
    process.tell(signal.SIGTERM)
    process.process.wait(60 * PATIENCE)
    h.said(leader, f"^node {node} has left in order$")
    h.said(node, f"^node {node} leaves the cluster: it was asked to end$")
    process.begin()
    h.at_rest()


def nodes_that_are_lost(h):
    leader, before, places = h.leader(), h.seen(), h.at_rest()
    # A sink there is fenced off by its successor's transactions, which is no fault.
    silent, dead = sorted(h.others(), key=lambda n: not any(n == at and a.endswith("/rows") for a, at in places.items()))
    process = h.cluster.nodes[silent]
    process.tell(signal.SIGSTOP)
    h.said(leader, f"^node {silent} is lost: it is silent, and what it runs begins elsewhere$", "warning", before[leader])
    wait_until("its actors are elsewhere", lambda: silent not in h.cluster.places().values())
    h.feed()  # lives begin elsewhere, and fence off the ones there
    process.tell(signal.SIGCONT)
    h.said(leader, f"^node {silent} is heard again$")
    h.at_rest()
    process = h.cluster.nodes[dead]
    process.kill()
    h.said(leader, f"^node {dead} is lost: its process has died$", "warning", before[leader])
    process.begin()
    h.at_rest()


def the_leader_is_lost(h):
    gone, before, others = h.leader(), h.seen(), h.others()
    h.cluster.nodes[gone].kill()
    for node in others:
        h.said(node, f"^node {gone}, which leads the cluster, is lost: its process has ended$", "warning", before[node])
    now = h.leader()
    h.said(now, f"^node {now} leads the cluster .* under epoch ", after=before[now])
    for node in h.others():
        h.said(node, f"^node {now} leads the cluster$", after=before[node])
    h.said(now, f"^node {gone} is lost: ", "warning", before[now])
    h.cluster.ask("forget", gone)
    h.said(now, f"^node {gone} is forgotten", "warning", before[now])
    h.cluster.nodes[gone].begin()
    h.at_rest()


def a_topology_fails(h):
    name, leader = "broken", h.leader()
    h.kafka.produce(h.topic, [b"no JSON"])
    h.apply(name, by="a", parsed={"on_error": "fail"})
    wait_until("it has failed", lambda: h.cluster.state_of(name)[0] == "failed")
    failed = h.said(leader, f"^topology {name} has failed: parsed: partition .*JSON", "error")
    check(failed["topology"] == name and failed["actors"] == [f"{name}/parsed"], f"whose it is: {failed}")
    told_by = [o for n in h.cluster.nodes for o in h.lines(n) if re.search(f"^{name}/parsed/lane. cannot go on: ", o["message"])]
    check(told_by and all(o["level"] == "error" for o in told_by), f"its node says so: {told_by}")
    h.cluster.ask("remove", name)
    h.said(leader, f"^topology {name} is removed: ")


def a_stop(h):
    leader = h.leader()
    h.cluster.ask("stop", "sales")
    for text in ("is asked to stop", "has stopped"):
        h.said(leader, f"^topology sales {text}$")
    h.cluster.ask("start", "sales")
    h.said(leader, "^topology sales starts again: plan 3 with 7 actors; it had been stopped$")
    h.at_rest()


def a_start_that_fails_says_why(h):
    """A node whose name is taken leaves for that reason."""
    node = h.others()[0]
    twin = Node(h.cluster, node, False)
    twin.state, twin.out, twin.err = h.folder / "twin", h.folder / "twin.out", h.folder / "twin.err"
    twin.start()
    wait_until("the second process has ended", lambda: not twin.alive())
    check("it was asked to end" not in twin.errors() and "another process is node" in twin.errors(), twin.errors()[-1500:])


def nothing_misleads(h):
    """Each line that is about an actor names its topology, an actor has one name, and what went well was no warning."""
    for node in h.cluster.nodes:
        for o in h.lines(node):
            text = o["message"]
            check(not re.search(r"\bcounts/0/\d", text), f"a second name of a shard: {o}")
            check(not re.search(r"(?<![/\w])(parsed/lane|counts/\d|rows\b|parsed:|counts:)", re.sub(r"^topology \w+( has failed)?: .*", "", text)),
                  f"no topology: {o}")
            check("error(" not in text and "runtime_error" not in text and "FATAL" not in text and "(none)" not in text, f"not for people: {o}")
            check(o["level"] == "info" or any(w in text for w in WARNED) or "broken" in text, f"a needless {o['level']}: {o}")


CASES = (nodes_join_and_actors_are_placed, orders_are_told, a_drain_and_a_leave, nodes_that_are_lost, the_leader_is_lost, a_topology_fails,
         a_stop, a_start_that_fails_says_why, nothing_misleads)


def test(options, folder):
    h = History(options, folder)
    for case in CASES:
        case(h)
        print(f"{case.__name__}: ok", flush=True)


if __name__ == "__main__":
    main(test, __doc__)

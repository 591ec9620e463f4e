#!/usr/bin/env -S python3 -B
"""Figures of a topology whose actors move: its records, late records and dead letters are the same when a node has died, a node that
gave away its actors shows no more how they stand, restarts are counted, and whoever leads next tells of the leader that is gone. A topology
that is over keeps its counts in answers, and in metrics for two minutes, on nodes and in a run beside others; a report that lacks a node says so.

    figures_on_nodes.py --millrace build/release/millrace

KAFKA_BROKERS names the server.
"""
import json
import re
import signal

from cluster_under_test import Cluster
from real_systems import Kafka, Run, check, http_status, main, needed, told_address, topology_file, unique, wait_until

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
        file = topology_file(folder / "flows.json", NAME, stages, snapshot_every="500 ms")
        self.cluster = Cluster(options.millrace, folder, leading=("a", "b", "c"), following=())
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
        """Returns for each stage its state, records, late records and dead letters."""
        node = next(n for n in self.nodes() if n.alive())
        status, text = http_status(told_address(node.state), f"/api/v1/topologies/{NAME}/graph")
        check(status == 200, f"the graph: {text}")
        return {s["stage"]: (s["state"], s["records"], s["late"], s["dead_letters"]) for s in json.loads(text)["stages"]}

    def at_rest(self, state="runs"):
        """All that is there was taken: windows of 10 s over 100 s, less the last one, for each key."""
        rows = (RECORDS // 100 - 1) * KEYS
        wanted = {"in": (state, RECORDS + 2, 0, 0), "parsed": (state, RECORDS + 2, 0, 1), "named": (state, RECORDS + 1, 0, 0),
                  "counts": (state, rows, 1, 0), "rows": (state, rows, 0, 0)}
        wait_until("every stage has its records", lambda: check(self.graph() == wanted, f"{self.graph()}, not {wanted}") or True, 120)

    def begin_again(self, node):
        node.kill()
        node.begin()

    def node_of(self, actor):
        return self.cluster.nodes[self.cluster.places()[f"{NAME}/{actor}"]]


def records_outlive_a_node(f):
    """The node of the sink dies, and then that of the lane: new processes read nothing twice, and nothing is missing."""
    f.at_rest()
    for actor in ("rows", "parsed/lane0"):
        f.node_of(actor).kill()
        f.at_rest()
        f.cluster.start_missing()


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


def what_is_over_keeps_its_counts(f):
    """The leader tells them, from the report of its end; a node that has run nothing of it, too."""
    f.cluster.start_missing()
    f.cluster.ask("stop", NAME)
    f.cluster.ask("wait", NAME)
    f.at_rest("stopped")
    for node in f.nodes():
        node.kill()
    f.cluster.start_missing()
    f.at_rest("stopped")
    said = f.cluster.ask("console", "-e", "stages", "--topology", NAME)
    check(re.search(rf"^parsed\b.* {RECORDS + 2:,}\b|^parsed\b.* {RECORDS + 2}\b", said, re.M), f"the console says {said}")


def of_a_file(folder, name, follow, shards, **on):
    """A topology that counts the lines of a file into another one."""
    folder.mkdir(exist_ok=True)
    lines = folder / f"{name}-lines.jsonl"
    lines.write_text("".join(json.dumps({"k": f"k{i % KEYS}", "at": START + i}) + "\n" for i in range(RECORDS)))
    return topology_file(folder / f"{name}.json", name, {
        "lines": {"source": "file", "path": str(lines), "follow": follow, **on},
        "parsed": {"parser": "json", "from": "lines", "schema": {"k": "text", "at": {"type": "timestamp", "format": "epoch_s"}}, "event_time": "at"},
        "counts": {"window": "tumbling", "size": "10 s", "from": "parsed", "key": ["k"], "shards": shards, "aggregates": {"n": "count(*)"}},
        "rows": {"sink": "file", "from": "counts", "path": str(folder / f"{name}-rows.jsonl"), "columns": {"k": "k", "n": "n"}, **on}})


def a_node_that_does_not_answer(options, folder):
    """A node stands still and holds a shard: graph, report and ledger name it, and hold again once it goes on."""
    name = "asleep"
    topology = of_a_file(folder, name, True, 3, node="a")
    cluster = Cluster(options.millrace, folder, leading=("a",), following=("b", "c"))
    cluster.silence = ("--detach-after", "5 minutes", "--away-after", "10 minutes")  # nobody takes it for dead
    cluster.start()
    cluster.ask("apply", topology)

    def told(what):
        status, text = http_status(told_address(cluster.nodes["a"].state), f"/api/v1/topologies/{name}/{what}")
        check(status == 200, f"{what}: {text}")
        return json.loads(text)

    def is_whole():
        ledger = told("ledger")
        return ledger["holds"] is True and ledger["incomplete"] == [] and next(s for s in ledger["stages"] if s["stage"] == "counts")["in"] == RECORDS
    wait_until("all was counted", is_whole)
    sleeper = next(node for actor, node in cluster.places().items() if node != "a" and "/counts/" in actor)
    cluster.nodes[sleeper].tell(signal.SIGSTOP)
    who = [f"node {sleeper} did not answer"]
    wait_until("the report is incomplete", lambda: told("report").get("incomplete") == who)  # a stopped process may answer for a moment
    ledger = told("ledger")
    check(ledger["holds"] is None and ledger["incomplete"] == who and all(s["holds"] is None for s in ledger["stages"]), f"{ledger}")
    check(f"incomplete: node {sleeper} did not answer" in cluster.ask("console", "-e", "ledger", "--topology", name), "the console")
    check(told("graph")["missing"] == [sleeper], "the graph")
    cluster.nodes[sleeper].tell(signal.SIGCONT)
    wait_until("it is whole again", is_whole)
    what_is_over_leaves_metrics(cluster, name, topology)
    cluster.stop()


def series(address, topology):
    """The series of a topology: {name with labels: value}."""
    status, text = http_status(address, "/metrics")
    check(status == 200, f"/metrics: {status}")
    return {s: float(v) for s, v in re.findall(rf'^(\w+\{{topology="{topology}"[^\n]*\}}) (\S+)$', text, re.M)}


def counters(found):
    return {s: v for s, v in found.items() if re.match(r"\w+_(total|count|sum|bucket)\{", s)}


def has_only_counts(address, topology, before):
    """They are there at once: no actor lives, and the counts are no less than before."""
    def is_so():
        now = series(address, topology)
        rest = {s.split("{")[0] for s in now if s not in counters(now)} - {"millrace_topology_state"}
        check(rest <= {"millrace_running", "millrace_state_folder_bytes"} and now.get(f'millrace_running{{topology="{topology}"}}') == 0, f"{sorted(rest)}")
        less = {s: (v, now.get(s)) for s, v in before.items() if now.get(s, -1) < v}
        check(before and not less, f"counts that have become less: {less}")
        return True
    wait_until(f"{topology} has counts alone", is_so)


def what_is_over_leaves_metrics(cluster, name, topology):
    """Stopped, started and removed, in a cluster that goes on."""
    def shown(node="a"):
        return series(told_address(cluster.nodes[node].state), name)

    def states():
        return {s for s, v in shown().items() if s.startswith("millrace_topology_state{") and v == 1}
    stopped = {f'millrace_topology_state{{topology="{name}",state="stopped"}}'}
    before = {node: counters(shown(node)) for node in cluster.nodes}
    cluster.ask("stop", name)
    cluster.ask("wait", name)
    for node in cluster.nodes:
        has_only_counts(told_address(cluster.nodes[node].state), name, before[node])
    wait_until("its series are gone", lambda: all(all(s.startswith("millrace_topology_state{") for s in shown(node)) for node in cluster.nodes), 180)
    check(states() == stopped, f"the states are {states()}")
    cluster.ask("start", name)
    wait_until("it runs and counts from 0", lambda: shown().get(f'millrace_running{{topology="{name}"}}') == 1
               and f'millrace_records_total{{topology="{name}",lane="parsed/lane0"}}' in shown())
    now = counters(shown())
    check(all(v <= before["a"][s] for s, v in now.items() if s in before["a"] and s.startswith("millrace_records_total")), f"{now}")
    cluster.ask("stop", name)
    cluster.ask("wait", name)
    check(states() == stopped, f"the states are {states()}")
    cluster.ask("remove", name)
    wait_until("it has no state", lambda: not states())


def a_run_of_two(options, folder):
    """Two topologies in a process: one ends, and the other goes on. Gives what is to be found once two minutes are over."""
    ends, stays = (of_a_file(folder, name, name == "stays", 1) for name in ("ends", "stays"))
    run = Run(options.millrace, ends, folder / "state", "--http", "127.0.0.1:0", str(stays))
    address = wait_until("it tells its address", lambda: told_address(folder / "state" / "ends"))
    ended = 'millrace_topology_state{topology="ends",state="ended"}'
    wait_until("one has ended", lambda: series(address, "ends").get(ended) == 1)
    records = 'millrace_records_total{topology="%s",lane="parsed/lane0"}'
    has_only_counts(address, "ends", {records % "ends": RECORDS, 'millrace_window_rows_total{topology="ends",shard="counts/0"}': 1})

    def is_past():
        def is_so():
            run.check_alive()
            found = series(address, "ends")
            check(not counters(found), f"{sorted(counters(found))}")
            return found
        found = wait_until("the counts of the ended one are gone", is_so, 180)
        check(found[ended] == 1 and found['millrace_running{topology="ends"}'] == 0, f"{found}")
        stays = series(address, "stays")
        check(stays[records % "stays"] == RECORDS and stays['millrace_running{topology="stays"}'] == 1, f"{stays}")
        run.process.send_signal(signal.SIGTERM)
        check(run.wait() == 0, run.errors()[-1500:])
    return is_past


def test(options, folder):
    is_past = a_run_of_two(options, folder / "two")
    a_node_that_does_not_answer(options, folder / "asleep")
    print("a_node_that_does_not_answer: ok", flush=True)
    is_past()
    print("a_run_of_two: ok", flush=True)
    f = Flows(options, folder)
    for case in (records_outlive_a_node, one_name_an_actor, moved_actors_leave_no_gauges, the_next_leader_tells, what_is_over_keeps_its_counts):
        case(f)
        print(f"{case.__name__}: ok", flush=True)


if __name__ == "__main__":
    main(test, __doc__)

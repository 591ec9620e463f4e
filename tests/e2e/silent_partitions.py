#!/usr/bin/env -S python3 -B
"""A topic of three partitions, one of them empty: a window that waits for it is told once in the log, with the remedy, and by the list and the metrics
for as long as it waits, of a run and of two nodes; no progress line repeats the one before. With idle_timeout the rows come, and nobody is told to
wait; where it is written out as off it is no remedy. A fresh start of a Kafka sink leaves the topic's records, and says so.

    silent_partitions.py --millrace build/release/millrace
"""
import json
import re
import time

from cluster_under_test import Cluster
from real_systems import Kafka, Run, check, free_port, main, metric, needed, told_address, topology_file, unique, wait_until

QUIET = 25  # seconds: two times the interval of progress lines, and more
SILENT = ("--degraded-by", "silent=5s")
TEXT = "waits for partition 2 of in, which gives no records, while others are ahead; "
REMEDY = 'with "idle_timeout" of parsed, such as "1 minute", windows do not wait for it'


def topology(path, name, source, sink, parser):
    return topology_file(path, name, {
        "in": {"source": "kafka", "brokers": "${KAFKA_BROKERS}", "topic": source},
        "parsed": {"parser": "json", "from": "in", "event_time": "at", "schema": {"user": "text", "at": "timestamp"}, **parser},
        "counts": {"window": "tumbling", "size": "5 minutes", "from": "parsed", "key": ["user"], "aggregates": {"n": "count(*)"}},
        "out": {"sink": "kafka", "brokers": "${KAFKA_BROKERS}", "topic": sink, "from": "counts"}})


def troubles(listed):
    one, = json.loads(listed)
    return [(t["code"], t["stage"], t["text"]) for t in one["troubles"]]


def is_listed(listed, remedy=REMEDY):
    return [t[:2] for t in troubles(listed)] == [("silent_partition", "in")] and troubles(listed)[0][2].startswith("counts " + TEXT + remedy)


def is_measured(states):
    """By the process that leads."""
    return sum(metric(told_address(s), "millrace_trouble", 'code="silent_partition"') for s in states) == 1


def warnings(lines, name, remedy=REMEDY):
    return [line for line in lines if f" warning {name}/counts: {TEXT}{remedy}" in line]


def test(options, folder):
    kafka = Kafka(*needed("KAFKA_BROKERS"))
    source, sink = unique("three"), unique("rows")
    kafka.create(source, 3)
    kafka.create(sink, 1)
    environment = {"KAFKA_BROKERS": kafka.brokers}

    def give(partition, *minutes):
        kafka.produce(source, [json.dumps({"user": "u", "at": f"2024-01-01T00:{minute}:00Z"}).encode() for minute in minutes], "-p", str(partition))

    def rows():
        return len(kafka.read(sink))

    def life(state, parser, *more):
        path = topology(folder / f"{state}.json", state, source, sink, parser)
        return Run(options.millrace, path, folder / state, "--progress", "log", "--http", f"127.0.0.1:{free_port()}", *SILENT, *more, env=environment)

    give(0, "01", "30")
    give(1, "01", "30")
    waits = life("waits", {})
    waits.wait_until("the window's wait is told", lambda: "waits for" in waits.errors())
    wait_until("the list", lambda: is_listed(waits.ask_once("list", "--json").stdout))
    wait_until("the metrics", lambda: is_measured([waits.state]))
    time.sleep(QUIET)
    check(is_listed(waits.ask_once("list", "--json").stdout), "it is listed no more")
    waits.stop()
    lines = waits.errors().splitlines()
    check(len(warnings(lines, "waits")) == 1 and waits.errors().count("waits for") == 1, f"told once: {waits.errors()}")
    check("none of its" not in waits.errors(), f"the source has not stopped, but waits: {waits.errors()}")
    progress = [re.sub(r"^\S+ ", "", line) for line in lines if " records/s, " in line]
    check(progress and all(a != b for a, b in zip(progress, progress[1:])), f"progress lines repeat: {waits.errors()}")
    check(any("4 since this start, 0 rows out" in line for line in progress), f"progress: {waits.errors()}")

    decided = life("decided", {"idle_timeout": "off"})
    wait_until("the list", lambda: is_listed(decided.ask_once("list", "--json").stdout, "idle_timeout of parsed is off"))
    decided.stop()
    check(len(warnings(decided.errors().splitlines(), "decided", "idle_timeout of parsed is off")) == 1, f"told once: {decided.errors()}")

    for n, more in enumerate(([], ["--fresh"]), start=1):
        goes_on = life("goes_on", {"idle_timeout": "2 s"}, *more)
        wait_until("the window's row", lambda: rows() >= n)
        check(troubles(goes_on.ask_once("list", "--json").stdout) == [], "a window that goes on is no trouble")
        goes_on.stop()
        check("waits for" not in goes_on.errors(), f"a window with idle_timeout waits: {goes_on.errors()}")
        said = " warning goes_on: --fresh begins a new state; out: rows that are there stay, and rows that are computed again stand there twice"
        check((said in goes_on.errors()) == bool(more), f"--fresh: {goes_on.errors()}")
    check(rows() == 2, f"{rows()} rows of two states")

    cluster = Cluster(options.millrace, folder / "cluster", leading=("a", "b"), following=(), environment=environment, patient=True)
    cluster.more_options = SILENT
    with cluster:
        cluster.ask("apply", topology(folder / "on_nodes.json", "on_nodes", source, sink, {}))
        wait_until("the list", lambda: is_listed(cluster.ask("list", "--json")), 120)
        wait_until("the metrics", lambda: is_measured([n.state for n in cluster.nodes.values()]))
        time.sleep(5)
        said = [line for n in cluster.nodes.values() for line in n.errors().splitlines()]
        check(len(warnings(said, "on_nodes")) == 1, lambda: f"told once by one node: {[line for line in said if 'waits for' in line]}")
        give(2, "30")
        wait_until("the window's row", lambda: rows() == 3)
        wait_until("it is healthy", lambda: troubles(cluster.ask("list", "--json")) == [])
        cluster.ask("stop", "on_nodes")
    print("told once by a run and by the node that leads, listed and measured while it waits", flush=True)


if __name__ == "__main__":
    main(test, __doc__)

#!/usr/bin/env -S python3 -B
"""What has happened, as `millrace events` tells it, by each node and after each death; and `apply`, which tells for what it waits. No server.

    events.py --millrace BINARY [--only NAME]      each case is a function below
"""
import json
import subprocess
import time

from cluster_under_test import Cluster
from real_systems import PATIENCE, OwnFolder, Run, captured, check, free_port, http_status, main_of_cases, told_address, topology_file, wait_until


class Case(OwnFolder):
    def __init__(self, options, folder, name):
        super().__init__(options, folder, name)
        self.lines, self.cluster, self.n = self.folder / "in.jsonl", None, 0
        self.add(10)

    def add(self, count, text=None):
        with open(self.lines, "a", encoding="utf-8") as out:
            for _ in range(count):
                self.n += 1
                out.write((text or json.dumps({"n": self.n, "ts": f"2026-01-01T00:00:{self.n % 50:02}Z"})) + "\n")

    def topology(self, title="clicks a day", source=None):
        path = self.folder / "clicks.json"
        on = {"node": "a"} if self.cluster else {}
        return topology_file(path, "clicks", {
            "lines": source or {"source": "file", "path": str(self.lines), "follow": True, **on},
            "parsed": {"parser": "json", "from": "lines", "schema": {"n": "bigint", "ts": "timestamp"}, "event_time": "ts"},
            "counts": {"window": "tumbling", "from": "parsed", "size": "1 day", "aggregates": {"n": "count(*)"}},
            "out": {"sink": "file", "from": "counts", "path": str(self.folder / "out.jsonl"), **on}}, title=title)

    def three_nodes(self, start_timeout=30):
        self.cluster = Cluster(self.binary, self.folder)
        self.cluster.start_timeout = start_timeout
        self.at_the_end.enter_context(self.cluster)
        return self.cluster


def events_in(text):
    return [json.loads(line) for line in text.splitlines()]


def has(all_events, kind, *words):
    return any(e["kind"] == kind and all(w in e["text"] for w in words) for e in all_events)


def of_a_run(c):
    """A run tells of its own processes: a start, a degradation and its end, what was asked for, and the start after a death."""
    def asked(*words):
        done = run.ask_once(*words)
        check(done.returncode == 0, lambda: f"{words}: {done.stderr}")
        return done.stdout

    def told(kind, *words):
        wait_until(f"{kind} {words} is told", lambda: has(events_in(asked("events", "--json")), kind, *words))

    run = Run(c.binary, c.topology(), c.folder / "state", "--http", "127.0.0.1:0")
    told("start", "topology clicks starts")
    c.add(1, "no JSON")
    told("degraded", "1 dead letter")
    asked("console", "-e", "pause")
    asked("console", "-e", "resume")
    asked("console", "-e", "restart counts")
    told("pause", "is paused")
    told("pause", "is resumed")
    told("restart", "counts")
    before = events_in(asked("events", "--json"))
    run.kill()
    run = Run(c.binary, c.topology(), c.folder / "state", "--http", "127.0.0.1:0")
    told("start", "its process had ended before it")
    after = events_in(asked("events", "--json"))
    check(after[:len(before)] == before, f"what was told before is told still: {before} {after}")
    table = asked("events", "clicks", "--since", "1h")
    check(table.startswith("TIME ") and "topology clicks starts again" in table, table)
    check(asked("events", "nobody") == "no events\n" and asked("events", "--since", "1us") == "no events\n", "nothing fits")
    check("its process had ended before it" in asked("console", "-e", "events"), "the console tells it")
    refused = captured(c.binary, "events", "--connect", f"http://{told_address(run.state)}", "--token", "/dev/null")
    check(refused.returncode != 0, "the token is needed")
    check(http_status(told_address(run.state), "/api/v1/events")[0] == 401, "the API needs it, too")
    run.stop()


def of_three_nodes(c):
    """Each node tells the same, whoever leads; who has asked, and in what a plan differs."""
    cluster = c.three_nodes()
    nodes = cluster.nodes

    def told(kind, *words, by=None):
        wait_until(f"{kind} {words} is told", lambda: has(events_in(cluster.ask("events", "--json", by=by)), kind, *words))

    told("lead", "node a leads")
    for name in nodes:
        told("join", f"node {name} has joined")
    cluster.ask("apply", c.topology(), by=nodes["a"])
    told("apply", "topology clicks is applied: plan 1", by=nodes["b"])
    told("placement", "node a takes")
    cluster.ask("apply", c.topology("clicks"), by=nodes["a"])
    told("apply", "plan 2", "title")
    one, = (e for e in events_in(cluster.ask("events", "--json")) if e["kind"] == "apply" and "plan 2" in e["text"])
    check(one["through"] == "a" and one["topology"] == "clicks", f"{one}")
    cluster.ask("drain", "c", by=nodes["b"])
    told("drain", "node c is asked to give away")
    told("drain", "node c is drained")
    check(any(e["through"] == "b" for e in events_in(cluster.ask("events", "--json")) if e["kind"] == "drain"), "it was asked for at b")
    before = events_in(cluster.ask("events", "--json"))
    nodes["a"].kill()
    told("lead", "node b leads")
    told("death", "node a is lost")
    after = events_in(cluster.ask("events", "--json", by=nodes["c"]))
    check(after[:len(before)] == before, lambda: f"the next one that leads has what was told before: {before} {after}")
    cluster.start_missing()
    wait_until("a is back", lambda: cluster.is_up("a"))
    cluster.ask("stop", "clicks", by=nodes["a"])
    told("stop", "is asked to stop")
    told("stop", "has stopped")
    check(events_in(cluster.ask("events", "--json", by=nodes["a"])) == events_in(cluster.ask("events", "--json", by=nodes["b"])), "all nodes tell the same")


def apply_that_waits(c):
    """A source that does not answer is told while `apply` waits; it fails with the reason, and applies nothing that its client has given up."""
    cluster = c.three_nodes(start_timeout=3)
    away = {"source": "kafka", "brokers": f"127.0.0.1:{free_port()}", "topic": "t"}
    began = time.monotonic()
    with subprocess.Popen(cluster.command(cluster.nodes["a"], "apply", c.topology(source=away)), stderr=subprocess.PIPE, text=True) as asked:
        line = asked.stderr.readline()
        check("waiting for lines" in line, f"it says {line!r}")
        check(time.monotonic() - began < 5 * PATIENCE, f"it says so after {time.monotonic() - began:.1f} s")
        line = asked.stderr.readline()
        check("127.0.0.1" in line and "waiting for it up to" in line, f"it says {line!r}")
        asked.kill()
    wait_until("it is given up", lambda: "its client does not ask any more" in cluster.nodes["a"].errors())
    check(json.loads(cluster.ask("list", "--json")) == [], "nothing is applied")
    done = cluster.answer("apply", c.topology(source=away), "--wait")
    check(done.returncode == 1 and "127.0.0.1" in done.stderr, f"{done}")
    check(json.loads(cluster.ask("list", "--json")) == [], "nothing is applied")
    done = cluster.answer("apply", c.topology(), "--wait")
    check(done.returncode == 0 and done.stdout.endswith("clicks runs\n"), f"{done}")
    cluster.ask("stop", "clicks")
    done = cluster.answer("start", "clicks", "--wait")
    check(done.returncode == 0 and done.stdout.endswith("clicks runs\n"), f"{done}")


CASES = [of_a_run, of_three_nodes, apply_that_waits]

if __name__ == "__main__":
    main_of_cases(CASES, Case, __doc__)

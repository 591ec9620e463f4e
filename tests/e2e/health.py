#!/usr/bin/env python3
"""A topology that is not well, made so for real: the list, its exit status, the console, the API, the metrics and the probes say the same of it, and
that it is well again; so does the page, where Chromium is there. POSTGRES_URL names the server, which is reached through a relay, and KAFKA_BROKERS a store.

    health.py --millrace BINARY [--only NAME]      each case is a function below
"""
import concurrent.futures
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.parse

sys.dont_write_bytecode = True
from browser_under_test import CHROMIUM, Browser  # noqa: E402
from cluster_under_test import Cluster, place_of_chains  # noqa: E402
from real_systems import (PATIENCE, Kafka, PostgreSQL, Run, check, free_port, http_status, main_of_cases, metric, needed, told_address,  # noqa: E402
                          unique, wait_until)
from relay import Relay  # noqa: E402


class Case:
    def __init__(self, options, folder, name):
        self.binary, self.folder, self.name = options.millrace, folder / name, name
        self.folder.mkdir(parents=True)
        self.postgres = PostgreSQL(needed("POSTGRES_URL")[0], unique("health"))
        self.postgres.create()
        self.relay = Relay(urllib.parse.urlsplit(self.postgres.server).netloc.rpartition("@")[2])
        self.lines, self.cluster, self.chains, self.browser, self.n = self.folder / "in.jsonl", None, None, None, 0
        self.add(10)

    def close(self):
        if self.browser:
            self.browser.close()
        self.relay.close()
        if self.cluster:
            self.cluster.stop()
        Run.end_all()
        for database in (self.postgres, self.chains):
            if database:
                database.drop()

    def go_away(self):
        """Connections end, and each further one at once."""
        self.target, self.relay.target = self.relay.target, ("127.0.0.1", free_port())
        self.relay.cut()

    def come_back(self):
        self.relay.target = self.target

    def add(self, count, text=None):
        with open(self.lines, "a", encoding="utf-8") as out:
            for _ in range(count):
                self.n += 1
                out.write((text or json.dumps({"n": self.n, "ts": f"2026-01-01T00:00:{self.n % 50:02}Z"})) + "\n")

    def topology(self):
        through = urllib.parse.urlsplit(self.postgres.url)
        through = through._replace(netloc=f"{through.netloc.rpartition('@')[0]}@{self.relay.address}").geturl()
        path = self.folder / "clicks.json"
        on = {"node": "a"} if self.cluster else {}
        path.write_text(json.dumps({"millrace": 1, "topology": "clicks", "stages": {
            "lines": {"source": "file", "path": str(self.lines), "follow": True, **on},
            "parsed": {"parser": "json", "from": "lines", "schema": {"n": "bigint", "ts": "timestamp"}, "event_time": "ts"},
            "counts": {"window": "tumbling", "from": "parsed", "size": "1 day", "aggregates": {"n": "count(*)"}},
            "screen": {"sink": "file", "from": "counts", "path": str(self.folder / "out.jsonl"), **on},
            "table": {"sink": "sql", "from": "parsed", "connection": through, "table": "t", "create": True, "columns": {"n": "n"},
                      **({"node": "b"} if self.cluster else {})}}}))
        return path

    def run(self):
        """As a process of its own."""
        http = f"127.0.0.1:{free_port()}"
        run = Run(self.binary, self.topology(), self.folder / "state", "--http", http)
        wait_until("it serves", lambda: told(http) or not run.alive())
        check(run.alive(), run.errors)
        return View(self, http, lambda *words: subprocess.run(
            [self.binary, *words, "--connect", f"http://{http}", "--token", self.folder / "state" / "token"], capture_output=True, text=True,
            timeout=60 * PATIENCE, check=False)), run

    def on_three_nodes(self, store, *more):
        place, self.chains = place_of_chains(store, self.folder, "health")
        self.cluster = Cluster(self.binary, self.folder, place, patient=True)
        self.cluster.more_options = more
        self.cluster.start()
        self.cluster.ask("apply", self.topology())
        return View(self, None, lambda *words: self.cluster.ask_once(*words))


def told(http):
    try:
        return http_status(http, "/livez")[0] == 200
    except Exception:
        return False


class View:
    """What all views say of the topology."""

    def __init__(self, case, http, command):
        self.case, self.http, self.command = case, http, command

    def listed(self):
        done = self.command("list", "--json")
        return json.loads(done.stdout)[0] if done.returncode == 0 and done.stdout.strip() != "[]" else {"state": done.stderr, "troubles": None, "reason": ""}

    def codes(self):
        return {t["code"] for t in self.listed()["troubles"] or []}

    def addresses(self):
        return [self.http] if self.http else [told_address(n.state) for n in self.case.cluster.nodes.values()]

    def metrics(self, code):
        """At whatever process."""
        return sum(metric(a, "millrace_trouble", f'code="{code}"') for a in self.addresses())

    def is_shown(self, state, reason):
        """The page's overview has the topology so."""
        if not CHROMIUM:
            return
        if not self.case.browser:
            self.case.browser = Browser()
            self.case.browser.open(f"http://{self.addresses()[0]}/#/")
        row = "[...document.querySelectorAll('main tbody tr')].find(r => r.cells[0].textContent === 'clicks')?.innerText ?? ''"

        def shows():
            text = self.case.browser.run(row)
            check(state in text and reason in text, f"the page shows {text!r}")
            return True
        wait_until("the page shows it", shows)

    def becomes(self, code, stage, words, probes=True):
        """Degraded by this, in all views."""
        wait_until(f"the list says {code}", lambda: code in self.codes())
        one = self.listed()
        trouble, = (t for t in one["troubles"] if t["code"] == code)
        check(trouble["stage"] == stage and words in trouble["text"] and trouble["since"], f"{trouble}")
        check(one["state"] == "running" and trouble["text"] in one["reason"], f"{one}")
        table = self.command("list")
        check(table.returncode == 0 and " degraded " in table.stdout and trouble["text"] in table.stdout, lambda: table.stdout)
        check(self.command("list", "--fail").returncode == 1, "list --fail ends with 1")
        console = self.command("console", "-e", "topologies")
        check("degraded" in console.stdout and trouble["text"] in console.stdout, lambda: f"{console.stdout} {console.stderr}")
        self.is_shown("degraded", trouble["text"].split(";")[0])
        wait_until("the metric", lambda: self.metrics(code) == 1)
        if self.http and probes:
            status, text = http_status(self.http, "/healthz")
            check(status == 503 and words in text, f"/healthz is {status}: {text}")
        return trouble

    def is_well(self):
        wait_until("it is healthy", lambda: self.listed()["troubles"] == [])
        one = self.listed()
        check(one["reason"] == "" and self.command("list", "--fail").returncode == 0, f"{one}")
        check(" running" in self.command("list").stdout, "the table says it runs")
        self.is_shown("running", "")


def target_away(c, view):
    wait_until("rows are in the table", lambda: c.postgres.has("t") and len(c.postgres.ask("select * from t")) == c.n)
    view.is_well()
    c.go_away()
    c.add(5)
    trouble = view.becomes("target_away", "table", "waiting for the target of table")
    check(trouble["error"], f"the server's error is told: {trouble}")
    c.come_back()
    wait_until("its rows are there", lambda: len(c.postgres.ask("select * from t")) == c.n)
    view.is_well()
    return trouble


def target_hangs(c, view):
    c.relay.hang()
    c.add(5)
    view.becomes("target_stalled", "table", "table is stalled: its target has not answered a call for")
    c.relay.go_on()
    view.is_well()


def on_run(c):
    """A run: a database that is away, and one that hangs."""
    view, run = c.run()
    target_away(c, view)
    target_hangs(c, view)
    run.stop()


def away_from_the_start(c):
    """A database that has never answered."""
    c.go_away()
    view, run = c.run()
    view.becomes("target_unreached", "table", "waiting for the target of table at the start")
    run.process.send_signal(signal.SIGTERM)
    run.wait()


def losses_on_run(c):
    """New dead letters, and late records above the share."""
    view, run = c.run()
    wait_until("rows are in the table", lambda: c.postgres.has("t") and len(c.postgres.ask("select * from t")) == c.n)
    c.add(3, "no json")
    c.n -= 3
    view.becomes("dead_letters", "parsed", "3 dead letters of the last minutes at parsed", probes=False)
    c.add(1, json.dumps({"n": 0, "ts": "2026-03-01T00:00:00Z"}))
    c.add(5)
    view.becomes("late", "counts", "came too late for counts", probes=False)
    run.stop()


def on_nodes(c, store):
    view = c.on_three_nodes(store)
    trouble = target_away(c, view)
    check(trouble["node"] == "b", f"{trouble}")
    c.cluster.check_alive()
    c.cluster.ask("stop", "clicks")


def on_nodes_over_dir(c):
    """Three nodes over a folder: the sink's database is away."""
    on_nodes(c, "dir")


def on_nodes_over_postgres(c):
    """The same over a store in PostgreSQL."""
    on_nodes(c, "postgresql")


def on_nodes_over_kafka(c):
    """The same over a store in Kafka."""
    on_nodes(c, "kafka")


def silent_beside_another_node(c):
    """A topic of two partitions, each read on a node of its own: one of them gives no more, the other one goes on, and a window waits for both."""
    kafka, topic = Kafka(needed("KAFKA_BROKERS")[0]), unique("health")
    kafka.create(topic, 2)

    def give(partition):
        c.n += 1
        kafka.produce(topic, [json.dumps({"n": c.n, "ts": f"2026-01-01T00:00:{c.n % 50:02}Z"}).encode()], "-p", str(partition))
    give(0)
    give(1)
    path = c.folder / "clicks.json"
    path.write_text(json.dumps({"millrace": 1, "topology": "clicks", "stages": {
        "lines": {"source": "kafka", "brokers": kafka.brokers, "topic": topic},
        "parsed": {"parser": "json", "from": "lines", "schema": {"n": "bigint", "ts": "timestamp"}, "event_time": "ts"},
        "counts": {"window": "tumbling", "from": "parsed", "size": "1 day", "aggregates": {"n": "count(*)"}},
        "screen": {"sink": "file", "from": "counts", "path": str(c.folder / "out.jsonl"), "node": "a"}}}))
    c.topology = lambda: path
    view = c.on_three_nodes("dir", "--degraded-by", "silent=5s")

    def readers():
        lanes = json.loads(http_status(view.addresses()[0], "/api/v1/topologies/clicks/figures")[1])["lanes"]
        return sorted(p["partition"] for lane in lanes for p in lane["partitions"]) == ["0", "1"] and len({lane["node"] for lane in lanes}) == 2
    wait_until("two nodes read", readers)

    is_over = threading.Event()

    def go_on():
        while not is_over.wait(1):
            give(0)
    with concurrent.futures.ThreadPoolExecutor(1) as one:
        giving = one.submit(go_on)
        try:
            wait_until("it is told", lambda: "silent_partition" in view.codes())
            trouble, = (t for t in view.listed()["troubles"] if t["code"] == "silent_partition")
            check(trouble["stage"] == "lines" and "partition 1 of lines has given nothing for" in trouble["text"], f"{trouble}")
            wait_until("the metric", lambda: view.metrics("silent_partition") == 1)
            view.is_shown("degraded", "partition 1 of lines has given nothing for")
        finally:
            is_over.set()
        giving.result()
    give(1)
    view.is_well()
    c.cluster.ask("stop", "clicks")


def command_that_waits(c):
    """A node that is stopped: `list` says within some seconds that it waits, and of several addresses the one that answers is asked."""
    view, run = c.run()
    os.kill(run.process.pid, signal.SIGSTOP)
    try:
        with subprocess.Popen([c.binary, "list", "--connect", f"http://{view.http}"], stderr=subprocess.PIPE, text=True) as asked:
            began = time.monotonic()
            line = asked.stderr.readline()
            check("has not answered yet" in line, f"it says {line!r}")
            check(time.monotonic() - began < 3 * PATIENCE, "it says so within 3 s")
            asked.kill()
    finally:
        os.kill(run.process.pid, signal.SIGCONT)
    both = f"http://127.0.0.1:{free_port()},http://{view.http}"
    done = subprocess.run([c.binary, "list", "--connect", both], capture_output=True, text=True, timeout=60 * PATIENCE, check=False)
    check(done.returncode == 0 and "clicks" in done.stdout, f"{done}")
    none = f"http://127.0.0.1:{free_port()},http://127.0.0.1:{free_port()}"
    done = subprocess.run([c.binary, "list", "--connect", none], capture_output=True, text=True, timeout=60 * PATIENCE, check=False)
    check(done.returncode == 1 and "no address of --connect answers" in done.stderr, f"{done}")
    run.stop()


CASES = [on_run, away_from_the_start, losses_on_run, on_nodes_over_dir, on_nodes_over_postgres, on_nodes_over_kafka, silent_beside_another_node,
         command_that_waits]

if __name__ == "__main__":
    sys.exit(main_of_cases(CASES, Case, __doc__))

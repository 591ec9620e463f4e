#!/usr/bin/env -S python3 -B
"""A topology that is not well, made so for real: the list, its exit status, the console, the API, the metrics and the probes say the same of it, and
that it is well again; so does the page, where Chromium is there. POSTGRES_URL names the server, which is reached through a relay, and KAFKA_BROKERS a store.
A Kafka that goes away is one of the test's own.

    health.py --millrace BINARY [--only NAME]      each case is a function below
"""
import concurrent.futures
import contextlib
import functools
import json
import os
import re
import signal
import shutil
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

from browser_under_test import CHROMIUM, Browser
from cluster_under_test import Cluster
from disk_full import fill
from harmful_record import POISON, Harm
from real_systems import (PATIENCE, Kafka, OwnFolder, Run, captured, case, check, free_port, http_status, main_of_cases, metric, needed, told_address,
                          topology_file, unique, wait_until)
from relay import Relay
from servers_away import Servers


class Case(OwnFolder):
    def __init__(self, options, folder, name):
        super().__init__(options, folder, name)
        self.postgres = self.own_postgres()
        self.relay = Relay(urllib.parse.urlsplit(self.postgres.server).netloc.rpartition("@")[2])
        self.lines, self.state, self.cluster, self.browser, self.n = self.folder / "in.jsonl", self.folder / "state", None, None, 0
        self.source, self.counts, self.options, self.environment = {"source": "file", "path": str(self.lines), "follow": True}, {}, {}, {}
        self.at_the_end.callback(self.relay.close)
        self.add(10)

    def go_away(self):
        """Connections end, and each further one at once."""
        self.target, self.relay.target = self.relay.target, ("127.0.0.1", free_port())
        self.relay.cut()

    def come_back(self):
        self.relay.target = self.target

    def record(self):
        self.n += 1
        return json.dumps({"n": self.n, "ts": f"2026-01-01T00:00:{self.n % 50:02}Z"})

    def add(self, count, text=None):
        with open(self.lines, "a", encoding="utf-8") as out:
            for _ in range(count):
                line = self.record()
                out.write((text or line) + "\n")

    def topology(self):
        through = urllib.parse.urlsplit(self.postgres.url)
        through = through._replace(netloc=f"{through.netloc.rpartition('@')[0]}@{self.relay.address}").geturl()
        path = self.folder / "clicks.json"
        on = {"node": "a"} if self.cluster else {}
        return topology_file(path, "clicks", {
            "lines": {**self.source, **on},
            "parsed": {"parser": "json", "from": "lines", "schema": {"n": "bigint", "ts": "timestamp"}, "event_time": "ts"},
            "counts": {"window": "tumbling", "from": "parsed", "size": "1 day", "aggregates": {"n": "count(*)"}, **self.counts},
            "screen": {"sink": "file", "from": "counts", "path": str(self.folder / "out.jsonl"), **on},
            "table": {"sink": "sql", "from": "parsed", "connection": through, "table": "t", "create": True, "columns": {"n": "n"},
                      **({"node": "b"} if self.cluster else {})}}, **self.options)

    def run(self, *more):
        """As a process of its own."""
        run = Run(self.binary, self.topology(), self.state, "--http", f"127.0.0.1:{free_port()}", *more, env=self.environment)
        run.wait_until("it serves", lambda: told_address(run.state))
        return View(self, run)

    def on_nodes(self, store="dir", *more):
        """On three, of which `a` has the files and `b` the sink's connection."""
        self.cluster = Cluster(self.binary, self.folder, store, environment=self.environment, patient=True)
        self.cluster.more_options = more
        self.at_the_end.enter_context(self.cluster)
        self.cluster.ask("apply", self.topology())
        return View(self)


def as_it_goes_on(text):
    """This text, whose counts and ages may be others by now."""
    return re.compile(re.sub(r"once|\d+\\ times", r"(once|\\d+ times)", re.sub(r"\d+(?!\d*\\ times)", r"\\d+", re.escape(text))))


class View:
    """What all views say of the topology."""

    def __init__(self, case, run=None):
        self.case, self.run, self.command = case, run, (run or case.cluster).ask_once

    def listed(self):
        done = self.command("list", "--json")
        return json.loads(done.stdout)[0] if done.returncode == 0 and done.stdout.strip() != "[]" else {"state": done.stderr, "troubles": None, "reason": ""}

    def codes(self):
        return {t["code"] for t in self.listed()["troubles"] or []}

    def addresses(self):
        return [told_address(self.run.state)] if self.run else [told_address(n.state) for n in self.case.cluster.nodes.values()]

    def metrics(self, code):
        """At whatever process."""
        return sum(metric(a, "millrace_trouble", f'code="{code}"') for a in self.addresses())

    def is_shown(self, state, reason):
        """The page's overview has the topology so."""
        if not CHROMIUM:
            return
        if not self.case.browser:
            self.case.browser = Browser()
            self.case.at_the_end.callback(self.case.browser.close)
            self.case.browser.open(f"http://{self.addresses()[0]}/#/")
        row = "[...document.querySelectorAll('main tbody tr')].find(r => r.cells[0].textContent === 'clicks')?.innerText ?? ''"

        def shows():
            text = self.case.browser.run(row)
            check(state in text and re.search(reason, text), f"the page shows {text!r}")
            return True
        wait_until("the page shows it", shows)

    def becomes(self, code, stage, words, probe="/healthz"):
        """Degraded by this, in all views; `probe`: the page of the process that says so, too."""
        wait_until(f"the list says {code}", lambda: code in self.codes())
        one = self.listed()
        trouble, = (t for t in one["troubles"] if t["code"] == code)
        check(trouble["stage"] == stage and words in trouble["text"] and trouble["since"], f"{trouble}")
        check(one["state"] == "running" and trouble["text"] in one["reason"], f"{one}")
        text = as_it_goes_on(trouble["text"])
        table = self.command("list")
        check(table.returncode == 0 and " degraded " in table.stdout and text.search(table.stdout), lambda: table.stdout)
        check(self.command("list", "--fail").returncode == 1, "list --fail ends with 1")
        console = self.command("console", "-e", "topologies")
        check("degraded" in console.stdout and text.search(console.stdout), lambda: f"{console.stdout} {console.stderr}")
        self.is_shown("degraded", as_it_goes_on(trouble["text"].split(";")[0]))
        wait_until("the metric", lambda: self.metrics(code) == 1)
        if self.run and probe:
            status, text = http_status(*self.addresses(), probe)
            check(status == 503 and words in text, f"{probe} is {status}: {text}")
        return trouble

    def node(self, name):
        """The node that a trouble names: none of a run."""
        return "" if self.run else name

    def has_rows(self):
        """All that were given are in the table."""
        table = self.case.postgres
        wait_until("rows are in the table", lambda: table.has("t") and len(table.ask("select * from t")) == self.case.n)

    def is_well(self):
        wait_until("it is healthy", lambda: self.listed()["troubles"] == [], 120)  # a failure counts for a minute
        one = self.listed()
        check(one["reason"] == "" and self.command("list", "--fail").returncode == 0, f"{one}")
        check(" running" in self.command("list").stdout, "the table says it runs")
        self.is_shown("running", "")


def target_away(c, view):
    """A database that is away, and comes back."""
    view.has_rows()
    view.is_well()
    c.go_away()
    c.add(5)
    trouble = view.becomes("target_away", "table", "waiting for the target of table")
    check(trouble["error"] and trouble["node"] == view.node("b"), f"the server's error is told, and the node: {trouble}")
    c.come_back()
    view.has_rows()
    view.is_well()


def target_hangs(c, view):
    """A database that takes nothing and answers nothing."""
    c.relay.hang()
    c.add(5)
    view.becomes("target_stalled", "table", "table is stalled: its target has not answered a call for")
    c.relay.go_on()
    view.is_well()


def away_from_the_start(c):
    """A database that has never answered."""
    c.go_away()
    view = c.run()
    view.becomes("target_unreached", "table", "waiting for the target of table at the start")
    view.run.process.send_signal(signal.SIGTERM)
    view.run.wait()


def losses(c, view):
    """New dead letters, and late records above the share."""
    view.has_rows()
    c.add(3, "no json")
    c.n -= 3
    view.becomes("dead_letters", "parsed", "3 dead letters of the last minutes at parsed", probe=None)
    c.add(1, json.dumps({"n": 0, "ts": "2026-03-01T00:00:00Z"}))
    c.add(5)
    view.becomes("late", "counts", "came too late for counts", probe=None)


def silent_beside_another_node(c):
    """A topic of two partitions, each read on a node of its own: one of them gives no more, the other one goes on, and a window waits for both."""
    kafka, topic = Kafka(needed("KAFKA_BROKERS")[0]), unique("health")
    kafka.create(topic, 2)

    def give(partition):
        c.n += 1
        kafka.produce(topic, [json.dumps({"n": c.n, "ts": f"2026-01-01T00:{c.n // 60:02}:{c.n % 60:02}Z"}).encode()], "-p", str(partition))
    give(0)
    give(1)
    path = topology_file(c.folder / "clicks.json", "clicks", {
        "lines": {"source": "kafka", "brokers": kafka.brokers, "topic": topic},
        "parsed": {"parser": "json", "from": "lines", "schema": {"n": "bigint", "ts": "timestamp"}, "event_time": "ts"},
        "counts": {"window": "tumbling", "from": "parsed", "size": "10 s", "aggregates": {"n": "count(*)"}},
        "screen": {"sink": "file", "from": "counts", "path": str(c.folder / "out.jsonl"), "node": "a"}})
    c.topology = lambda: path
    view = c.on_nodes("dir", "--degraded-by", "silent=5s")

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
            check(trouble["stage"] == "lines" and "counts waits for partition 1 of lines, which gives no more records" in trouble["text"], f"{trouble}")
            wait_until("the metric", lambda: view.metrics("silent_partition") == 1)
            view.is_shown("degraded", "counts waits for partition 1 of lines")
        finally:
            is_over.set()
        giving.result()
    give(1)
    view.is_well()
    c.cluster.ask("stop", "clicks")


def source_away(c, begin):
    """The broker of a source is killed, and comes back."""
    servers, topic = Servers(c.folder), unique("health")
    c.at_the_end.callback(servers.command, "stop", "--remove")
    kafka = Kafka(servers.command("start", "kafka")["KAFKA_BROKERS"])
    kafka.create(topic)
    c.source, c.n = {"source": "kafka", "brokers": kafka.brokers, "topic": topic}, 0
    kafka.produce(topic, [c.record().encode() for _ in range(10)])
    view = begin(c)
    view.has_rows()
    servers.command("kill", "kafka")
    trouble = view.becomes("source_away", "lines", "waiting for the source lines")
    check(trouble["error"] and trouble["node"] == view.node("a"), f"the node, and the error of Kafka's client: {trouble}")
    servers.command("start", "kafka")
    view.is_well()
    kafka.produce(topic, [c.record().encode() for _ in range(10)])
    view.has_rows()


def spool_full(c, begin):
    """The database hangs until the spool of the source is full."""
    port = free_port()
    c.source, c.n = {"source": "http_server", "listen": f"127.0.0.1:{port}", "routes": {"/": {"body": "lines", "event": {}}}, "spool": "1 MB"}, 0
    view = begin(c)

    def post():
        """Whether they were taken."""
        before = c.n
        data = "\n".join(c.record() for _ in range(500)).encode()
        try:
            urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{port}/", data), timeout=30 * PATIENCE).read()
        except urllib.error.HTTPError as e:
            check(e.code == 503, f"it is answered with {e.code}")
            c.n = before
        return c.n != before
    view.is_well()
    c.relay.hang()
    wait_until("a post is refused", lambda: not post())
    trouble = view.becomes("spool_full", "lines", "the spool of lines is full", probe="/readyz")
    check(trouble["node"] == view.node("a"), f"{trouble}")
    c.relay.go_on()
    view.is_well()
    wait_until("a post is taken", post)
    view.has_rows()


def restarts(c, begin):
    """A shard throws at what it has counted, time and again, until its fault is mended."""
    harm = Harm(c.folder, throws=True)
    c.environment = harm.environment
    c.counts = {"emit": "updates", "every": "200 ms", "having": f"not regexp_like(n::text || '{POISON}', '^{POISON}')"}
    view = begin(c)
    trouble = view.becomes("restarts", "counts", "has failed", probe=None)
    check(f"a {POISON} was met" in trouble["error"], f"the exception's text: {trouble}")
    harm.ends()
    view.is_well()
    view.has_rows()


def own_disk(c):
    """A small ext4 for the state of a run; None where none can be mounted."""
    image, disk = c.folder / "disk.img", c.folder / "disk"
    disk.mkdir()
    with open(image, "wb") as out:
        out.truncate(64_000_000)
    made = shutil.which("mkfs.ext4") and not subprocess.run(["mkfs.ext4", "-q", image], check=False).returncode
    if not made or subprocess.run(["mount", "-o", "loop", image, disk], capture_output=True, check=False).returncode:
        print(f"SKIPPED: {c.name}, because no ext4 can be mounted here (mkfs.ext4; mount -o loop); remedy: run it as root")
        return None
    c.at_the_end.callback(subprocess.run, ["umount", "-l", disk], check=True)
    (disk / "state").mkdir()
    c.state.symlink_to(disk / "state")  # what the test reads beside it stays off the disk
    c.options = {"snapshot_every": "200 ms"}
    return disk


def state_disk_hangs(c):
    """The disk of a run's state takes nothing, for as long as it is frozen: neither snapshots nor values are written."""
    disk = own_disk(c)
    if not disk:
        return
    view = c.run()
    view.has_rows()
    view.is_well()
    subprocess.run(["fsfreeze", "-f", disk], check=True)
    frozen = c.at_the_end.enter_context(contextlib.ExitStack())
    frozen.callback(subprocess.run, ["fsfreeze", "-u", disk], check=True)
    c.add(5)
    view.becomes("state_slow", "", "has not been written for", probe=None)
    frozen.close()
    view.is_well()
    view.has_rows()
    view.run.stop()


def state_disk_full(c):
    """The disk of a run's state is full: what has to be written before more is read or given waits for room, and says why."""
    disk = own_disk(c)
    if not disk:
        return
    view = c.run("--degraded-by", "within=1m")  # so long a snapshot that failed is told
    view.has_rows()
    ballast = disk / "ballast"
    fill(ballast)

    def is_refused():  # what is added may still fit into the last block of its file: of the source's place, or of the dead letters
        c.add(1)
        return "No space left on device" in view.listed()["reason"]
    wait_until("the reason is told", is_refused)
    trouble = next(t for t in view.listed()["troubles"] if "No space left on device" in t["error"])
    view.becomes(trouble["code"], trouble["stage"], trouble["text"].split(" ")[-1], probe=None)
    ballast.unlink()
    view.is_well()
    view.has_rows()
    view.run.stop()


def command_that_waits(c):
    """A node that is stopped: `list` says within some seconds that it waits, and of several addresses the one that answers is asked."""
    view = c.run()
    http = f"http://{view.addresses()[0]}"
    os.kill(view.run.process.pid, signal.SIGSTOP)
    try:
        with subprocess.Popen([c.binary, "list", "--connect", http], stderr=subprocess.PIPE, text=True) as asked:
            began = time.monotonic()
            line = asked.stderr.readline()
            check("has not answered yet" in line, f"it says {line!r}")
            check(time.monotonic() - began < 3 * PATIENCE, "it says so within 3 s")
            asked.kill()
    finally:
        os.kill(view.run.process.pid, signal.SIGCONT)
    both = f"http://127.0.0.1:{free_port()},{http}"
    done = captured(c.binary, "list", "--connect", both)
    check(done.returncode == 0 and "clicks" in done.stdout, f"{done}")
    none = f"http://127.0.0.1:{free_port()},http://127.0.0.1:{free_port()}"
    done = captured(c.binary, "list", "--connect", none)
    check(done.returncode == 1 and "no address of --connect answers" in done.stderr, f"{done}")
    view.run.stop()


def of_a_view(*scenarios):
    """Scenarios of a topology that runs already, one after the other."""
    def play(c, begin):
        view = begin(c)
        for scenario in scenarios:
            scenario(c, view)
        if view.run:
            view.run.stop()
        else:
            c.cluster.check_alive()
            c.cluster.ask("stop", "clicks")
    play.__doc__ = " ".join(scenario.__doc__ for scenario in scenarios)
    return play


STORES_OF_NODES = [case(f"on_nodes_over_{name}", of_a_view(target_away), functools.partial(Case.on_nodes, store=store))
                   for name, store in (("dir", "dir"), ("postgres", "postgresql"), ("kafka", "kafka"))]
ON_BOTH = [case(f"{name}_on_{where}", scenario, begin)
           for name, scenario in (("losses", of_a_view(losses)), ("source_away", source_away), ("spool_full", spool_full), ("restarts", restarts))
           for where, begin in (("run", Case.run), ("nodes", Case.on_nodes))]
CASES = [case("on_run", of_a_view(target_away, target_hangs), Case.run), away_from_the_start, *STORES_OF_NODES, silent_beside_another_node, *ON_BOTH,
         state_disk_hangs, state_disk_full, command_that_waits]

if __name__ == "__main__":
    main_of_cases(CASES, Case, __doc__)

"""The rows about four topologies on three nodes that take over from one which is killed: of the one that leads the cluster, or of another."""
import collections
import contextlib
import json
import os
import statistics
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from urllib.parse import urlsplit

from table.harness import need
from table.nodes import Nodes, median, new_lines
from table.running import wait_for
from table.servers import ran

Death = collections.namedtuple("Death", "silence gaps actors")


class Answers(threading.Thread):
    """Asks a node again and again for the cluster's topologies; notes when an answer came."""

    def __init__(self, folder):
        super().__init__(daemon=True)
        self.request = urllib.request.Request(f"{(folder / 'http').read_text().strip()}/api/v1/topologies",
                                              headers={"Authorization": "Bearer " + (folder / "token").read_text().strip()})
        self.came, self.ends = [], threading.Event()
        self.start()

    def run(self):
        while not self.ends.wait(0.02):
            try:
                with urllib.request.urlopen(self.request, timeout=30) as answer:
                    answer.read()
                self.came.append(time.monotonic())
            except (urllib.error.HTTPError, OSError):
                pass

    def longest_silence(self, since):
        times = [t for t in self.came if t >= since - 1]
        return max(b - a for a, b in zip(times, times[1:] + [time.monotonic()]))


class Rows:
    """The rows of one topology: when a row of each key came. Their reader calls `note`."""
    KEYS = 10

    def __init__(self):
        self.came = collections.defaultdict(list)

    def note(self, keys):
        now = time.monotonic()
        for key in keys:
            self.came[key].append(now)

    def look(self):
        pass

    def end(self):
        pass

    def since(self, when):
        """Returns whether each key has had a row since then."""
        return len(self.came) >= self.KEYS and all(times[-1] > when for times in self.came.values())

    def longest_gap(self, since):
        """Returns the wait of the key that has waited longest, less its usual time between rows."""
        def gap(times):
            usual = statistics.median(b - a for a, b in zip(times, times[1:]) if b < since)
            return max(b - a for a, b in zip(times, times[1:]) if b > since) - usual
        return max(gap(times) for times in self.came.values())


class FileRows(Rows):
    """Rows of a file on the node that is never killed."""

    def __init__(self, path):
        super().__init__()
        self.path, self.read = path, 0
        self.sink = {"sink": "file", "path": str(path), "format": "csv", "fsync": False, "node": "c"}

    def look(self):
        if not self.path.exists() or self.path.stat().st_size == self.read:
            return
        lines, self.read = new_lines(self.path, self.read)
        self.note({line.partition(",")[0] for line in lines} - {"k"})


class ToolRows(Rows):
    """Rows of a server, as a tool beside it says on its standard output."""

    def __init__(self):
        super().__init__()
        self.process, self.ends = None, threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.ends.is_set():
            self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            with self.process:
                self.read(self.process)
            time.sleep(0.2)

    def end(self):
        self.ends.set()
        if self.process:
            self.process.kill()
        self.thread.join()


class TopicRows(ToolRows):
    """Rows of a topic that the sink makes; any node may have the sink."""

    def __init__(self, brokers, topic):
        self.sink = {"sink": "kafka", "brokers": brokers, "topic": topic, "create": {}}
        self.command = ["kcat", "-C", "-u", "-q", "-b", brokers, "-t", topic, "-o", "beginning", "-X", "isolation.level=read_committed",
                        "-X", "fetch.wait.max.ms=10", "-f", "%s\\n"]
        super().__init__()

    def read(self, process):
        for line in process.stdout:
            self.note([json.loads(line)["k"]])


class TableRows(ToolRows):
    """Rows of a table that the sink makes; any node may have the sink."""

    def __init__(self, url, table):
        self.table, self.counts = table, {}
        self.sink = {"sink": "sql", "connection": url, "table": table, "create": True}
        self.command = ["psql", "-X", "-q", "-A", "-t", url]
        super().__init__()

    def read(self, process):
        while not self.ends.wait(0.02):
            process.stdin.write(f"select k, count(*) from {self.table} group by k;\n\\echo .\n")
            process.stdin.flush()
            now = {}
            for line in iter(process.stdout.readline, ".\n"):
                if not line:
                    return
                key, _, count = line.strip().partition("|")
                now[key] = int(count)
            self.note([key for key, count in now.items() if count != self.counts.get(key)])
            self.counts = now


class Four:
    """Four topologies whose sources and windows any node can run, with 400 records a second each. Two nodes may lead; the files are on a third."""
    TOPOLOGIES, RATE, TICK = 4, 400, 2  # a tick is due 200 ms after each kill
    SINKS = ["rows", "rows", "all_rows", "each_row"]  # actors are dealt out by their names: one of these begins at each node that is killed

    def __init__(self, nodes, folder):
        self.nodes, self.folder, self.rows = nodes, folder, []
        for i in range(self.TOPOLOGIES):
            self.rows.append(self.rows_of(i))
            window = {"size": "500 ms"} if i % 2 == 0 else {"size": "10 s", "emit": "updates", "every": f"{self.TICK} s"}
            nodes.apply({
                "millrace": 1, "topology": f"bench{i}", "commit_every": "50 ms",
                "stages": {"clicks": {"source": "generator", "kind": "clicks", "rate": f"{self.RATE}/s"},
                           "parsed": {"parser": "json", "from": "clicks", "event_time": "_timestamp", "schema": {"userid": "text"}},
                           "keyed": {"transform": "select", "from": "parsed", "columns": {"k": "substr(userid, 6, 1)"}},
                           "counts": {"window": "tumbling", "from": "keyed", "key": ["k"], "aggregates": {"n": "count(*)"}, "shards": 3, **window},
                           self.SINKS[i]: {**self.rows[-1].sink, "from": "counts", "columns": {"k": "k", "n": "n"}}}}, by="c")
        self.answers = Answers(folder / "c")

    def rows_of(self, i):
        """The rows of two go to the store if it is a server, by sinks that any node can have."""
        kind, _, where = self.nodes.store.partition(":")
        if i < 2 or kind == "dir":
            return FileRows(self.folder / f"rows{i}.csv")
        if kind == "kafka":
            brokers, _, topic = where.partition("/")
            return TopicRows(brokers, f"{topic}-rows{i}")
        return TableRows(self.nodes.store, f"rows{i}")

    def end(self):
        self.answers.ends.set()
        for rows in self.rows:
            rows.end()

    def leader(self):
        return next(n["name"] for n in json.loads(self.nodes.ask("nodes", "--json", by="c")) if n["coordinator"])

    def wait_for_rows(self, since, what):
        def all_have():
            for rows in self.rows:
                rows.look()
            return all(rows.since(since) for rows in self.rows)
        wait_for(all_have, 60, what, 0.005)

    def watch(self, seconds):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for rows in self.rows:
                rows.look()
            time.sleep(0.005)

    def kill(self, leads):
        """Kills the node that leads, or the other one that could: how long nobody answered, the longest gap of each topology's rows, and what ran
        there. The node is started again after that."""
        self.wait_for_rows(time.monotonic(), "rows of each key of each topology")
        self.watch(8)
        leader = self.leader()
        victim = leader if leads else next(n for n in ("a", "b") if n != leader)
        had = self.nodes.actors(by="c")[victim]
        self.watch((-time.time() - 0.2) % self.TICK)
        killed = time.monotonic()
        self.nodes.kill(victim)
        self.watch(1)
        self.wait_for_rows(time.monotonic(), f"rows behind the death of node {victim}")
        self.watch(2 * self.TICK)
        found = Death(self.answers.longest_silence(killed), [rows.longest_gap(killed) for rows in self.rows], had)
        self.nodes.start(victim)
        return found


@contextlib.contextmanager
def store_of(kind, folder):
    """Returns the place of chains in a store of this kind that is this run's alone."""
    name = f"bench_takeover_{os.getpid()}_{time.monotonic_ns()}"
    if kind == "kafka":
        yield f"kafka:{need('KAFKA_BROKERS', 'kafka')}/{name}"
    elif kind == "postgresql":
        server = need("POSTGRES_URL", "postgres")
        ran(["psql", "-X", "-q", "-c", f"create database {name}", server])
        try:
            yield urlsplit(server)._replace(path=f"/{name}").geturl()
        finally:
            ran(["psql", "-X", "-q", "-c", f"drop database {name} with (force)", server])
    else:
        yield f"dir:{folder}/store"


def takeover(kind, leads, target):
    """The row of one kind of store, and of the node that leads or of another one."""
    def row(bench):
        gaps, silences, had = [], [], []
        for i in range(bench.rounds):
            folder = bench.folder("takeover")
            with store_of(kind, folder) as store, Nodes(bench, folder, ("a", "b", "c"), store=store, may_lead=("a", "b")) as nodes:
                four = Four(nodes, folder)
                try:
                    death = four.kill(leads)
                finally:
                    four.end()
            gaps.append(max(death.gaps))
            silences.append(death.silence)
            had.append(len(death.actors))
            print(f"    round {i + 1} of {bench.rounds}: {gaps[-1]:.2f} s without rows, {silences[-1]:.2f} without an answer",
                  file=sys.stderr, flush=True)
        return median(gaps, "s", target, f"four topologies of {Four.RATE} records a second, {min(had)} to {max(had)} actors there; "
                                         f"no answer for {statistics.median(silences):.2f} s, {max(silences):.2f} at most")
    which = "the node that leads" if leads else "a node that does not lead"
    row.__doc__ = f"kill -9 of {which}, store {kind}: the longest time without a row of a key, less the usual one"
    return row


ROWS = {f"takeover_{kind}": takeover(kind, True, 3) for kind in ("dir", "postgresql", "kafka")}
ROWS |= {f"takeover_{kind}_other": takeover(kind, False, 1.5) for kind in ("dir", "postgresql", "kafka")}

"""The rows about looking inside: how soon a busy run answers, what the answers cost, and whether rows come later for them."""
import http.client
import statistics
import subprocess
import threading
import time
from pathlib import Path

from table.harness import Failed, Row
from table.running import measure, tail_of, wait_for

TOPOLOGY = "/api/v1/topologies/bench"
# Asks each second what the page's graph, stage and "why silent?" and the console's live screen ask.
OPEN = ["/api/v1/topologies", "/api/v1/nodes", f"{TOPOLOGY}/graph", f"{TOPOLOGY}/figures", f"{TOPOLOGY}/stages/counts",
        f"{TOPOLOGY}/stages/counts/explain", f"{TOPOLOGY}/stages/rows/explain", f"{TOPOLOGY}/ledger", "/metrics"]
WITH_TOKEN = [f"{TOPOLOGY}/stages/counts/state?key=7"]


class Attached(threading.Thread):
    """A page and a console: asks everything once a second, over one connection, and keeps how long each answer took."""

    def __init__(self, port, token=None):
        super().__init__(daemon=True)
        self.port, self.token, self.took, self.wrong, self.over = port, token, {}, [], threading.Event()

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        while not self.over.is_set():
            for path in OPEN + (WITH_TOKEN if self.token else []):
                began = time.monotonic()
                try:
                    connection.request("GET", path, headers={"Authorization": f"Bearer {self.token}"} if path in WITH_TOKEN else {})
                    answer = connection.getresponse()
                    answer.read()
                    if answer.status != 200:
                        self.wrong.append(f"{path}: {answer.status}")
                except (OSError, http.client.HTTPException) as e:
                    self.wrong.append(f"{path}: {e}")
                    connection.close()
                self.took.setdefault(path.partition("?")[0].rpartition("/")[2], []).append((time.monotonic() - began) * 1e3)
            self.over.wait(1)
        connection.close()

    def end(self):
        """Times of answers, in ms, by what was asked."""
        self.over.set()
        self.join()
        if self.wrong:
            raise Failed(f"{len(self.wrong)} answers are wrong, the first is {self.wrong[0]}")
        return self.took


def p99(values):
    return sorted(values)[min(len(values) - 1, len(values) * 99 // 100)]


def topology(out, **source):
    return {"millrace": 1, "topology": "bench", "stages": {
        "clicks": {"source": "generator", "kind": "clicks", **source},
        "parsed": {"parser": "json", "from": "clicks", "event_time": "timestamp", "schema": {"userid": "text", "timestamp": "timestamp"}},
        "counts": {"window": "tumbling", "size": "1 minute", "from": "parsed", "key": ["userid"], "aggregates": {"n": "count(*)"}},
        "rows": {"sink": "file", "from": "counts", "path": str(out)}}}


class Looked:
    """A run with --http."""

    def __init__(self, bench, plan, threads):
        self.folder, self.port = bench.folder("inside"), bench.free_port()
        command = bench.start(plan(self.folder / "rows.jsonl"), self.folder, "--http", f"127.0.0.1:{self.port}", threads=threads)
        self.process = subprocess.Popen([str(c) for c in command], stdout=subprocess.DEVNULL)
        wait_for(lambda: bench.metric(self.port, "millrace_records_total") > 0 or self.process.poll() is not None, 60, "its records")

    def token(self):
        return (self.folder / "state" / "token").read_text().strip()

    def cpu(self):
        """Seconds up to now, of all its threads; none of them ends while it is looked at."""
        threads = Path(f"/proc/{self.process.pid}/task").iterdir()
        return sum(int((t / "schedstat").read_text().split()[0]) for t in threads) / 1e9

    def end(self):
        self.process.terminate()
        self.process.wait()


def inside_answers(bench):
    """a page and a console ask a run under full load on all cores, p99 of all answers"""
    run = Looked(bench, lambda out: topology(out), threads=2)
    try:
        client = Attached(run.port, run.token())
        client.start()
        before, began = bench.metric(run.port, "millrace_records_total"), time.monotonic()
        time.sleep(bench.seconds)
        rate = (bench.metric(run.port, "millrace_records_total") - before) / (time.monotonic() - began)
        took = client.end()
    finally:
        run.end()
    every = [t for one in took.values() for t in one]
    return Row(p99(every), None, "ms", 100, False, f"at {rate / 1e6:.2f} million records/s; p50 {statistics.median(every):.1f}; p99 by answer: "
               + ", ".join(f"{name} {p99(t):.1f}" for name, t in sorted(took.items())), n=len(every))


def inside_cpu(bench):
    """The cost of a page and a console to a run of 1,000 records/s, in percent of one core"""
    run = Looked(bench, lambda out: topology(out, rate="1000/s"), threads=1)
    each = []
    try:
        for _ in range(bench.rounds):
            spent = []
            for is_attached in (False, True):
                client = Attached(run.port, run.token()) if is_attached else None
                if client:
                    client.start()
                before, began = run.cpu(), time.monotonic()
                time.sleep(max(2, bench.seconds / 10))
                spent.append((run.cpu() - before) / (time.monotonic() - began) * 100)
                if client:
                    client.end()
            each.append((spent[1] - spent[0], *spent))
    finally:
        run.end()
    more, alone, watched = sorted(each)[len(each) // 2]
    return Row(more, (min(each)[0], max(each)[0]), "%", 1, False, f"alone {alone:.2f} %, looked at {watched:.2f} %", n=len(each))


def inside_latency(bench):
    """p99 latency of windows of 50 ms at 100 k records/s with a page and a console attached, beside without"""
    place = bench.work / "followed.jsonl"
    source = {"source": "file", "path": str(place), "follow": True}
    pairs, last = [], {}
    for _ in range(max(1, bench.rounds // 2)):
        for is_attached in (False, True):
            port = bench.free_port()
            clients = []

            def attach(port=port, is_attached=is_attached, clients=clients):
                if is_attached:
                    clients.append(Attached(port))
                    clients[0].start()
            last[is_attached] = measure(bench, source, ("file", place), False, ("--http", f"127.0.0.1:{port}"), attach)
            for client in clients:
                client.end()
            bench.drop(place)
        pairs.append((last[False]["p99_ms"], last[True]["p99_ms"]))
    each = sorted(a / b for a, b in pairs)
    return Row(statistics.median(each), (each[0], each[-1]), "", 0.9, True,
               f"alone p50 {last[False]['p50_ms']:.2f}, {tail_of(last[False])}; looked at p50 {last[True]['p50_ms']:.2f}, {tail_of(last[True])}", n=len(each))

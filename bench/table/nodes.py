"""The rows about a topology that runs over several nodes: what that costs, and how long a kill, a drain and a join are felt."""
import collections
import json
import os
import signal
import statistics
import subprocess
import threading
import time

from table.counting import PARSED
from table.harness import Failed, Row, cpu_of, memory_of, need, ratio
from table.running import OpenWindows, tail, wait_for


def new_lines(path, begin):
    """The whole lines of a growing file from that byte on, and the byte after them."""
    with open(path, "rb") as file:
        file.seek(begin)
        text = file.read()
    whole = text[:text.rfind(b"\n") + 1]
    return whole.decode().splitlines(), begin + len(whole)


class Nodes:
    """A cluster on loopback, whose store is in its folder if none is given. The first node founds it, and is asked where no other is named."""

    def __init__(self, bench, folder, names, threads=1, store=None, may_lead=(), log_level="error"):
        self.bench, self.folder, self.threads, self.store = bench, folder, threads, store or f"dir:{folder}/store"
        self.may_lead, self.log_level, self.is_founded = {names[0], *may_lead}, log_level, False
        self.ports = {name: bench.free_port() for name in names}
        self.running = {}
        try:
            for name in names:
                self.start(name)
        except BaseException:
            self.end()
            raise

    def start(self, name):
        others = ",".join(f"127.0.0.1:{port}" for other, port in self.ports.items() if other != name)
        command = [self.bench.binary, "node", "--name", name, "--store", self.store, "--listen", f"127.0.0.1:{self.ports[name]}",
                   "--state", self.folder / name, "--threads", self.threads, "--log-level", self.log_level,
                   *(["--coordinator"] if name in self.may_lead else []), *(["--join", others] if self.is_founded else [])]
        out = open(self.folder / f"{name}.out", "wb+")
        with open(self.folder / f"{name}.err", "ab") as err:
            self.running[name] = subprocess.Popen([str(c) for c in command], stdout=out, stderr=err)
        self.is_founded = True
        wait_for(lambda: os.pread(out.fileno(), 5, 0) == b"ready" or self.running[name].poll() is not None, 60, f"node {name}")
        out.close()

    def ask(self, *arguments, by=None):
        by = by or next(iter(self.ports))
        return subprocess.run([str(self.bench.binary), *map(str, arguments), "--connect", (self.folder / by / "http").read_text().strip(),
                               "--token", str(self.folder / by / "token")], check=True, capture_output=True, text=True).stdout

    def apply(self, topology, by=None):
        file = self.folder / "topology.json"
        file.write_text(json.dumps(topology))
        self.ask("apply", file, by=by)

    def cpu(self):
        """Seconds of all nodes' processors up to now."""
        return sum(cpu_of(process.pid) for process in self.running.values())

    def actors(self, by=None):
        return {n["name"]: n["actors"] for n in json.loads(self.ask("nodes", "--json", by=by))}

    def metric(self, name):
        """Sums up all nodes, as their own pages show them."""
        return sum(self.bench.metric(int((self.folder / n / "http").read_text().rpartition(":")[2]), name) for n in self.running)

    def memory_mb(self, name):
        return memory_of(self.running[name].pid)

    def kill(self, name):
        self.running[name].send_signal(signal.SIGKILL)
        self.running.pop(name).wait()

    def end(self):
        for process in self.running.values():
            process.kill()
            process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()


def clicks_topology(source, path, **more):
    return {"millrace": 1, "topology": "bench", **more,
            "stages": {"clicks": source,
                       "parsed": {"parser": "json", "from": "clicks", "event_time": "_timestamp", "schema": {"userid": "text"}},
                       "counts": {"window": "tumbling", "size": "1 s", "from": "parsed", "key": ["userid"],
                                  "aggregates": {"n": "count(*)"}, "shards": 2},
                       "rows": {"sink": "file", "from": "counts", "path": str(path), "fsync": False,
                                "columns": {"n": "n"}}}}


def counted(path):
    return sum(json.loads(line)["n"] for line in path.read_text().splitlines())


def cpu_of_two(bench, folder, topology, store=None):
    """CPU-seconds of two nodes of one thread for a bounded topology."""
    with Nodes(bench, folder, ("a", "b"), store=store) as nodes:
        before = nodes.cpu()
        nodes.apply(topology)
        nodes.ask("wait", "bench")
        return nodes.cpu() - before


def cpu_ratio(bench, theirs, ours, target):
    """Each gives the CPU-seconds for so many clicks."""
    pairs = bench.in_turn(*(lambda use=use: bench.marginal(use, figure=lambda u: u)[0] for use in (theirs, ours)))
    return ratio(pairs, target, f"{statistics.mean(p[0] for p in pairs):.2f} and {statistics.mean(p[1] for p in pairs):.2f} CPU-s a million")


def median(values, unit, target, more):
    """The row of what is to be at most the target."""
    values = sorted(values)
    return Row(values[len(values) // 2], (values[0], values[-1]), unit, target, False, more, n=len(values))


def nodes_cpu(bench):
    """two nodes of one thread against one process of two threads, generated clicks: its CPU over theirs"""
    def topology(count, folder):
        return clicks_topology({"source": "generator", "kind": "clicks", "count": count}, folder / "rows.jsonl")

    def alone(count):
        folder = bench.folder("nodes-alone")
        used = bench.run(topology(count, folder), folder, threads=2)
        if counted(folder / "rows.jsonl") != count:
            raise Failed(f"one process counts {counted(folder / 'rows.jsonl')} of {count} clicks")
        return used.cpu

    def over_nodes(count):
        folder = bench.folder("nodes")
        used = cpu_of_two(bench, folder, topology(count, folder))
        if counted(folder / "rows.jsonl") != count:
            raise Failed(f"two nodes count {counted(folder / 'rows.jsonl')} of {count} clicks")
        return used
    return cpu_ratio(bench, alone, over_nodes, 0.85)


class Felt:
    """A topology whose every user has a click in each window of 100 ms, fed at that pace; when each row came is noted."""
    USERS, WINDOW = 64, 0.1

    def __init__(self, bench, nodes, folder):
        self.lines, self.rows, self.nodes = folder / "in.jsonl", folder / "rows.csv", nodes
        self.lines.touch()
        self.given, self.read, self.came = 0, 0, collections.defaultdict(list)  # keyed by user: (window, when)
        plan = clicks_topology({"source": "file", "path": str(self.lines), "follow": True}, self.rows, commit_every="10 ms", snapshot_every="200 ms")
        plan["stages"]["parsed"] |= {"event_time": "at", "schema": {"userid": "text", "at": {"type": "timestamp", "format": "epoch_ms"}}}
        plan["stages"]["counts"] |= {"size": "100 ms", "shards": 6}
        plan["stages"]["rows"] |= {"format": "csv", "columns": {"s": "extract(epoch from window_start)", "userid": "userid", "n": "n"}}
        nodes.apply(plan)

    def feed(self, seconds, then=None, at=None):
        """Feeds for so long; calls `then` once, `at` seconds from now, beside it."""
        began = time.monotonic()
        acting = threading.Timer(at, then) if then else None
        if acting:
            acting.start()
        while time.monotonic() - began < seconds:
            with open(self.lines, "a") as out:
                for user in range(self.USERS):
                    out.write('{"userid":"u%d","at":%d}\n' % (user, 1_700_000_000_000 + self.given * 100))
            self.given += 1
            due = time.monotonic() + self.WINDOW
            while time.monotonic() < due:
                self.look()
                time.sleep(0.002)
        if acting:
            acting.join()

    def look(self):
        if not self.rows.exists() or self.rows.stat().st_size == self.read:
            return
        lines, self.read = new_lines(self.rows, self.read)
        now = time.monotonic()
        for line in lines:
            if line.startswith("s,"):
                continue
            start, user, n = line.split(",")
            if n != "1":
                raise Failed(f"a row counts {n} clicks of {user}, expected one")
            self.came[user].append((round((float(start) - 1_700_000_000) * 10), now))

    def finish(self):
        wait_for(lambda: self.look() or all(len(self.came[f"u{u}"]) >= self.given - 1 for u in range(self.USERS)), 60, "every user's rows")
        for user, rows in self.came.items():
            if [w for w, _ in rows] != list(range(len(rows))):
                raise Failed(f"the windows of {user} are not each there once and in order")

    def longest_gaps(self, since):
        """The longest time without a row that each user has felt from then on, ascending."""
        def gap(rows):
            times = [t for _, t in rows if t >= since]
            return max(b - a for a, b in zip(times, times[1:]))
        return sorted(gap(rows) for rows in self.came.values())


def felt(bench, names, act):
    """Runs the topology over these nodes, and `act(nodes)` amid it; yields the longest gaps, and how many shards `act` says it concerned."""
    for _ in range(bench.rounds):
        folder = bench.folder("felt")
        with Nodes(bench, folder, names) as nodes:
            f = Felt(bench, nodes, folder)
            f.feed(4)
            noted = {}

            def then():
                noted["concerned"] = act(nodes)
            since = time.monotonic()
            f.feed(9, then, 1)
            f.finish()
            yield f.longest_gaps(since), noted["concerned"]


def nodes_store(bench):
    """two nodes, `snapshot_every` 1 s, windows of ten minutes: CPU with the store `dir:` over that with `kafka:`"""
    brokers = need("KAFKA_BROKERS", "kafka")

    def over(store, count):
        folder = bench.folder("nodes-store")
        plan = clicks_topology({"source": "generator", "kind": "clicks", "count": count}, folder / "rows.jsonl", snapshot_every="1 s")
        plan["stages"]["counts"]["size"] = "10 minutes"
        return cpu_of_two(bench, folder, plan, store)
    return cpu_ratio(bench, lambda n: over(None, n), lambda n: over(f"kafka:{brokers}/bench-store-{os.getpid()}-{time.monotonic_ns()}", n), 0.9)


def nodes_still(bench):
    """a peer stands still while 200,000 records a second are read: how much the other node's memory grows in the 2 s until it is taken for dead"""
    grown = []
    for _ in range(bench.rounds):
        folder = bench.folder("nodes-still")
        with Nodes(bench, folder, ("a", "b")) as nodes:
            plan = clicks_topology({"source": "file", "path": str(bench.clicks(3_000_000)), "rate": "200000/s"}, folder / "rows.jsonl")
            plan["stages"]["parsed"] = PARSED
            nodes.apply(plan)
            time.sleep(5)
            usual = max(nodes.memory_mb("a") for _ in range(5) if not time.sleep(0.2))
            nodes.running["b"].send_signal(signal.SIGSTOP)
            until, most = time.monotonic() + 2, usual
            while time.monotonic() < until:
                most = max(most, nodes.memory_mb("a"))
                time.sleep(0.02)
            grown.append(most - usual)
    return median(grown, "MB", 16, f"from {usual:.0f} MB; what lanes keep for their receivers is in it")


def nodes_recovery(bench):
    """kill -9 of one of three nodes to the last row of a window, 1 M keys of state"""
    folder = bench.folder("nodes-recovery")
    state = OpenWindows(folder, 6)
    rows, first, whole, had = state.rows, [], [], []
    with Nodes(bench, folder, ("a", "b", "c")) as nodes:
        nodes.apply(state.plan)
        for i in range(min(bench.rounds, 2)):  # a third death within ten minutes fails the topology
            wait_for(lambda: nodes.metric("millrace_keys") >= state.keys(i), 300, "the million keys")
            time.sleep(3)  # all state is in snapshots
            shards = {name: len(shards_of(actors)) for name, actors in nodes.actors().items()}
            victim = max(("b", "c"), key=shards.get)
            had.append(shards[victim])
            seen = rows.stat().st_size if rows.exists() else 0
            begun = time.monotonic()
            nodes.kill(victim)
            state.close(i)
            wait_for(lambda: rows.exists() and rows.stat().st_size > seen, 60, "the next rows", 0.002)
            first.append(time.monotonic() - begun)
            wait_for(lambda: tail(rows, seen).count(b"\n") >= state.USERS + (seen == 0), 60, "the window's other rows", 0.01)
            whole.append(time.monotonic() - begun)
            found = [line for line in tail(rows, seen).decode().splitlines() if not line.startswith("e,")]
            if sorted(found) != state.rows_of(i):
                raise Failed(f"behind the kill came {found[:3]}, expected {state.rows_of(i)[:3]}")
            nodes.start(victim)
    return median(whole, "s", 3, f"{state.keys(0)} keys in {state.WINDOWS} windows, 6 shards, {min(had)} to {max(had)} of them there; "
                                 f"the first row after {min(first):.2f} to {max(first):.2f} s")


def shards_of(actors):
    return [a for a in actors if "/counts/" in a]


def nodes_kill(bench):
    """kill -9 of one of three nodes: the longest time without a row of a shard that it had, in all"""
    def kill(nodes):
        had = shards_of(nodes.actors()["c"])
        nodes.kill("c")
        return had
    others, own = [], []
    for gaps, had in felt(bench, ("a", "b", "c"), kill):
        hit = round(Felt.USERS * len(had) / 6)
        own.append(gaps[-1])
        others.append(gaps[max(0, Felt.USERS - 2 * hit - 1)])
    return median(own, "s", 3, f"users of other shards, the slower ones left out: {1000 * sorted(others)[len(others) // 2]:.0f} ms "
                               "(wanted 100 beside the 100 of the window)")


def nodes_drain(bench):
    """a node is drained under load: the longest time without a row"""
    def drain(nodes):
        nodes.ask("drain", "c")
    return median([1000 * g[-1] for g, _ in felt(bench, ("a", "b", "c"), drain)], "ms", 400, "100 ms of them are the window's")


def nodes_join(bench):
    """a node joins under load: the longest time without a row"""
    def join(nodes):
        nodes.ports["c"] = bench.free_port()
        nodes.start("c")
    return median([1000 * g[-1] for g, _ in felt(bench, ("a", "b"), join)], "ms", 400, "100 ms of them are the window's")

"""The common part of the jobs: peers started by Java, rows judged by DuckDB, and sides that run in turn."""
import dataclasses
import os
import statistics
import subprocess
import sys
import textwrap
import time
from pathlib import Path

from jars import PEERS, ROOT, verified
from server import Failure, Missing, program
from table.harness import Bench, Failed, Skipped

HERE = Path(__file__).resolve().parent
# The packages of java.base that a peer reaches into on Java 17; spark-submit and Flink's scripts say likewise.
OPENED = {
    "flink": ("java.lang", "java.lang.invoke", "java.lang.reflect", "java.net", "java.io", "java.time", "java.util",
              "java.util.concurrent"),
    "kafka-streams": (),
    "spark": ("java.lang", "java.lang.invoke", "java.lang.reflect", "java.io", "java.net", "java.nio", "java.util", "java.util.concurrent",
              "java.util.concurrent.atomic", "sun.nio.ch", "sun.nio.cs", "sun.security.action", "sun.util.calendar"),
}
HEAP = "-Xmx2g"


class Peers(Bench):
    """A Bench that runs peers, too. `duckdb`: the Python that has it."""

    def __init__(self, options, work):
        super().__init__(options, work)
        self.kills = options.kills
        self.classpaths, self.lacking, self.topics = {}, {}, set()
        for name in ("measured", "clicks_bench_data", "passage_bench"):
            if not self.tool(name).exists():
                raise Failure(f"{self.tool(name)} is missing; remedy: ninja -C {options.build} millrace bench/{name}", 2)
        judge = subprocess.run([ROOT / "tools" / "duckdb_peer"], stdout=subprocess.PIPE, text=True, check=False)
        if judge.returncode:
            raise Missing("SKIPPED: DuckDB, which judges the rows, cannot be had here", 77)
        self.duckdb = judge.stdout.strip()

    def java(self, peer, main, *arguments):
        """The command that runs a class of bench/peers/java with a peer's jars. They are compiled at the first call."""
        if peer in self.lacking:
            raise Skipped(self.lacking[peer])
        if peer not in self.classpaths:
            try:
                jars = verified(peer)[0]
                program("javac", "openjdk-17-jdk-headless")
            except Missing as e:
                self.lacking[peer] = str(e)
                raise Skipped(str(e)) from e
            sources, classes = HERE / "java" / peer.replace("-", "_"), self.work / f"classes-{peer}"
            subprocess.run(["javac", "-nowarn", "-cp", f"{jars}/*", "-d", classes, *(HERE / "java" / "common").glob("*.java"),
                            *sources.glob("*.java")], check=True)
            self.classpaths[peer] = f"{classes}:{sources}:{jars}/*"
        opened = [f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in OPENED[peer]]
        return ["java", HEAP, "-XX:+UseSerialGC", f"-Dpeers.checkpoints={self.work / 'checkpoints'}", *opened, "-cp", self.classpaths[peer],
                f"peers.{main}", *arguments]

    def peer(self, folder, *command):
        """Runs a class as `java` says, for an hour at most; where it fails, the error tells the end of what it said."""
        log = folder / "stderr"
        with open(log, "wb") as said:
            try:
                return self.measured(self.java(*command), at_most="1h", stderr=said)
            except Failed as e:
                raise Failed(f"{e}; {log.read_text(errors='replace')[-1500:].strip()}") from e

    def judge(self, query, records, rows):
        """The number of rows in the CSV files `rows` (a glob); raises Failed where they are not DuckDB's for that query."""
        said = subprocess.run([self.duckdb, HERE / "judge.py", query, records, rows, self.work], stdout=subprocess.PIPE, text=True,
                              check=True)
        if not said.stdout.startswith("equal "):
            raise Failed(said.stdout.strip())
        return int(said.stdout.split()[1])


@dataclasses.dataclass
class Side:
    """One way to do a job. `run(n)` does it with n records, and gives a Usage and the glob of its rows; `peer`: whose jars it needs."""
    name: str
    peer: str
    settings: str
    run: object


@dataclasses.dataclass
class Figures:
    cpu: list  # CPU-seconds a million records of each round, marginal
    rate: list  # records a second by the wall clock, marginal
    wall: float  # seconds of the last run with the larger input
    rss: float
    rows: int


def ranged(each):
    return f"{statistics.median(each):.2f} ({min(each):.2f} to {max(each):.2f})"


class Turns:
    """Runs the sides in turn: millrace, which is the first, then each peer; `turn(side)` keeps what it measured in `found`."""

    def __init__(self, bench, name, title, sides):
        self.bench, self.name, self.title, self.sides = bench, name, title, sides
        self.found, self.skipped, self.failed = {}, {}, {}
        self.copied = []

    def run(self):
        for turn in range(self.bench.rounds):
            for side in self.sides:
                if side.name in self.skipped or side.name in self.failed:
                    continue
                self.copied.append(copy_speed())
                try:
                    self.turn(side)
                except Skipped as e:
                    self.skipped[side.name] = str(e)
                    print(f"SKIPPED {self.name}, {side.name}: {e}", file=sys.stderr, flush=True)
                except (Failed, OSError, subprocess.SubprocessError) as e:
                    self.failed[side.name] = str(e)
                    self.found.pop(side.name, None)
                    print(f"FAILED {self.name}, {side.name}: {e}", file=sys.stderr, flush=True)

    def tell(self, side, figures):
        print(f"    {side.name}: {figures}", file=sys.stderr, flush=True)

    def block(self, sizes):
        """The lines of the report: heading, when and how the job ran, table."""
        yield f"\n### {self.name}: {self.title}\n"
        slow, quick = min(self.copied), max(self.copied)
        yield from textwrap.wrap(f"{today()}, commit {commit()}, {machine()}, `{sizes} --only {self.name}`. Before each run memory was "
                                 f"copied at {slow:.1f} to {quick:.1f} GB/s.", 120, break_on_hyphens=False)
        yield ""
        yield from self.table()


class Job(Turns):
    """A job over an input that ends: each turn is a run with the smaller input, and one with the larger."""

    def __init__(self, bench, name, title, sides, query, records, large, small):
        super().__init__(bench, name, title, sides)
        self.query, self.records, self.large, self.small = query, records, large, small

    def turn(self, side):
        used, rows = {}, 0
        for n in (self.small, self.large):
            used[n], path = side.run(n)
            rows = self.bench.judge(self.query, self.records(n), path)
        of = self.found.setdefault(side.name, Figures([], [], 0, 0, 0))
        less, more, extra = used[self.small], used[self.large], self.large - self.small
        of.cpu.append((more.cpu - less.cpu) * 1e6 / extra)
        of.rate.append(extra / (more.wall - less.wall))
        of.wall, of.rss, of.rows = more.wall, more.rss, rows
        self.tell(side, f"{of.cpu[-1]:.3f} CPU-s/M, {more.cpu:.1f} CPU-s in {more.wall:.1f} s, {more.rss:.0f} MB, {rows} rows, equal to DuckDB's")

    def table(self):
        ours = self.found.get(self.sides[0].name)
        if self.small < 1_000_000:
            yield "The inputs are small, and the figures hold much of what a JVM compiles at first: they show that the sides work.\n"
        yield "| who | CPU-s/M (range) | times millrace's (range) | records/s | s | peak MB | rows | settings |\n|---|---|---|---|---|---|---|---|"
        for side in self.sides:
            if side.name not in self.found:
                continue
            of = self.found[side.name]
            cpu = ranged(of.cpu)
            if min(of.cpu) <= 0:
                cpu = "the larger input took no more"
            whole = ours and len(ours.cpu) == len(of.cpu) and min(*ours.cpu, *of.cpu) > 0
            times = ranged([t / o for o, t in zip(ours.cpu, of.cpu)]) if whole else ""
            rate = f"{statistics.median(of.rate):.0f}" if min(of.rate) > 0 else "the larger input took no longer"
            yield f"| {side.name} | {cpu} | {times} | {rate} | {of.wall:.1f} | {of.rss:.0f} | {of.rows} | {side.settings} |"


def copy_speed():
    """GB that one thread copies in a second of CPU, from memory beyond the caches of most cores: machines that are shared differ."""
    size = 64 << 20
    whence, to = memoryview(bytes(size)), memoryview(bytearray(size))
    to[:] = whence
    began = time.process_time()
    to[:] = whence
    return size / (time.process_time() - began) / 1e9


def said(*command):
    return subprocess.run(command, capture_output=True, text=True, check=False)


def today():
    return time.strftime("%Y-%m-%d", time.gmtime())


def commit():
    return said("git", "-C", ROOT, "rev-parse", "--short=8", "HEAD").stdout.strip()


def machine():
    cpu = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "unknown")
    return f"{os.cpu_count()} cores of {cpu}"


def versions(bench):
    """Lines that tell what runs."""
    yield f"millrace {said(bench.binary, '--version').stdout.strip()}; " + "; ".join(f"{p.title} {p.version}" for p in PEERS.values())
    yield said("java", "-version").stderr.splitlines()[0] + f", java {HEAP} -XX:+UseSerialGC"
    yield "DuckDB " + said(bench.duckdb, "-c", "import duckdb; print(duckdb.__version__)").stdout.strip()

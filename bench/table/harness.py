"""The common part of the table's rows: generated files, runs of millrace and of what it is compared with, rounds in turn.

A row is a function of a Bench that returns a Row; it raises Skipped where a server is missing, Failed where the results
of the two sides differ.
"""
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from pathlib import Path


class Skipped(Exception):
    pass


class Failed(Exception):
    pass


class Usage:
    """The resources that one process used."""

    def __init__(self, cpu, wall, rss, out=b""):
        self.cpu, self.wall, self.rss, self.out = cpu, wall, rss, out


class Row:
    """One line of the table. `value`, the median of `n` measurements that `spread` bounds, is compared with `target`; `more` says what it
    was made of. `second`: whether a further bound is met that `more` tells."""

    def __init__(self, value, spread, unit, target, at_least, more, n=1, second=True):
        self.value, self.spread, self.unit, self.target, self.at_least, self.more = value, spread, unit, target, at_least, more
        self.n, self.second = n, second

    @property
    def met(self):
        """yes or NO; a target that lies within the measurements' range is neither."""
        if self.spread and self.spread[0] < self.target < self.spread[1]:
            return "within noise"
        return "yes" if self.second and (self.value >= self.target if self.at_least else self.value <= self.target) else "NO"


def ratio(pairs, target, more):
    """Returns, for (theirs, ours) of each round, the median of the ratios and their least and greatest."""
    each = sorted(a / b for a, b in pairs)
    return Row(statistics.median(each), (each[0], each[-1]), "", target, True, more, len(each))


def cpu_of(pid):
    """CPU-seconds that a process has used so far."""
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_of(pid, which="VmRSS"):
    """MB of a process's memory; VmHWM: at its peak."""
    with open(f"/proc/{pid}/status") as status:
        return int(status.read().partition(f"{which}:")[2].split()[0]) / 1024


def middle(values):
    return statistics.median(values)


class Bench:
    def __init__(self, options, work):
        self.build, self.work = Path(options.build).resolve(), work
        self.large, self.small, self.rounds = options.records, options.small, options.rounds
        self.sql_large, self.sql_small = options.rows, options.rows // 5
        self.seconds, self.latency_rate = options.seconds, options.latency_rate
        self.keys = options.keys
        self.binary = self.build / "millrace"

    def tool(self, name):
        return self.build / "bench" / name

    def measured(self, command, cores=None, at_most=None, **kwargs):
        """Runs the command, on the first `cores` of the cores that this process may use, and ends it after `at_most` (as timeout has it:
        "1h"). A small process starts it (bench/measured.cpp): the peak memory of a child of this one would be no less than this one's own."""
        if cores:
            few = sorted(os.sched_getaffinity(0))[:cores]
            kwargs["preexec_fn"] = lambda: os.sched_setaffinity(0, few)
        bound = ("timeout", "--foreground", at_most) if at_most else ()  # in the foreground: Ctrl-C ends the command, too
        start = time.monotonic()
        reading, writing = os.pipe()
        with open(reading) as report:
            process = subprocess.Popen([str(c) for c in (self.tool("measured"), writing, *bound, *command)], stdout=subprocess.PIPE, pass_fds=(writing,),
                                       **kwargs)
            os.close(writing)
            out, _ = process.communicate()
            wall = time.monotonic() - start
            if process.returncode != 0:
                late = at_most and process.returncode == 124
                raise Failed(f"{Path(str(command[0])).name} " + (f"took longer than {at_most}" if late else f"ended with {process.returncode}"))
            used = json.load(report)
        return Usage(used["cpu"], wall, used["rss_kb"] / 1024, out)

    def clicks(self, count, users=10_000, seed=1):
        """A file of so many clicks; made once."""
        path = self.work / f"clicks-{count}-{users}-{seed}.jsonl"
        if not path.exists():
            with open(path, "wb") as out:
                subprocess.run([self.tool("clicks_bench_data"), str(count), str(users), str(seed)], stdout=out, check=True)
        return path

    def parts(self, count, partitions):
        """The same clicks dealt out to so many files: the glob that they match."""
        folder = self.work / f"clicks-{count}-in-{partitions}"
        if not folder.exists():
            folder.mkdir()
            subprocess.run(["split", "-n", f"r/{partitions}", self.clicks(count), folder / "part-"], check=True)
        return str(folder / "part-*")

    def drop_parts(self, count, partitions):
        shutil.rmtree(self.work / f"clicks-{count}-in-{partitions}", ignore_errors=True)

    def drop(self, path):
        Path(path).unlink(missing_ok=True)

    def folder(self, name):
        """An empty folder for one run."""
        path = self.work / name
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir()
        return path

    def start(self, topology, folder, *options, threads=1, fresh=False):
        """The command that runs a topology (a dict) with its state in that folder."""
        file = folder / "topology.json"
        file.write_text(json.dumps(topology))
        return [self.binary, "run", file, "--state", folder / "state", "--threads", threads, "--log-level", "error", *options]

    def run(self, topology, folder, *options, threads=1, cores=None):
        return self.measured(self.start(topology, folder, *options, threads=threads), cores)

    def marginal(self, use, large=None, small=None, figure=lambda u: u.cpu):
        """Returns the use per million records, of the larger run less the smaller: `use(n)` runs with n records."""
        large, small = large or self.large, small or self.small
        less, more = use(small), use(large)
        return max(1e-9, figure(more) - figure(less)) * 1e6 / (large - small), more

    def free_port(self):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            return s.getsockname()[1]

    def metric(self, port, name):
        """The sum of a metric's values; 0 while nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=1) as answer:
                return sum(float(line.rsplit(b" ", 1)[1]) for line in answer.read().splitlines()
                           if line.startswith(name.encode() + b"{"))
        except OSError:
            return 0

    def in_turn(self, *sides):
        """Each side once a round; a list of tuples."""
        found = []
        for i in range(self.rounds):
            found.append(tuple(side() for side in sides))
            print(f"    round {i + 1} of {self.rounds}: " + ", ".join(f"{f:.3f}" for f in found[-1]), file=sys.stderr, flush=True)
        return found


def need(variable, service):
    value = os.environ.get(variable)
    if not value:
        raise Skipped(f'{variable} is not set; eval "$(tools/services start {service})"')
    return value

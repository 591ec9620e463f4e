"""A job that needs no server: lines of files are counted by key and second over several shards, and these counts again by group, into
files. Its rows are counted here as well, and by one `millrace run`.
"""
import collections
import random
import subprocess

from real_systems import PATIENCE, Run, Wrong, captured, check, difference, topology_file, whole_rows

FILES, KEYS, GROUPS = 3, 400, 20
START = 1_700_000_000
TOTAL = 5  # seconds of a group's window


class Counts:
    """`seconds` of input at `rate` records a second, over all files."""

    def __init__(self, folder, name, seed, seconds, rate):
        self.folder, self.name, self.rate, self.random = folder, name, rate, random.Random(seed)
        folder.mkdir()
        self.records, self.lines, self.until = 0, [0] * FILES, START
        self.counts, self.sums = collections.Counter(), collections.Counter()
        self.more(seconds)
        self.topology = self._write("cluster", rate)

    def more(self, seconds):
        """Appends to each file, after all windows of what it has."""
        begin, records = -(-self.until // TOTAL) * TOTAL, int(seconds * self.rate)
        counts, totals = collections.Counter(), collections.Counter()
        files = [open(self.folder / f"in-{p}.jsonl", "a") for p in range(FILES)]
        for i in range(records):
            key, value = int(self.random.expovariate(4 / KEYS)) % KEYS, self.random.randrange(10)
            at = begin + i // self.rate
            files[i % FILES].write(f'{{"k":"key-{key:04}","g":"group-{key % GROUPS}","v":{value},"at":{at}}}\n')
            counts[at + 1, f"group-{key % GROUPS}", f"key-{key:04}"] += 1
            totals[(at // TOTAL + 1) * TOTAL, f"group-{key % GROUPS}"] += value
        for f in files:
            f.close()
        self.records, self.until = self.records + records, begin + records // self.rate + 1
        self.lines = [n + len(range(p, records, FILES)) for p, n in enumerate(self.lines)]
        self.sums += collections.Counter({(e, g, n): 1 for (e, g), n in totals.items()})
        self.counts += collections.Counter({(e, g, k, n): 1 for (e, g, k), n in counts.items()})

    def _write(self, where, rate=None):
        (self.folder / where).mkdir()
        end = "extract(epoch from window_end)::bigint"
        schema = {"k": "text", "g": "text", "v": "bigint", "at": {"type": "timestamp", "format": "epoch_s"}}
        stages = {}
        for p in range(FILES):
            stages[f"lines{p}"] = {"source": "file", "path": f"{self.folder}/in-{p}.jsonl", **({"rate": f"{rate // FILES}/s"} if rate else {})}
            stages[f"parsed{p}"] = {"parser": "json", "from": f"lines{p}", "event_time": "at", "schema": schema}
        stages |= {
            "counts": {"window": "tumbling", "size": "1 s", "from": [f"parsed{p}" for p in range(FILES)], "key": ["g", "k"], "shards": 6,
                       "aggregates": {"n": "count(*)", "s": "sum(v)::bigint"}},
            "sums": {"window": "tumbling", "size": f"{TOTAL} s", "from": "counts", "key": ["g"], "shards": 3,
                     "aggregates": {"s": "sum(s)::bigint"}},
            "count_rows": {"sink": "file", "from": "counts", "path": f"{self.folder}/{where}/counts.jsonl",
                           "columns": {"e": end, "g": "g", "k": "k", "n": "n"}},
            "sum_rows": {"sink": "file", "from": "sums", "path": f"{self.folder}/{where}/sums.jsonl",
                         "columns": {"e": end, "g": "g", "s": "s"}}}
        return topology_file(self.folder / f"{where}.json", self.name, stages)

    def rows(self, sink, where="cluster"):
        """Whole lines: the last one may be under way."""
        return [tuple(row.values()) for row in whole_rows(self.folder / where / f"{sink}.jsonl")]

    def are_there(self):
        return len(self.rows("counts")) >= len(self.counts) and len(self.rows("sums")) >= len(self.sums)

    def compare(self, where="cluster"):
        for sink, expected in (("counts", self.counts), ("sums", self.sums)):
            apart = difference(expected, self.rows(sink, where))
            check(not apart, f"{sink} of {self.name} ({where}): {apart}")

    def compare_ledger(self, stages):
        wanted = [("counts", "out", self.records), ("sums", "out", len(self.counts)),
                  ("count_rows", "out", len(self.counts)), ("sum_rows", "out", len(self.sums))]
        for p, lines in enumerate(self.lines):
            wanted += [(f"lines{p}", "in", lines), (f"parsed{p}", "out", lines)]
        for stage, count, value in wanted:
            check(stages[stage][count] == value, f"the ledger's {count} of {stage} should be {value}: {stages[stage]}")

    def run_alone(self, millrace):
        """One process gives what was counted here."""
        done = captured(millrace, "run", str(self._write("alone")), "--state", str(self.folder / "alone" / "state"), timeout=300 * PATIENCE)
        check(done.returncode == 0, lambda: f"millrace run of {self.name}: {done.stderr[-1000:]}")
        self.compare("alone")


class Waiting:
    """`millrace wait`, from the beginning, while nodes and the lead change."""

    def __init__(self, cluster, counts, home):
        self.counts, self.report_file, self.said = counts, counts.folder / "report.json", counts.folder / "wait.err"
        with open(self.said, "wb") as err:
            self.process = subprocess.Popen(cluster.command(cluster.nodes[home], "wait", counts.name, "--report", self.report_file),
                                            stdout=subprocess.DEVNULL, stderr=err)
        Run.started.append(self.process)

    def end(self):
        try:
            status = self.process.wait(60 * PATIENCE)
        except subprocess.TimeoutExpired:
            raise Wrong(f"millrace wait does not end: {self.said.read_text()[-1000:]}") from None
        check(status == 0, lambda: f"millrace wait has ended with {status}: {self.said.read_text()[-1000:]}")

    def compare_ledger(self):
        check(self.report_file.exists(), lambda: f"millrace wait has not written its report: {self.said.read_text()[-500:]}")
        self.counts.compare_ledger(self.ledger())

    ledger = Run.ledger

    def is_whole(self):
        """It ends, with every row once and a ledger that counts all records, whoever has counted them before."""
        self.end()
        self.counts.compare()
        self.compare_ledger()


def goes_on(cluster, counts):
    """A fault of these is said at once."""
    cluster.check_alive()
    state, reason = cluster.state_of(counts.name)
    if state not in ("running", "ended"):
        raise subprocess.SubprocessError(f"the topology is {state}: {reason}")

"""The jobs that run on, from a topic to a topic: how long a record takes, and how soon rows come again after kill -9."""
import json
import os
import statistics
import subprocess
import threading
import time

from clicks import created, must_have_kcat
from sides import HERE, Side, Turns, ranged
from table.harness import Failed, cpu_of, memory_of, need
from table.running import wait_for

RATE = 20_000  # records a second, of both jobs
PARSED = {"parser": "json", "from": "records"}
REST = ('"product":"p-482913","category":217,"price":129.95,"quantity":3,"device":"mobile","ip":"10.0.17.201","premium":false,'
        '"geo":{"lat":48.21,"lon":-16.37},"note":"xxxxxxxxxxxxxxxxxxxxxxxxxx"}\n')


class Process:
    """A side's process, whose standard error goes to a log; `kill` is kill -9."""

    def __init__(self, command, log):
        self.log, self.out = log, open(log, "ab")
        self.process = subprocess.Popen([str(c) for c in command], stdout=subprocess.DEVNULL, stderr=self.out)

    def must_run(self):
        if self.process.poll() is not None:
            raise Failed(f"it ended with {self.process.returncode}; {self.said()}")

    def said(self):
        return self.log.read_text(errors="replace")[-1500:].strip()

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.out.close()


def topics(bench, brokers):
    """Two empty topics, of the records and of the rows."""
    names = [f"peers-{what}-{os.getpid()}-{time.monotonic_ns()}" for what in ("in", "out")]
    for name in names:
        created(brokers, name)
    return names


class Latency(Turns):
    """How long each record takes; a side's `run(brokers, from, to, folder)` gives its command, or None for the floor."""

    def turn(self, side):
        brokers, folder = need("KAFKA_BROKERS", "kafka"), self.bench.folder("latency")
        source, sink = topics(self.bench, brokers)
        command = side.run(brokers, source, sink, folder)
        process = Process(command, folder / "stderr") if command else None
        probe = [self.bench.tool("passage_bench"), brokers, source, sink, RATE, self.bench.seconds] + ([] if command else ["relay"])
        measured = None
        try:
            with subprocess.Popen([str(c) for c in probe], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as measured:
                measured.stdout.readline()
                before = cpu_of(process.process.pid) if process and process.process.poll() is None else 0
                figures = measured.stdout.readline()
                if not figures:
                    raise Failed(f"{measured.stderr.read().strip()}; {process.said() if process else ''}")
                found = json.loads(figures)
                found["cores"] = (cpu_of(process.process.pid) - before) / self.bench.seconds if process else 0
                found["mb"] = memory_of(process.process.pid, "VmHWM") if process else 0
        finally:
            if measured:
                measured.kill()
            if process:
                process.kill()
        self.found.setdefault(side.name, []).append(found)
        self.tell(side, f"p50 {found['p50_ms']:.2f}, p99 {found['p99_ms']:.2f}, p99.9 {found['p999_ms']:.2f} ms, "
                        f"{found['cores']:.2f} of a core, {found['mb']:.0f} MB, {found['records']} rows, each once and in order")

    def table(self):
        yield "| who | p50 ms (range) | p99 ms (range) | p99.9 ms (range) | max ms | of a core | peak MB | settings |\n|---|---|---|---|---|---|---|---|"
        for side in self.sides:
            if found := self.found.get(side.name):
                each = [ranged([f[f"{p}_ms"] for f in found]) for p in ("p50", "p99", "p999")]
                cores, mb = (statistics.median(f[what] for f in found) for what in ("cores", "mb"))
                used = f"{cores:.2f} | {mb:.0f}" if side.run is not relay else " | "
                yield f"| {side.name} | {' | '.join(each)} | {max(f['max_ms'] for f in found):.1f} | {used} | {side.settings} |"


def relay(*_):
    """The bare clients are in passage_bench itself."""


def latency(bench, name):
    need("KAFKA_BROKERS", "kafka")

    def millrace(every):
        def run(brokers, source, sink, folder):
            plan = {"millrace": 1, "topology": "passage", "commit_every": every,
                    "stages": {"records": {"source": "kafka", "brokers": brokers, "topic": source},
                               "parsed": {**PARSED, "schema": {"userid": "text", "id": "bigint", "category": "bigint"}},
                               "rows": {"sink": "kafka", "from": "parsed", "brokers": brokers, "topic": sink, "where": "category = 217",
                                        "columns": {"line": "id::text || ',' || userid"}, "value": "line"}}}
            return bench.start(plan, folder)
        return run

    def peer(which, main, kind):
        return lambda brokers, source, sink, folder: bench.java(which, main, kind, brokers, source, sink, folder / "state")

    return Latency(bench, name, f"from before a record of {RATE} a second is sent until its row is read, Kafka to Kafka", [
        Side("millrace", "", "exactly once, a transaction after the other (commit_every 0 s), --threads 1", millrace("0 s")),
        Side("millrace, default", "", "exactly once, a transaction each 100 ms, --threads 1", millrace("100 ms")),
        Side("bare clients", "", "librdkafka's consumer and producer, which ask for nothing but to arrive: no transactions", relay),
        Side("Flink DataStream", "flink", "at least once, one chain, linger 0", peer("flink", "FlinkPassage", "at_least_once")),
        Side("Flink DataStream, exactly once", "flink", "the same, a checkpoint and a transaction each 100 ms",
             peer("flink", "FlinkPassage", "exactly_once")),
        Side("Kafka Streams", "kafka-streams", "at least once, 1 thread, linger 0",
             peer("kafka-streams", "KafkaStreamsPassage", "at_least_once")),
        Side("Kafka Streams, exactly once", "kafka-streams", "exactly_once_v2, a transaction each 100 ms",
             peer("kafka-streams", "KafkaStreamsPassage", "exactly_once")),
        Side("Spark, real-time mode", "spark", "at least once, local[2]", peer("spark", "SparkPassage", "real_time")),
        Side("Spark", "spark", "at least once, local[2], micro-batches without a pause", peer("spark", "SparkPassage", "micro_batches")),
    ])


USERS, WINDOW_MS, BASE_MS = 1000, 250, 1_700_000_000_000
PER_WINDOW = RATE * WINDOW_MS // 1000


def events(bench, seconds):
    """A file with the events of so many seconds, and one that closes the last window; made once."""
    path = bench.work / f"events-{seconds}.jsonl"
    if not path.exists():
        with open(path, "w", encoding="ascii") as out:
            for n in range(seconds * RATE):
                out.write(f'{{"userid":"user{n % USERS:05}","at":{BASE_MS * 1000 + n * 1_000_000 // RATE},"id":{n},{REST}')
            out.write(f'{{"userid":"","at":{(BASE_MS + seconds * 1000) * 1000},"id":{seconds * RATE},{REST}')
    return path


class Rows:
    """The committed rows of a topic as they come, on a thread of its own: (when, the end of its window in ms) of each."""

    def __init__(self, brokers, topic, file):
        self.came = []
        self.process = subprocess.Popen(["kcat", "-b", brokers, "-C", "-q", "-u", "-t", topic, "-X", "isolation.level=read_committed"],
                                        stdout=subprocess.PIPE)
        self.thread = threading.Thread(target=self.read, args=(file,), daemon=True)
        self.thread.start()

    def read(self, file):
        with open(file, "wb") as out:
            for line in self.process.stdout:
                self.came.append((time.monotonic(), int(line.partition(b",")[0])))
                out.write(line)

    def newest(self):
        return max((end for _, end in self.came[-5000:]), default=0)

    def behind(self, count=2000):
        """How much later than the event time the last rows came, seconds: a clock of its own, so two such figures can be compared."""
        return statistics.median(when - end / 1000 for when, end in self.came[-count:])

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.thread.join()


class Recovery(Turns):
    """How soon the next rows come after kill -9 of the process, which begins again at once; `run(brokers, from, to, folder)` is its
    command. All rows are judged at the end."""
    STEADY = 6  # seconds before each kill

    def turn(self, side):
        brokers, folder = need("KAFKA_BROKERS", "kafka"), self.bench.folder("recovery")
        source, sink = topics(self.bench, brokers)
        seconds = self.bench.kills * 30
        file, wanted = events(self.bench, seconds), seconds * 1000 // WINDOW_MS * USERS
        start = lambda: Process(side.run(brokers, source, sink, folder), folder / "stderr")  # noqa: E731
        rows, process = Rows(brokers, sink, folder / "rows.csv"), start()
        load = subprocess.Popen([str(c) for c in (self.bench.binary, "load", "--file", file, "--kafka", brokers, "--topic", source, "--key", "userid",
                                                  "--rate", f"{RATE}/s", "--log-level", "error")],
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        took, level = [], []
        try:
            self.wait(process, lambda: rows.came, "the first rows")
            for _ in range(self.bench.kills):
                time.sleep(self.STEADY)
                process.must_run()
                usual = rows.behind()
                killed = time.monotonic()
                process.kill()
                process = start()
                time.sleep(0.05)  # what was committed before is read
                before = rows.newest()
                self.wait(process, lambda: rows.newest() > before, "the next rows", 0.002)
                took.append(next(when for when, end in rows.came if end > before) - killed)
                self.wait(process, lambda: rows.behind() < usual + 0.5 or len(rows.came) >= wanted, "rows as soon as before")
                level.append(time.monotonic() - killed)
            if load.wait():
                raise Failed("millrace load failed")
            self.wait(process, lambda: len(rows.came) >= wanted, "all rows")
        finally:
            load.kill()
            load.wait()
            process.kill()
            rows.stop()
        count = self.bench.judge(HERE / "recovery.sql", file, folder / "rows.csv")
        found = self.found.setdefault(side.name, {"took": [], "level": [], "rows": count})
        found["took"] += took
        found["level"] += level
        self.tell(side, f"rows again after {ranged(took)} s, as soon as before after {ranged(level)} s, {count} rows, equal to DuckDB's")

    def wait(self, process, there, what, pause=0.05):
        def whether():
            process.must_run()
            return there()
        wait_for(whether, 120, what, pause)

    def table(self):
        yield "| who | s to the first row (range) | s until rows come as soon as before (range) | kills | rows | settings |\n|---|---|---|---|---|---|"
        for side in self.sides:
            if found := self.found.get(side.name):
                yield (f"| {side.name} | {ranged(found['took'])} | {ranged(found['level'])} | {len(found['took'])} | {found['rows']} | "
                       f"{side.settings} |")


def recovery(bench, name):
    need("KAFKA_BROKERS", "kafka")
    must_have_kcat()

    def millrace(brokers, source, sink, folder):
        plan = {"millrace": 1, "topology": "recovery", "commit_every": "100 ms", "snapshot_every": "100 ms",
                "stages": {"records": {"source": "kafka", "brokers": brokers, "topic": source},
                           "parsed": {**PARSED, "event_time": "at", "schema": {"userid": "text", "at": {"type": "timestamp", "format": "epoch_us"}}},
                           "counts": {"window": "tumbling", "size": f"{WINDOW_MS} ms", "from": "parsed", "key": ["userid"],
                                      "aggregates": {"n": "count(*)"}, "shards": 1},
                           "rows": {"sink": "kafka", "from": "counts", "brokers": brokers, "topic": sink, "value": "line", "columns": {
                               "line": "(extract(epoch from window_end) * 1000)::bigint::text || ',' || userid || ',' || n::text"}}}}
        return bench.start(plan, folder)

    def flink(brokers, source, sink, folder):
        whole = sorted((m.parent for m in (folder / "state").glob("*/chk-*/_metadata")), key=lambda c: (c / "_metadata").stat().st_mtime)
        return bench.java("flink", "FlinkRecovery", brokers, source, sink, folder / "state", *(f"file://{c}" for c in whole[-1:]))

    def streams(brokers, source, sink, folder):
        return bench.java("kafka-streams", "KafkaStreamsRecovery", brokers, source, sink, folder / "state")

    return Recovery(bench, name, f"from kill -9 to the next committed rows: {RATE} events a second, counted by user in windows of {WINDOW_MS} ms, Kafka to "
                                 "Kafka exactly once", [
        Side("millrace", "", "--threads 1, 1 shard, a snapshot and a transaction each 100 ms", millrace),
        Side("Flink DataStream", "flink", "a checkpoint and a transaction each 100 ms, from the last whole checkpoint", flink),
        Side("Kafka Streams", "kafka-streams", "exactly_once_v2, a transaction each 100 ms, RocksDB, changelog, a static member", streams),
    ])

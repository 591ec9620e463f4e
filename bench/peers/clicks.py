"""The jobs that count clicks by user and 5 minutes: of a file, and of a topic of Kafka."""
import os
import shutil
import subprocess
import time

import kafka_topics
from sides import HERE, Job, Side
from table.counting import PARSED, topology
from table.harness import Failed, Skipped, need
from table.servers import stopped_after

# Behind the last click, which is of 2021: peers that close windows only when later data come see it, and give no row for it.
END = '{"userid":"","timestamp":"2022-01-01 00:00:00.000+0000"}\n'
OURS = "--threads 1, 1 shard, snapshot each second, rows exactly once"
FAST = "parallelism 1, Jackson's streaming parser, object reuse, counts before the shuffle, no checkpoints, plain file"
BATCH = 500_000  # clicks in a file, and so in a micro-batch, of Spark


def of_file(users, sliding=False):
    windows = "60 s, each second, where there are 8" if sliding else "5 minutes"
    title = f"clicks of a file, counted by user in windows of {windows}, rows into a file"
    kind_of = "sliding" if sliding else "tumbling"
    query = "sliding.sql" if sliding else "clicks.sql"
    counts = {"window": "sliding", "size": "60 s", "slide": "1 s", "having": "count(*) >= 8"} if sliding else {}

    def job(bench, name):
        def millrace(n):
            folder = bench.folder("millrace")
            used = bench.run(topology({"source": "file", "path": str(bench.clicks(n, users))}, folder / "rows.csv", counts), folder)
            return used, folder / "rows.csv"

        def flink(kind):
            def run(n):
                folder = bench.folder("flink")
                used = bench.peer(folder, "flink", "FlinkClicks", ("sliding_" if sliding else "") + kind, bench.clicks(n, users),
                                  folder / "rows.csv")
                return used, folder / "rows.csv" if kind == "fast" else f"{folder}/rows.csv/*/part-*"
            return run

        def flink_sql(n):
            folder = bench.folder("flink")
            used = bench.peer(folder, "flink", "FlinkSql", HERE / "java" / "flink" / query, bench.clicks(n, users), folder / "rows")
            return used, f"{folder}/rows/part-*"

        def spark(n):
            folder = bench.folder("spark")
            used = bench.peer(folder, "spark", "SparkClicks", kind_of, parts(bench, n, users), folder / "rows", folder / "state")
            return used, f"{folder}/rows/*.csv"

        return Job(bench, name, title, [
            Side("millrace", "", OURS, millrace),
            Side("Flink DataStream, fast", "flink", FAST, flink("fast")),
            Side("Flink DataStream, documented", "flink", "parallelism 1, Jackson's tree, checkpoint each second, FileSink",
                 flink("documented")),
            Side("Flink SQL", "flink", "parallelism 1, json and csv formats, object reuse, no checkpoints", flink_sql),
            Side("Spark", "spark", f"local[1], 1 shuffle partition, {BATCH} clicks a micro-batch, append", spark),
        ], HERE / query, lambda n: bench.clicks(n, users), bench.large, bench.small)
    return job


def parts(bench, n, users):
    """The same clicks in files of a micro-batch each, and END."""
    folder = bench.work / f"clicks-{n}-{users}-parts"
    if not folder.exists():
        folder.mkdir()
        subprocess.run(["split", "-l", str(BATCH), "-a", "4", "-d", bench.clicks(n, users), folder / "part-"], check=True)
        (folder / "part-end").write_text(END)
        # Spark takes files by the time of their last change.
        for second, part in enumerate(sorted(folder.iterdir())):
            os.utime(part, (1e9 + second, 1e9 + second))
    return folder


def filled(bench, n, users):
    """A topic of one partition with so many clicks, keyed by user, and END; made once."""
    name = f"peers-{n}-{users}-{os.getpid()}"
    if name not in bench.topics:
        end = bench.work / "end.jsonl"
        end.write_text(END)
        for file in (bench.clicks(n, users), end):
            done = subprocess.run([bench.binary, "load", "--file", file, "--kafka", need("KAFKA_BROKERS", "kafka"), "--topic", name,
                                   "--create", "1", "--key", "userid", "--log-level", "error"],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
            if done.returncode:
                raise Failed(f"millrace load: {done.stderr}")
        bench.topics.add(name)
    return name


def created(brokers, topic):
    """Makes an empty topic, which keeps its records: peers write rows with their event time, and a broker drops those of 2021."""
    kafka_topics.create(int(brokers.rpartition(":")[2]), [(topic, 1, 1)], retention_ms="-1")


def must_have_kcat():
    if not shutil.which("kcat"):
        raise Skipped("kcat, which reads the rows back, is not installed; remedy: apt-get install kcat")


def plan_of(brokers, topic, rows):
    """The topology that counts the clicks of a topic."""
    plan = topology({"source": "kafka", "brokers": brokers, "topic": topic}, rows)
    plan["stages"]["parsed"] = {**PARSED, "idle_timeout": "off"}
    plan["stages"]["rows"]["where"] = "userid <> ''"  # the ends that Kafka Streams adds close the window of END
    return plan


def of_topic(users):
    title = "clicks of a topic of one partition, counted by user in windows of 5 minutes, rows into a file"

    def job(bench, name):
        brokers = need("KAFKA_BROKERS", "kafka")

        def millrace(n):
            folder = bench.folder("millrace")
            rows = folder / "rows.csv"
            return stopped_after(bench, plan_of(brokers, filled(bench, n, users), rows), folder, n + 1), rows

        def streams(kind):
            def run(n):
                folder = bench.folder("streams")
                used = bench.peer(folder, "kafka-streams", "KafkaStreamsClicks", kind, brokers, filled(bench, n, users), folder / "rows.csv",
                                  folder / "state")
                return used, folder / "rows.csv"
            return run

        def flink(n):
            folder = bench.folder("flink")
            used = bench.peer(folder, "flink", "FlinkKafkaClicks", "file", brokers, filled(bench, n, users), folder / "rows.csv")
            return used, folder / "rows.csv"

        return Job(bench, name, title, [
            Side("millrace", "", OURS, millrace),
            Side("Flink DataStream, fast", "flink", FAST, flink),
            Side("Kafka Streams, fast", "kafka-streams", "1 thread, store in memory, no changelog", streams("fast")),
            Side("Kafka Streams, documented", "kafka-streams", "1 thread, RocksDB, changelog", streams("documented")),
        ], HERE / "clicks.sql", lambda n: bench.clicks(n, users), bench.large, bench.small)
    return job


def exactly_once(users):
    title = "clicks of a topic of one partition, counted by user in windows of 5 minutes, rows into a topic exactly once"

    def job(bench, name):
        brokers = need("KAFKA_BROKERS", "kafka")
        must_have_kcat()

        def written(side, use):
            """Runs `use` with a new topic for the rows, and reads back what was committed."""
            def run(n):
                topic = f"peers-rows-{os.getpid()}-{time.monotonic_ns()}"
                folder = bench.folder(side)
                used = use(n, topic, folder)
                with open(folder / "committed.csv", "wb") as out:
                    subprocess.run(["kcat", "-b", brokers, "-C", "-q", "-e", "-t", topic, "-X", "isolation.level=read_committed"],
                                   stdout=out, check=True)
                return used, folder / "committed.csv"
            return run

        def millrace(n, topic, folder):
            plan = plan_of(brokers, filled(bench, n, users), folder / "rows.csv")
            columns = {"line": "extract(epoch from window_end)::bigint::text || ',' || userid || ',' || n::text"}
            plan["stages"]["rows"] = {"sink": "kafka", "from": "counts", "where": "userid <> ''", "brokers": brokers, "topic": topic,
                                      "columns": columns, "value": "line", "create": {"partitions": 1, "replication": 1}}
            return stopped_after(bench, plan, folder, n + 1)

        def flink(n, topic, folder):
            created(brokers, topic)
            return bench.peer(folder, "flink", "FlinkKafkaClicks", "exactly_once", brokers, filled(bench, n, users), topic)

        def streams(n, topic, folder):
            created(brokers, topic)
            return bench.peer(folder, "kafka-streams", "KafkaStreamsClicks", "exactly_once", brokers, filled(bench, n, users), topic,
                              folder / "state")

        return Job(bench, name, title, [
            Side("millrace", "", "--threads 1, 1 shard, snapshot each second, a transaction each 100 ms", written("millrace", millrace)),
            Side("Flink DataStream", "flink", "as `fast`, a checkpoint and a transaction each second",
                 written("flink", flink)),
            Side("Kafka Streams", "kafka-streams", "1 thread, exactly_once_v2, RocksDB, changelog, a transaction each 100 ms",
                 written("streams", streams)),
        ], HERE / "clicks.sql", lambda n: bench.clicks(n, users), bench.large, bench.small)
    return job

"""The rows that need Kafka or a database: the source, the exactly-once sink, and SQL sinks beside bare clients."""
import os
import subprocess
import time
from urllib.parse import urlparse

from table.counting import PARSED, Loop, clicks_in, topology
from table.harness import Failed, Usage, middle, need, ratio


def new_topic(bench, name, file=None):
    """A topic of one partition with a name of its own, filled with the file's lines (or one, to make it)."""
    topic = f"bench-{name}-{os.getpid()}-{time.monotonic_ns()}"
    one = bench.work / "one.jsonl"
    one.write_text("{}\n")
    bench.measured([bench.tool("kafka_produce_bench"), need("KAFKA_BROKERS", "kafka"), topic, file or one])
    return topic


def kafka_count(bench):
    """Kafka -> count, against a bare drain and the loop over the same bytes"""
    brokers = need("KAFKA_BROKERS", "kafka")
    topics = {n: new_topic(bench, f"clicks-{n}", bench.clicks(n)) for n in (bench.small, bench.large)}

    def drain(n):
        used = bench.measured([bench.tool("kafka_drain_bench"), brokers, topics[n]])
        if int(used.out.split()[0]) != n:
            raise Failed(f"the drain read {used.out!r}, not {n} records")
        return used

    def ours(n):
        # An endless source: it is over when the count of everything read stands in the rows.
        folder = bench.folder("kafka_count")
        plan = topology({"source": "kafka", "brokers": brokers, "topic": topics[n]}, folder / "rows.csv")
        plan["stages"]["parsed"] = {**PARSED, "idle_timeout": "off"}
        return stopped_when(bench, plan, folder, n)

    count = Loop(bench, "dom").cpu
    pairs = []
    for bare, looped, whole in bench.in_turn(lambda: bench.marginal(drain)[0], count, lambda: bench.marginal(ours)[0]):
        pairs.append((bare + looped, whole))
        parts = (bare, looped)
    return ratio(pairs, 0.8, f"drain + loop {middle([p[0] for p in pairs]):.3f} (last: {parts[0]:.3f} + {parts[1]:.3f}), "
                             f"millrace {middle([p[1] for p in pairs]):.3f} CPU-s/M")


def stopped_when(bench, plan, folder, n):
    """Runs an endless topology until n records came in; then ends it, and looks at the rows."""
    used = stopped_after(bench, plan, folder, n)
    # The last windows stay open, about six minutes of 500 clicks a second.
    if not n - 250_000 <= clicks_in(folder / "rows.csv") <= n:
        raise Failed(f"the rows hold {clicks_in(folder / 'rows.csv')} clicks of {n}")
    return used


def stopped_after(bench, plan, folder, n):
    """Runs an endless topology until its metrics say that n records came in; then ends it."""
    port = bench.free_port()
    command = [str(c) for c in bench.start(plan, folder, "--http", f"127.0.0.1:{port}")]
    start = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        while bench.metric(port, "millrace_records_total") < n:
            if process.poll() is not None:
                raise Failed(f"millrace ended with {process.returncode}")
            if time.monotonic() - start > 600:
                raise Failed("the topic was not read within ten minutes")
            time.sleep(0.05)
    finally:
        wall = time.monotonic() - start
        if process.returncode is None:
            process.terminate()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
    return Usage(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024)


def kafka_sink(bench):
    """Kafka sink, exactly-once, commit each 100 ms, against a bare idempotent producer"""
    brokers = need("KAFKA_BROKERS", "kafka")

    def bare(n):
        return bench.measured([bench.tool("kafka_produce_bench"), brokers, new_topic(bench, "bare"), bench.clicks(n)])

    def ours(n):
        folder, topic = bench.folder("kafka_sink"), new_topic(bench, "sink")
        plan = {"millrace": 1, "topology": "bench", "commit_every": "100 ms",
                "stages": {"clicks": {"source": "file", "path": str(bench.clicks(n))},
                           "lines": {"parser": "text", "from": "clicks"},
                           "rows": {"sink": "kafka", "from": "lines", "brokers": brokers, "topic": topic, "value": "line"}}}
        used = bench.run(plan, folder)
        there = bench.measured([bench.tool("kafka_drain_bench"), brokers, topic]).out.split()
        if int(there[0]) != n + 1:
            raise Failed(f"the topic holds {int(there[0]) - 1} records of {n}")
        return used

    large, small = bench.large // 5, bench.small // 5

    def side(use, seen=None):
        def figure():
            less, more = use(small), use(large)
            if seen is not None:
                seen.append((more.cpu - less.cpu) * 1e6 / (large - small))
            return (more.wall - less.wall) * 1e6 / (large - small)
        return figure

    theirs_cpu, ours_cpu = [], []
    pairs = bench.in_turn(side(bare, theirs_cpu), side(ours, ours_cpu))
    return ratio(pairs, 0.8, f"producer {1e3 / middle([p[0] for p in pairs]):.0f}, millrace "
                             f"{1e3 / middle([p[1] for p in pairs]):.0f} k records/s; CPU-s/M {middle(theirs_cpu):.2f}, "
                             f"{middle(ours_cpu):.2f} (with reading the file and parsing)")


def sql_files(bench, n):
    """The same rows as clicks in CSV for millrace and with tabs for the bare client."""
    ours, theirs = bench.work / f"rows-{n}.csv", bench.work / f"rows-{n}.tsv"
    if not ours.exists():
        with open(ours, "w") as csv, open(theirs, "w") as tsv:
            for i in range(n):
                fields = (f"user{i * 7919 % 10_000:05}", str(i), f"{i * 31 % 50_000 / 100 + 0.25}",
                          f"2021-04-24 {i // 3600 % 24:02}:{i // 60 % 60:02}:{i % 60:02}")
                csv.write(",".join(fields) + "\n")
                tsv.write("\t".join(fields) + "\n")
    return ours, theirs


def sql_row(kind, types, connection, where, client):
    """client(statement) runs one statement and gives what it says."""
    def row(bench):
        at, bare_at = connection(bench), where(bench)
        say = client(bench)

        def fresh(table):
            say(f"drop table if exists {table}")
            say(f"create table {table} (userid {types[0]}, n bigint, amount {types[1]}, at {types[2]})")

        def check(table, n):
            found = say(f"select count(*) from {table} where n >= 0").split()[-1]
            if int(found) != n:
                raise Failed(f"{kind}: {found} rows of {n} in {table}")

        def bare(n):
            fresh("bench_bare")
            used = bench.measured([bench.tool("sql_rows_bench"), kind, bare_at, "bench_bare", sql_files(bench, n)[1]])
            check("bench_bare", n)
            return used

        def ours(n):
            fresh("bench_ours")
            folder = bench.folder("sql")
            plan = {"millrace": 1, "topology": "bench",
                    "stages": {"file": {"source": "file", "path": str(sql_files(bench, n)[0])},
                               "parsed": {"parser": "csv", "from": "file",
                                          "schema": {"userid": "text", "n": "bigint", "amount": "double", "at": "timestamp"}},
                               "rows": {"sink": "sql", "from": "parsed", "connection": at, "table": "bench_ours"}}}
            used = bench.run(plan, folder, "--fresh")
            check("bench_ours", n)
            return used

        wall = lambda use: lambda: bench.marginal(use, bench.sql_large, bench.sql_small, lambda u: u.wall)[0]
        pairs = bench.in_turn(wall(bare), wall(ours))
        say("drop table bench_bare")
        say("drop table bench_ours")
        return ratio(pairs, 0.7, f"client {1e3 / middle([p[0] for p in pairs]):.0f}, millrace "
                                 f"{1e3 / middle([p[1] for p in pairs]):.0f} k rows/s")
    row.__doc__ = f"rows into {kind}, against a bare client"
    return row


def ran(command):
    return subprocess.run([str(c) for c in command], check=True, capture_output=True, text=True).stdout


def mariadb_parts():
    url = urlparse(need("MARIADB_URL", "mariadb"))
    return url.hostname, url.port, url.username, url.path.strip("/")


postgresql = sql_row(
    "postgresql", ("text", "double precision", "timestamptz"), lambda b: need("POSTGRES_URL", "postgres"),
    lambda b: need("POSTGRES_URL", "postgres"),
    lambda b: lambda s: ran(["psql", "-X", "-q", "-t", "-A", "-c", s, need("POSTGRES_URL", "postgres")]))
mariadb = sql_row(
    "mariadb", ("varchar(64)", "double", "datetime(6)"), lambda b: need("MARIADB_URL", "mariadb"),
    lambda b: " ".join(map(str, mariadb_parts())),
    lambda b: lambda s: ran(["mariadb", "-N", "-h", mariadb_parts()[0], "-P", mariadb_parts()[1], "-u", mariadb_parts()[2],
                             mariadb_parts()[3], "-e", s]))


def sqlite_client(bench):
    import sqlite3

    def say(statement):
        with sqlite3.connect(bench.work / "bench.db") as db:
            found = db.execute(statement).fetchall()
        db.close()
        return str(found[0][0]) if found else ""
    return say


sqlite = sql_row("sqlite", ("text", "real", "text"), lambda b: f"sqlite3://{b.work}/bench.db",
                 lambda b: b.work / "bench.db", sqlite_client)

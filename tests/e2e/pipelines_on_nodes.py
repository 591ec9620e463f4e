#!/usr/bin/env -S python3 -B
"""The five pipelines on three nodes, with real servers: what comes out are the rows of one process, or the oracle's with which
each pipeline's own test compares one process.

    pipelines_on_nodes.py --millrace BINARY [--only game] [--seed 1]
"""
import shutil

import customer_sales as sales
import game as swords
import sparkify as songs
from cluster_under_test import Cluster, ClusterJob, ClusterRun
from meetup_under_test import Meetup
from parquet_tables import table_rows, without_parquet
from real_systems import Kafka, Run, check, difference, free_port, main, needed, run_cases, unique, wait_until


class ThreeNodes:
    """The nodes of one case: a and b may lead, and topologies are applied at a."""

    def __init__(self, options, folder, name):
        self.options, self.folder = options, folder / name
        self.folder.mkdir()
        self.store = f"dir:{self.folder}/store"
        self.cluster = None

    def apply(self, name, topology, *more, **environment):
        if not self.cluster:
            (self.folder / "cluster").mkdir()
            self.cluster = Cluster(self.options.millrace, self.folder / "cluster", self.store, patient=True)
            self.cluster.start()
        self.cluster.ask("apply", topology, *more, "--set", f"topology={name}", by=self.cluster.nodes["a"], environment=environment)
        return ClusterRun(self.cluster, name, "a")

    def close(self):
        """Its processes have ended with the case."""


def active_users(c):
    """Clicks of Kafka in windows: active2, MariaDB, PostgreSQL, SQLite, files and the screen hold the oracle's rows"""
    job = ClusterJob(c.options, c.folder, *needed("KAFKA_BROKERS", "MARIADB_URL", "POSTGRES_URL"), c.options.seed, c.store, patient=True)
    running = job.start()
    for _ in range(20):
        job.clicks.burst(100)
    job.clicks.end()
    print(job.finish(running), flush=True)


def customer_sales(c):
    """Made sales in sliding windows: the report is that of one process, byte for byte"""
    one, nodes = c.folder / "one.txt", c.folder / "nodes.txt"
    overlay = sales.PIPELINE / "embedded.json"
    alone = Run(c.options.millrace, sales.PIPELINE / "topology.json", c.folder / "alone", "--with", str(overlay), env={"CUSTOMERS": str(one)})
    alone.expect(0, seconds=300)
    over_nodes = c.apply("customer_sales", sales.PIPELINE / "topology.json", "--with", overlay, CUSTOMERS=str(nodes))
    over_nodes.wait()
    check(sales.rows_of(one), "one process has found no high volume customers")
    check(nodes.read_bytes() == one.read_bytes(), lambda: difference(sales.rows_of(one), sales.rows_of(nodes)) or "the order differs")
    check(over_nodes.ledger() == alone.ledger(), "the ledgers differ")


class MeetupOnNodes(Meetup):
    def __init__(self, c):
        super().__init__(c.options, c.folder, *needed("KAFKA_BROKERS", "POSTGRES_URL"), c.options.seed)
        self.nodes = c

    def start(self, *more):
        topology, *arguments = self.arguments()
        return self.nodes.apply(self.name, topology, *arguments, *more, **self.environment())


def meetup(c):
    """Answers of Kafka, counted in batches: both tables of PostgreSQL hold the oracle's totals"""
    job = MeetupOnNodes(c)
    job.burst_before_the_start(200)
    running = job.start()  # it has decided by now where `latest` is
    for _ in range(6):
        before = job.look()
        job.burst(300)
        wait_until("the next batch", lambda before=before: job.look() > before)
    print(job.finish(running), flush=True)


def game(c):
    """Requests by ab to the API on the nodes, through Kafka into Parquet files: the tables are those of one process"""
    if why := no_parquet_or_ab(c.options):
        print(f"SKIPPED: {why}", flush=True)
        return
    kafka = Kafka(*needed("KAFKA_BROKERS"))
    topic, port = unique("events"), free_port()
    api = c.apply(f"api_{topic}", swords.PIPELINE / "api.json", "--set", f"stages.topic.topic={topic}", PORT=str(port))
    wait_until("the API answers", lambda: swords.gives_the_default(port))
    rolled = [word for table in ("sword_purchases", "join_guilds") for word in ("--set", f"stages.{table}.roll.age=1 s")]
    arguments = ["--set", f"stages.raw_events.topic={topic}", *rolled]
    job = c.apply(f"game_{topic}", swords.PIPELINE / "topology.json", *arguments, TABLES=str(c.folder / "nodes"))
    swords.done(swords.players(f"http://127.0.0.1:{port}"))
    alone = Run(c.options.millrace, swords.PIPELINE / "topology.json", c.folder / "alone", *arguments, env={"TABLES": str(c.folder / "one")})
    for folder in ("nodes", "one"):
        wait_until(f"all rows are in the tables of {folder}", lambda f=folder: [
            len(rows) for rows in swords.tables(c.options, c.folder / f).values()] == [75, 105], 120)
    for running in (api, job, alone):
        running.stop()
    one, nodes = (swords.tables(c.options, c.folder / f) for f in ("one", "nodes"))
    for name, rows in one.items():
        wrong = difference([tuple(r.items()) for r in rows], [tuple(r.items()) for r in nodes[name]])
        check(not wrong, f"{name}: {wrong}")
    kafka.delete_topic(topic)


def no_parquet_or_ab(options):
    return without_parquet(options) or ("" if shutil.which("ab") else "real requests need ab; remedy: apt-get install apache2-utils")


def sparkify(c):
    """The feed's file through Kafka into Parquet files, a folder a day: the table holds the file's rows"""
    if why := without_parquet(c.options):
        print(f"SKIPPED: {why}", flush=True)
        return
    kafka = Kafka(*needed("KAFKA_BROKERS"))
    topic, table = unique("sparkify"), c.folder / "table"
    feed = c.apply(f"feed_{topic}", songs.PIPELINE / "feed.json", TOPIC=topic, RATE="5000/s")
    job = c.apply(f"job_{topic}", songs.PIPELINE / "topology.json", TOPIC=topic, TABLE=str(table), ROLL="500 ms")
    feed.wait()
    lines = songs.lines()
    check([m.value.decode() for m in kafka.read(topic)] == lines, "the topic holds the file's lines as they are, in their order, each once")
    wait_until("all rows are in the table", lambda: len(table_rows(c.options, table)) >= len(lines), 120)
    songs.compare(c.options, table)
    job.stop()
    check(job.ledger()["event_data"]["out"] == len(lines), f"{job.ledger()['event_data']}")
    kafka.delete_topic(topic)


CASES = (active_users, customer_sales, meetup, game, sparkify)


def test(options, folder):
    needed("KAFKA_BROKERS", "MARIADB_URL", "POSTGRES_URL")
    run_cases(CASES, ThreeNodes, options, folder)


if __name__ == "__main__":
    main(test, __doc__, cases=CASES, seed=1)

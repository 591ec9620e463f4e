#!/usr/bin/env -S python3 -B
"""The five pipelines on three nodes, with real servers: what comes out are the rows of one process, or the oracle's with which
the test of a pipeline alone compares. Their failures are for kills.py; here nodes are patient.

    pipelines_on_nodes.py --millrace BINARY [--only NAME] [--seed 1]      each case is a function below
"""
import customer_sales as sales
import game as swords
import sparkify as songs
from deployments_under_test import OnNodes, OnRun
from job_under_test import Job
from meetup_under_test import Meetup
from parquet_tables import without_parquet
from real_systems import OwnFolder, check, difference, main_of_cases, needed, wait_until

BURSTS = 20


class Case(OwnFolder):
    def __init__(self, options, folder, name):
        needed("KAFKA_BROKERS", "MARIADB_URL", "POSTGRES_URL")
        super().__init__(options, folder, name)
        self.at = OnNodes(options, self.folder)


def active_users(c):
    """Clicks of Kafka in windows: active2, MariaDB, PostgreSQL, SQLite, files and the screen hold the oracle's rows"""
    job = Job(c.options, c.folder, *needed("KAFKA_BROKERS", "MARIADB_URL", "POSTGRES_URL"), c.options.seed, c.at)
    running = job.start()
    for _ in range(BURSTS):
        job.clicks.burst(100)
    job.clicks.end()
    print(job.finish(running), flush=True)


def customer_sales(c):
    """Made sales in sliding windows: the report is that of one process, byte for byte"""
    (alone, one), (over_nodes, nodes) = (sales.made(at, c.folder / f"{name}.txt") for name, at in (("one", OnRun(c.options, c.folder)), ("nodes", c.at)))
    for running in (alone, over_nodes):
        running.expect(0, seconds=300)
    check(sales.rows_of(one), "one process has found no high volume customers")
    check(nodes.read_bytes() == one.read_bytes(), lambda: difference(sales.rows_of(one), sales.rows_of(nodes)) or "the order differs")
    check(over_nodes.ledger() == alone.ledger(), "the ledgers differ")


def meetup(c):
    """Answers of Kafka, counted in batches: both tables of PostgreSQL hold the oracle's totals"""
    job = Meetup(c.options, c.folder, *needed("KAFKA_BROKERS", "POSTGRES_URL"), c.options.seed, at=c.at)
    job.burst_before_the_start(200)
    running = job.start()  # it has decided by now where `latest` is
    for _ in range(6):
        before = job.look()
        job.burst(300)
        wait_until("the next batch", lambda before=before: job.look() > before)
    print(job.finish(running), flush=True)


def game(c):
    """Requests by ab to the API on the nodes, through Kafka into Parquet files: the tables hold what the topic has"""
    if why := swords.no_parquet_or_ab(c.options):
        print(f"SKIPPED: {why}", flush=True)
        return
    played = swords.Played(c.options, c.at, c.folder / "lake")
    played.begin()
    swords.done(played.loop())
    played.compare(1)
    played.end()


def sparkify(c):
    """The feed's file through Kafka into Parquet files, a folder a day: the table holds the file's rows"""
    if why := without_parquet(c.options):
        print(f"SKIPPED: {why}", flush=True)
        return
    fed = songs.Fed(c.options, c.at, c.folder / "table")
    feed, job = fed.feed(RATE="5000/s"), fed.job()  # the feed makes the topic
    fed.compare(feed)
    job.stop()
    check(job.ledger()["event_data"]["out"] == len(songs.lines()), f"{job.ledger()['event_data']}")
    fed.kafka.delete_topic(fed.topic)


CASES = (active_users, customer_sales, meetup, game, sparkify)


if __name__ == "__main__":
    main_of_cases(CASES, Case, __doc__, seed=1)

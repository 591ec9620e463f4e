#!/usr/bin/env -S python3 -B
"""The store of a cluster is away for some seconds under three nodes that count: a PostgreSQL that is stopped and started again, a Kafka broker that is
killed and started again, a folder on a disk that is full. The nodes go on when it is there again; of three brokers one may be away, and they go on meanwhile.
Rows are exactly those that are counted here.

    cluster_store_faults.py --millrace build/release/millrace [--only NAME] [--seconds 10]

It starts servers of its own. The folder's disk is a tmpfs in a mount namespace of this test, which takes root: else it says SKIPPED.
"""
import time

from cluster_under_test import Cluster
from counts_under_test import Counts, Waiting, goes_on
from disk_full import Disk, own_mounts
from real_systems import PATIENCE, OwnFolder, PostgreSQL, check, http_status, main_of_cases, told_address, unique, wait_until
from servers_away import own_servers

BESIDE = 2.5 * PATIENCE  # seconds of input beside the fault: it is found and mended while rows are to come, however busy the machine is
RATE = int(40_000 / BESIDE)  # records a second
HOME = "b"


class Case(OwnFolder):
    def start(self, *names):
        """A server of this case's own; its address."""
        self.servers, exported = self.at_the_end.enter_context(own_servers(self.folder, *names))
        return exported

    def count(self, store, take, give, meanwhile=False, is_told=False):
        """Rows are counted while the store is taken away and given back; `meanwhile`: they come without it; `is_told`: by the probes of a
        node that it does not answer."""
        cluster = Cluster(self.binary, self.folder / "cluster", store)
        cluster.start()
        counts = Counts(self.folder / "job", self.name, 1, self.options.seconds + BESIDE, RATE)
        cluster.ask("apply", counts.topology, by=cluster.nodes[HOME])
        waiting = Waiting(cluster, counts, HOME)
        wait_until("the first rows", lambda: counts.rows("counts") or goes_on(cluster, counts))
        take()
        before = len(counts.rows("counts"))
        time.sleep(self.options.seconds)  # the store is away so long
        if meanwhile:
            wait_until("rows while it is away", lambda: goes_on(cluster, counts) or len(counts.rows("counts")) > before)
        cluster.check_alive()
        address = told_address(cluster.nodes[HOME].state)
        if is_told:
            wait_until("probes say that the store is away", lambda: all(
                (503, True) == (s, "the store of the cluster does not answer" in text)
                for s, text in (http_status(address, page) for page in ("/healthz", "/readyz"))))
        wait_until("/livez, which is not about the store, is well", lambda: http_status(address, "/livez")[0] == 200)
        there = len(counts.rows("counts"))
        give()
        back = time.monotonic()
        check(there < len(counts.counts), "all rows were there while the store was away")
        wait_until("every row is there", lambda: goes_on(cluster, counts) or counts.are_there(), 120)
        took = time.monotonic() - back
        wait_until("the node is healthy", lambda: http_status(address, "/healthz") == (200, "ok\n"))
        waiting.is_whole()
        counts.run_alone(self.options.millrace)
        cluster.check_alive()
        cluster.stop()
        print(f"        {len(counts.counts)} rows, {there} of them there while the store was away, the last {took:.1f} s after it was back", flush=True)


def postgresql(c):
    """A PostgreSQL that is stopped and started again."""
    database = PostgreSQL(c.start("postgres")["POSTGRES_URL"], unique("store"))
    database.create()
    c.count(database.url, lambda: c.servers.command("stop", "postgres"), lambda: c.servers.command("start", "postgres"), is_told=True)


def kafka(c):
    """A Kafka broker that is killed and started again."""
    c.count(f"kafka:{c.start('kafka')['KAFKA_BROKERS']}/{unique('chains')}", lambda: c.servers.command("kill", "kafka"),
            lambda: c.servers.command("start", "kafka"), is_told=True)


def brokers(c):
    """One of three Kafka brokers is killed, with three replicas, of which two are enough; it is started again."""
    c.count(f"kafka:{c.start('kafka', '--brokers', '3')['KAFKA_BROKERS']}/{unique('chains')}", lambda: c.servers.command("kill", "kafka.2"),
            lambda: c.servers.command("start", "kafka"), meanwhile=True)


def folder(c):
    """A folder on a disk that is full, and has room again."""
    disk = Disk(c.folder / "disk")
    c.at_the_end.callback(disk.remove)
    c.count(f"dir:{c.folder}/disk/store", disk.fill, disk.free)


CASES = (folder, postgresql, kafka, brokers)


if __name__ == "__main__":
    own_mounts()
    main_of_cases(CASES, Case, __doc__, seconds=dict(type=float, default=10, help="how long the store is away"))

#!/usr/bin/env -S python3 -B
"""Checks that nothing at the nodes of a cluster grows with time: four topologies at a steady rate on three nodes.

    cluster_soak.py --millrace BINARY --store dir|postgresql|kafka [--seconds 3600] [--rate 150]

A generator goes to Kafka and a file, Kafka through a sliding window to PostgreSQL, http_server through sessions to SQLite, and updates
to Kafka. Anonymous memory, handles and threads of each node are bounded, and the bytes of the store: by their slopes after the tenth minute, or
after a sixth of a shorter run (soak_samples.py). At the end every record is in the rows of every sink, exactly. It needs KAFKA_BROKERS and
POSTGRES_URL.
"""
import contextlib
import math

import soak
from cluster_under_test import Cluster, ClusterRun
from real_systems import STORES, Kafka, main, metric, needed, told_address
from soak_samples import MEASURES, Measure, Watched, judge, sizes_in

WARM_UP = 600
SLOPE = 0.1  # MB a minute, at each node
STORE_SLOPE = 2.0  # MB a minute
LOOK_EVERY = 10  # seconds


class Visits(soak.Served):
    """Keys come in turn, so that the session of each ends."""

    def key_of(self, number):
        return f"user-{number // max(1, self.soak.rate // 2) % 7}"


class ToSqliteRows(soak.ToSqlite):
    """Each session has a row."""

    def __init__(self, soak_, name):
        super().__init__(soak_, name)
        del self.stage["mode"], self.stage["key"]


class LastToKafka(soak.ToKafka):
    """The last row of a key counts."""

    def rows(self, run):
        return {row["k"]: row for row in super().rows(run)}.values()


TOPOLOGIES = [
    ("generator_to_two", soak.Generated, soak.TUMBLING, 1, (soak.ToKafka, soak.ToFile)),
    ("kafka_sliding_postgres", soak.FromKafka, soak.SLIDING, 4, (soak.ToPostgres,)),
    ("server_session_sqlite", Visits, soak.SESSION, 1, (ToSqliteRows,)),
    ("updates_kafka", soak.Generated, soak.UPDATES, 1, (LastToKafka,)),
]


class TopologyOnNodes(soak.Topology):
    """It runs on the cluster of the soak."""

    def begin(self, file):
        self.cluster, self.watched = self.soak.cluster, {}
        self.cluster.ask("apply", file, by=self.cluster.nodes["a"])
        self.run = ClusterRun(self.cluster, self.name, "a")


class Store:
    """How large the chains of the cluster are."""

    def __init__(self, cluster):
        self.cluster, self.times, self.sizes = cluster, [], []

    def sample(self, now):
        self.times.append(now)
        self.sizes.append(self.bytes() / 1e6)

    def bytes(self):
        kind, _, place = self.cluster.store.partition(":")
        if kind == "kafka":
            brokers, _, topic = place.rpartition("/")
            return Kafka(brokers).bytes_of(topic)
        if kind == "postgresql":
            return self.cluster.database.ask("select pg_database_size(current_database()) as bytes")[0]["bytes"]
        return sum(sizes_in(self.cluster.folder / "store"))


class Malloc:
    """The figures of malloc at a node, as its metrics tell them."""

    def __init__(self, node):
        self.node, self.times, self.used, self.held = node, [], [], []

    def sample(self, now):
        self.times.append(now)
        address = told_address(self.node.state)
        self.used.append(metric(address, "process_malloc_used_bytes") / 1e6)
        self.held.append(metric(address, "process_malloc_held_bytes") / 1e6)


class ClusterSoak(soak.Soak):
    def __init__(self, options, folder):
        super().__init__(options, folder)
        self.warm_up = min(WARM_UP, self.seconds / 6)
        self.cluster = Cluster(options.millrace, folder, options.store, patient=True)
        self.store = Store(self.cluster)
        self.drop.append(self.cluster.close)
        self.cluster.start()

    def run(self):
        topologies = [TopologyOnNodes(self, name, source, window, factor, sinks, True, "1 s") for name, source, window, factor, sinks in TOPOLOGIES]
        nodes = self.cluster.nodes
        self.watched = {name: Watched(n.process.pid, n.state) for name, n in nodes.items()}
        self.malloc = {name: Malloc(n) for name, n in nodes.items()}
        looked = 0

        def look(seconds):
            nonlocal looked
            self.cluster.check_alive()
            for watched in self.watched.values():
                watched.sample(seconds)
            if seconds >= looked:
                looked += LOOK_EVERY
                for m in (self.store, *self.malloc.values()):
                    m.sample(seconds)
                for t in topologies:
                    t.look()
        self.feed_all(topologies, look)
        grows = [g for name in nodes for g in self.judged_node(name)]
        grows.append(self.told("the store", self.at_most("size", STORE_SLOPE), self.store.times, self.store.sizes))
        self.finish(topologies, list(filter(None, grows)), f" on three nodes, chains in {self.options.store},")

    def at_most(self, name, slope):
        """A measure in MB, which may grow by `slope` a minute after the warm-up; None: it is only told."""
        return Measure(name, "MB", math.inf if slope is None else slope * (self.seconds - self.warm_up) / 60, 0)

    def judged_node(self, name):
        watched, malloc = self.watched[name], self.malloc[name]
        found = [self.told(f"node {name}", m, *watched.series(m)) for m in MEASURES if m.name in ("handles", "threads")]
        if not self.has_sanitizer:  # it keeps what was freed for a while, by design
            anonymous = self.at_most("anonymous memory", SLOPE)
            found += [self.told(f"node {name}", anonymous, *watched.series(anonymous)),
                      self.told(f"node {name}", self.at_most("malloc, used", None), malloc.times, malloc.used),
                      self.told(f"node {name}", self.at_most("malloc, held", None), malloc.times, malloc.held)]
        return found

    def told(self, whose, measure, times, values):
        """Prints how the measure has gone after the warm-up, and returns that if it grows, else nothing."""
        first = next(i for i, t in enumerate(times) if t >= self.warm_up)
        j = judge(measure, times, values, first)
        text = (f"{whose}, {measure.name}: {values[first]:.1f} {measure.unit} after {times[first] / 60:.1f} minutes, {values[-1]:.1f} after "
                f"{times[-1] / 60:.1f}, at most {max(values):.1f}; {j.per_hour / 60:+.3f} a minute, {j.growth:+.2f} of {j.limit:.2f} allowed")
        print(f"    {'GROWS ' if j.grows() else ''}{text}", flush=True)
        return text if j.grows() else ""


def cluster_soak(options, folder):
    needed("KAFKA_BROKERS", "POSTGRES_URL")
    with contextlib.closing(ClusterSoak(options, folder)) as s:
        s.run()


if __name__ == "__main__":
    main(cluster_soak, __doc__, store=STORES, seconds=3600.0, rate=dict(type=int, default=150, help="records a second of each topology"))

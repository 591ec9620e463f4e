#!/usr/bin/env -S python3 -B
"""Topologies are stopped, started again by name, and removed from three nodes: what runs is refused, the store has nothing of a removed one in the end, also
where whoever leads is killed in the middle, and one of the same name begins anew. A node that stood still while all of that
happened wakes up and changes nothing.

    removed.py --millrace build/release/millrace [--store dir|kafka|postgresql] [--kills 2]

POSTGRES_URL and KAFKA_BROKERS name the servers of these stores.
"""
import signal

from cluster_under_test import place_of_chains
from counted_on_nodes import HOME, NAME, CountedOnNodes
from counts_under_test import Waiting, goes_on
from real_systems import STORES, check, main, wait_until


class Store:
    """The store of the cluster's chains, and what it has of a topology."""

    def __init__(self, options, folder):
        self.folder = folder / "store"
        self.place, self.database = place_of_chains(options.store, folder, "removed")

    def names(self):
        """Names the topologies of which there is something; none where that cannot be seen from outside."""
        if self.database:
            return {r["topology"] for r in self.database.ask("select distinct topology from millrace_cluster.actors where topology <> ''")}
        if not self.folder.exists():
            return None
        return {f.name for f in (self.folder / "chains").iterdir()} | {f.name.split("%2F")[0] for f in (self.folder / "segments").glob("*")}

    def drop(self):
        if self.database:
            self.database.drop()


class Removing(CountedOnNodes):
    def __init__(self, options, folder):
        self.store = Store(options, folder)
        super().__init__(options, folder, self.store.place)

    def refused(self, status, words, *command):
        done = self.cluster.answer(*command)
        check(done.returncode == status and words in done.stderr,
              f"millrace {' '.join(map(str, command))} ends with {done.returncode}, not {status} and '{words}': {done.stderr}")

    def cleared(self):
        """Counts how often some node has said that chains are gone."""
        return sum(n.errors().count(f"the store has no chains of {NAME}") for n in self.cluster.nodes.values())

    def is_gone(self, at_least):
        names = self.store.names()
        return self.cleared() >= at_least and (names is None or not [n for n in names if n.startswith(NAME)])

    def remove(self, kill=False):
        leader = self.cluster.nodes[self.leader()]
        before = self.cleared()
        self.cluster.ask("remove", NAME)
        if kill:
            leader.kill()
            wait_until("another node leads", lambda: self.cluster.leader() not in (None, leader.name))
        self.refused(1, "has no topology", "letters", NAME)
        check(NAME not in self.cluster.ask("list"), "a removed topology is listed")
        wait_until("the store has nothing of it", lambda: self.is_gone(0 if kill else before + 1))
        for node in self.cluster.start_missing():
            node.wait_ready()


def runs(r):
    """A running topology is not removed, and one that the cluster does not have is named. A stopped one goes on by its name alone."""
    for command in ("remove", "start"):
        r.refused(1, "has no topology", command, "nobody")
    r.apply()
    r.refused(1, "stop it first", "remove", NAME)
    r.refused(1, "runs already", "start", NAME)
    r.cluster.ask("stop", NAME)
    check("is started" in r.cluster.ask("start", NAME), "start does not say that it has started")
    r.compare(Waiting(r.cluster, r.counts, HOME))
    r.refused(1, "has ended", "start", NAME)


def begins_anew(r, kills):
    """Each of the same name counts everything again; its files are replaced, as by run --fresh."""
    for i in range(kills + 1):
        r.remove(kill=i > 0)
        r.compare(r.apply())
        names = r.store.names()
        check(names is None or len([n for n in names if n.startswith(NAME)]) == 1, f"the store has {names}")


def a_node_stands_still(r):
    """The others count without it; it wakes up after its topology was removed and is there again."""
    r.remove()
    waiting = r.apply()
    sleeper = r.begin_to_sleep()
    goes_on(r.cluster, r.counts)
    waiting.end()
    r.counts.compare()
    r.remove()
    again = r.apply()
    sleeper.tell(signal.SIGCONT)
    r.compare(again)
    r.wait_until_awake(sleeper)


def test(options, folder):
    r = Removing(options, folder)
    try:
        r.start()
        runs(r)
        begins_anew(r, options.kills)
        a_node_stands_still(r)
    finally:
        r.cluster.stop()
        r.store.drop()
    print(f"removed and counted anew over {options.store}: {r.cleared()} times chains have gone")


if __name__ == "__main__":
    main(test, __doc__, store=STORES, kills=2)

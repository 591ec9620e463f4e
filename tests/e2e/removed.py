#!/usr/bin/env -S python3 -B
"""Topologies are stopped, started again by name, and removed from three nodes: what runs is refused, the store has nothing of a removed one in the end, also
where whoever leads is killed in the middle, and one of the same name begins anew. `apply --fresh` does that at once, and leaves the one or the other where
a node is killed in the middle. A node that stood still while all of that happened wakes up and changes nothing.

    removed.py --millrace build/release/millrace [--store dir|kafka|postgresql] [--kills 2]

POSTGRES_URL and KAFKA_BROKERS name the servers of these stores.
"""
import random
import signal
import subprocess
import time

from counted_on_nodes import HOME, NAME, CountedOnNodes
from counts_under_test import Waiting, goes_on
from real_systems import PATIENCE, STORES, check, main, wait_until


class Removing(CountedOnNodes):
    def stored(self):
        """The topologies of which the store has something; None where that cannot be seen from outside."""
        if self.cluster.database:
            rows = self.cluster.database.ask("select distinct topology from millrace_cluster.actors where topology <> ''")
            return {r["topology"] for r in rows}
        folder = self.cluster.folder / "store"
        if not folder.exists():
            return None
        return {f.name for f in (folder / "chains").iterdir()} | {f.name.split("%2F")[0] for f in (folder / "segments").glob("*")}

    def cleared(self):
        """Counts how often some node has said that its state is gone."""
        return sum(n.errors().count(f"{NAME}: its former state is gone from the store") for n in self.cluster.nodes.values())

    def is_gone(self, at_least):
        names = self.stored()
        return self.cleared() >= at_least and (names is None or not [n for n in names if n.startswith(NAME)])

    def remove(self, kill=False):
        leader = self.cluster.nodes[self.leader()]
        before = self.cleared()
        self.cluster.ask("remove", NAME)
        if kill:
            leader.kill()
            wait_until("another node leads", lambda: self.cluster.leader() not in (None, leader.name))
        self.refused("has no topology", "letters", NAME)
        check(NAME not in self.cluster.ask("list"), "a removed topology is listed")
        wait_until("the store has nothing of it", lambda: self.is_gone(0 if kill else before + 1))
        self.cluster.start_missing()


def runs(r):
    """A running topology is not removed, and one that the cluster does not have is named. A stopped one goes on by its name alone."""
    for command in ("remove", "start"):
        r.refused("has no topology", command, "nobody")
    r.apply()
    r.refused("stop it first", "remove", NAME)
    r.refused("runs already", "start", NAME)
    r.cluster.ask("stop", NAME)
    check("is started" in r.cluster.ask("start", NAME), "start does not say that it has started")
    Waiting(r.cluster, r.counts, HOME).is_whole()
    r.refused("has ended", "start", NAME)


def begins_anew(r, kills):
    """Each of the same name counts everything again; its files are replaced, as by run --fresh."""
    for i in range(kills + 1):
        r.remove(kill=i > 0)
        r.apply().is_whole()
        names = r.stored()
        check(names is None or len([n for n in names if n.startswith(NAME)]) == 1, f"the store has {names}")


def is_replaced(r, kills):
    """`apply --fresh` stops what runs, and all is counted again, each row once. One that cannot be applied leaves what runs as it is."""
    home = r.cluster.nodes[HOME]
    fresh = ("apply", r.counts.topology, "--fresh")

    def runs():
        r.cluster.ask(*fresh, by=home)
        wait_until("rows come", lambda: r.counts.rows("counts"))

    def has_ended():
        state, reason = r.cluster.state_of(NAME)
        check(state != "failed", f"it has failed: {reason}")
        if state == "stopped":  # the kill came between the end of the one and the beginning of the other
            r.cluster.ask("start", NAME, by=home)
        return state == "ended"
    runs()
    away = r.cluster.answer(*fresh, "--set", f"stages.lines0.path={r.counts.folder}/nowhere.jsonl", by=home)
    check(away.returncode == 1 and "nowhere.jsonl" in away.stderr, f"{away.returncode}: {away.stderr}")
    check(r.cluster.state_of(NAME)[0] == "running", "a topology that was not replaced does not run")
    runs()
    Waiting(r.cluster, r.counts, HOME).is_whole()
    wait_until("the state before it goes", lambda: (names := r.stored()) is None or len([n for n in names if n.startswith(NAME)]) == 1)
    for i in range(kills):
        runs()
        command = subprocess.Popen(r.cluster.command(home, *fresh), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(random.uniform(0, 0.5))
        (r.cluster.nodes[r.leader()] if i % 2 else home).kill()
        command.wait(60 * PATIENCE)
        r.all_live()
        wait_until("it has ended", has_ended)
        r.counts.compare()


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
    again.is_whole()
    r.wait_until_awake(sleeper)


def test(options, folder):
    with Removing(options, folder) as r:
        runs(r)
        begins_anew(r, options.kills)
        is_replaced(r, options.kills)
        a_node_stands_still(r)
    print(f"removed and counted anew over {options.store}: {r.cleared()} times chains have gone")


if __name__ == "__main__":
    main(test, __doc__, store=STORES, kills=2)

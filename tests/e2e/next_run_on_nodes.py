#!/usr/bin/env -S python3 -B
"""A topology over files that has ended on three nodes goes on each time that its files have got more and it is applied again: over
deaths of whoever leads, of a node that counts and of the one with the files, with a node that stands still from the middle of one
run into the next one, and applied by two at once. Each run gives its rows once, and the ledger counts all runs; applied without
anything new it ends again.

    next_run_on_nodes.py --millrace build/release/millrace [--store dir|kafka|postgresql] [--rounds 3] [--seed 1]

POSTGRES_URL and KAFKA_BROKERS name the servers of these stores.
"""
import random
import signal
import subprocess
import time

from cluster_under_test import says_that_nobody_leads
from counted_on_nodes import HOME, SECONDS, CountedOnNodes
from counts_under_test import Waiting
from real_systems import PATIENCE, STORES, Run, check, main, wait_until


class Hours(CountedOnNodes):
    def __init__(self, options, folder):
        super().__init__(options, folder, options.seed)
        self.random = random.Random(options.seed)

    def nothing_new(self):
        self.apply().is_whole()

    def begin(self):
        """Goes to the middle of a run, where something is to happen. Gives how many rows there were before."""
        before = len(self.counts.rows("counts"))
        self.counts.more(SECONDS)
        return self.apply(), before

    def kill(self, name):
        """Kills -9 when the run was just recorded, with its first rows, in its middle, or when all rows are there and it ends."""
        waiting, before = self.begin()
        at = self.random.choice([before, before + 1, (before + len(self.counts.counts)) // 2, len(self.counts.counts)])
        wait_until("it counts", lambda: len(self.counts.rows("counts")) >= at)
        if at == len(self.counts.counts):
            time.sleep(self.random.uniform(0, 0.5))
        node = self.cluster.nodes[name]
        print(f"kills {name} at {len(self.counts.rows('counts'))} of {len(self.counts.counts)} rows", flush=True)
        node.kill()
        if name == HOME:
            waiting.process.kill()
            waiting.process.wait()
            self.all_live()
            waiting = Waiting(self.cluster, self.counts, HOME)
        waiting.is_whole()
        self.all_live()
        self.nothing_new()

    def stands_still(self):
        """Goes from the middle of a run into the next one; its work in hand then is of a run that is over."""
        waiting, before = self.begin()
        wait_until("it counts", lambda: len(self.counts.rows("counts")) > before)
        sleeper = self.begin_to_sleep()
        waiting.is_whole()
        waiting, before = self.begin()
        wait_until("it counts again", lambda: len(self.counts.rows("counts")) > before)
        sleeper.tell(signal.SIGCONT)
        waiting.is_whole()
        self.wait_until_awake(sleeper)
        self.all_live()

    def by_two_at_once(self):
        """Both look at the files of the same end; one run begins."""
        self.counts.more(SECONDS)
        command = self.cluster.command(self.cluster.nodes[HOME], "apply", self.counts.topology)
        ends = []

        def one_is_applied():
            both = [subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) for _ in range(2)]
            Run.started.extend(both)
            said = [p.communicate(timeout=60 * PATIENCE)[1] for p in both]
            ends.extend(zip((p.returncode for p in both), said))
            return any(p.returncode == 0 for p in both)

        wait_until("one of them is applied", one_is_applied)
        for status, text in ends:
            check(status == 0 or "apply it again" in text or says_that_nobody_leads(text), f"an apply beside another ends with {status}: {text}")
        Waiting(self.cluster, self.counts, HOME).is_whole()


def test(options, folder):
    with Hours(options, folder) as h:
        h.apply().is_whole()
        h.nothing_new()
        for _ in range(options.rounds):
            h.kill(h.leader())
            h.kill(h.random.choice(["a", "b"]))
            h.kill(HOME)
        h.stands_still()
        h.by_two_at_once()
    print(f"{h.counts.records} records of {3 * options.rounds + 4} runs were counted once over {options.store}")


if __name__ == "__main__":
    main(test, __doc__, store=STORES, rounds=1, seed=1)

"""The job of counts_under_test.py on three nodes, run after run: for tests of what becomes of a topology between its runs, and of a node that
stands still from one run into the next one. The node `c` has the files and does not lead; `a` or `b` leads.
"""
import re
import signal

from cluster_under_test import Cluster
from counts_under_test import Counts, Waiting
from patience import LEAST
from real_systems import PATIENCE, check, wait_until

NAME, HOME = "counted", "c"
SECONDS, RATE = 3 * PATIENCE / LEAST, 3000  # records of a run, which goes on while some commands are asked, however busy the machine is


class CountedOnNodes:
    def __init__(self, options, folder, seed=1, seconds=SECONDS, rate=RATE):
        self.cluster = Cluster(options.millrace, folder, options.store)
        self.counts = Counts(folder / "job", NAME, seed, seconds, rate)

    def __enter__(self):
        self.cluster.start()
        self.cluster.nodes = {HOME: self.cluster.nodes[HOME], **self.cluster.nodes}  # commands ask it first: it never stands still
        return self

    def __exit__(self, *_):
        self.cluster.close()

    def refused(self, words, *command, by=None):
        done = self.cluster.answer(*command, by=by)
        check(done.returncode == 1 and done.stderr.count("\n") == 1 and re.search(words, done.stderr),
              f"millrace {' '.join(map(str, command))} ends with {done.returncode}, not 1 and {words!r}: {done.stderr}")

    def apply(self):
        self.cluster.ask("apply", self.counts.topology, by=self.cluster.nodes[HOME])
        return Waiting(self.cluster, self.counts, HOME)

    def leader(self):
        return wait_until("a node leads", self.cluster.leader)

    def all_live(self):
        self.cluster.start_missing()
        self.leader()

    def begin_to_sleep(self):
        """A node that counts, and does not lead, stands still; the others take it for dead."""
        beside = {"a", "b"} - {self.leader()}
        counts = wait_until("another node has actors", lambda: next((n for n in self.cluster.places().values() if n in beside), None))
        sleeper = self.cluster.nodes[counts]
        sleeper.tell(signal.SIGSTOP)
        wait_until(f"node {sleeper.name} is taken for dead", lambda: not self.cluster.is_up(sleeper.name))
        return sleeper

    def wait_until_awake(self, sleeper):
        """It is back, or has ended, as one that was taken for dead may."""
        wait_until(f"node {sleeper.name} is there again", lambda: not sleeper.alive() or self.cluster.is_up(sleeper.name))

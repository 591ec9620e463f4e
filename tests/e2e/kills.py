#!/usr/bin/env -S python3 -B
"""Kills the job of pipelines/active_users with -9 at random moments while clicks flow, and compares every sink with the oracle: a process of
`millrace run` again and again; or, of three nodes that run the job, whichever leads, whoever has the stages on its disk, two at once. One of them
stands still for longer than it takes to replace it, and wakes up; now and then the job is paused meanwhile, or a stage is restarted.

Beside the screen and `active2` tables in MariaDB, PostgreSQL and SQLite, an appended file and a rolled file get the same rows.
After each blow: rows that were committed are still there, and none is there twice. At the end every sink holds exactly
the oracle's rows, the ledger adds up, and each record that could not be read is one dead letter. Many kills go in rounds of 50, each with
topics, tables, a cluster and a seed of its own: what one kill is checked by grows with the rows before it.

    kills.py --millrace build/release/millrace [--kills 300] [--seed 1] [--on nodes] [--store dir|postgresql|kafka] [--moving]
"""
import collections
import random
import signal
import time

from deployments_under_test import OnNodes
from job_under_test import Job, Targets, in_rounds, nothing_lost_since
from real_systems import STORES, check, main, needed, wait_until


class Lives:
    """Processes of `millrace run`, one after the other. Most are short, some so short that nothing is up yet, some long enough to commit a lot."""
    pauses, most_without = (0.05, 0.3, 0.6, 1.0, 1.5, 2.5), 5  # seconds before a blow; blows until rows must have come

    def __init__(self, options, folder, servers, seed):
        self.options, self.rng = options, random.Random(seed)
        self.job = Job(options, folder, *servers, seed, self.deployment(folder))

    def deployment(self, folder):
        """None is a run."""

    def begin(self):
        self.running = self.job.start()

    def check_well(self):
        self.running.check_alive()

    def strike(self):
        """Returns how many processes have died."""
        self.check_well()
        self.running.kill()
        return 1

    go_on = begin

    def finish(self):
        return self.job.finish(self.running)


class LivesOfNodes(Lives):
    """All nodes live in between, and the topology runs: no death of a node fails it."""
    pauses, most_without = (0.1, 0.5, 1.0, 2.0, 3.0), 4

    def deployment(self, folder):
        self.led, self.zombies, self.pauses_made, self.is_paused = 0, 0, 0, False
        at = OnNodes(self.options, folder, self.options.store, patient=False)
        self.cluster = at.cluster
        self.cluster.moves = self.options.moving
        return at

    def check_well(self):
        self.cluster.start_missing()
        state, reason = self.cluster.state_of(self.job.name)
        check(state == "running", f"the topology is {state}: {reason}")

    def strike(self):
        self.is_paused = self.rng.random() < 0.3 and self.act()
        victims = self.rng.sample(list(self.cluster.nodes.values()), self.rng.choice([1, 1, 1, 2]))
        self.led += self.cluster.leader() in [v.name for v in victims]
        for v in victims:
            v.check_alive()
        if self.rng.random() < 0.25:
            self.stand_still(victims[0])
            return 0
        for v in victims:
            v.kill()
        return len(victims)

    def stand_still(self, node):
        """Others get what it runs. Awake again, it is refused wherever they were first, and is a node without work; or it ends."""
        node.tell(signal.SIGSTOP)
        time.sleep(self.rng.uniform(4, 7))
        node.tell(signal.SIGCONT)
        wait_until(f"node {node.name} is there again", lambda: not node.alive() or self.cluster.is_up(node.name))
        self.zombies += 1

    def act(self):
        """Somebody restarts what runs, or has paused it while nodes die. The leader may be gone: an action that is refused is not repeated,
        but for `resume`."""
        if self.rng.random() < 0.5:
            self.cluster.ask_once("console", "-e", "restart " + self.rng.choice(["parsed", "counts", "counts/0", "active", "active2"]))
            return False
        self.cluster.ask_once("console", "-e", "pause")  # a failed request may have been recorded all the same
        return True

    def go_on(self):
        time.sleep(self.rng.choice([0, 0.5, 3.0]) * self.rng.uniform(0.5, 1.5))
        self.check_well()
        if self.is_paused:
            self.cluster.ask("console", "-e", "resume")
            self.pauses_made += 1

    def finish(self):
        ended = time.monotonic()
        found = super().finish()
        took = time.monotonic() - ended
        self.report_outlives_the_leader()
        self.cluster.close()
        return (f"of nodes over {self.options.store}, {self.led} times the one that led, {self.zombies} that woke up, {self.pauses_made} while it was "
                f"paused, whole {took:.0f} s after the last click: {found}")

    def report_outlives_the_leader(self):
        told = self.running.report_file.read_bytes()
        self.running.report_file.unlink()
        leader = self.cluster.leader()
        self.cluster.nodes[leader].kill()
        wait_until("another node leads", lambda: self.cluster.leader() not in (leader, None))
        self.running.wait()
        check(self.running.report_file.read_bytes() == told, "the next coordinator gives another report")


def one_round(options, folder, seed, kills):
    """So many kills, and the rows at the end."""
    lives = (LivesOfNodes if options.on == "nodes" else Lives)(options, folder, needed("KAFKA_BROKERS", "MARIADB_URL", "POSTGRES_URL"), seed)
    rng, targets = lives.rng, lives.job.targets
    lives.job.clicks.start()
    lives.begin()
    before = {name: collections.Counter() for name in Targets.COMMITTED}
    deaths, blows, progress, shown = 0, 0, 0, time.monotonic()

    def has_committed():
        lives.check_well()
        return collections.Counter(targets.active2()) != before["active2"]

    while deaths < kills:
        blows += 1
        if blows % lives.most_without == 0:  # however long that takes here
            wait_until("rows are committed", has_committed)
        time.sleep(rng.choice(lives.pauses) * rng.uniform(0.5, 1.5))
        deaths += lives.strike()
        now = targets.committed()
        nothing_lost_since(before, now)
        progress += now["active2"] != before["active2"]
        before = now
        lives.go_on()
        if time.monotonic() - shown > 20:
            shown = time.monotonic()
            print(f"{deaths} kills, {sum(now['active2'].values())} rows in active2", flush=True)
    lives.job.clicks.end()
    found = lives.finish()
    check(progress >= blows // lives.most_without, f"rows were committed between {progress} of the {blows} blows only")
    print(f"{deaths} kills (seed {seed}), rows were committed after {progress} of {blows} blows: {found}", flush=True)
    return deaths


if __name__ == "__main__":
    main(lambda options, folder: in_rounds(options, folder, one_round), __doc__, kills=20, seed=1, on=("run", "nodes"), store=STORES,
         moving=dict(action="store_true", help="each node that is started again has another address"))
